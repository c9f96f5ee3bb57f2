{{/* What `flyteops install` refuses, refused here too. */}}
{{- define "flyteops.checks" -}}
{{- if ne .Release.Namespace "flyteops-system" -}}
{{- fail "flyteops lives in the namespace flyteops-system, where controllers, Projects and clients look for it: helm install flyteops … --namespace flyteops-system --create-namespace" -}}
{{- end -}}
{{- $shared := lookup "apiextensions.k8s.io/v1" "CustomResourceDefinition" "" "taskactions.flyte.org" -}}
{{- if $shared -}}
{{- if ne "flyteops" (dig "metadata" "labels" "app.kubernetes.io/part-of" "" $shared) -}}
{{- fail "taskactions.flyte.org is in this cluster and not from flyteops: Flyte 2 is installed. Both define that kind, so they cannot share a cluster: use another one, or remove Flyte 2 and then its kind" -}}
{{- end -}}
{{- end -}}
{{- $storage := .Values.config.storage | default dict -}}
{{- if has $storage.type (list "local" "mem") -}}
{{- fail (printf "config.storage.type: a store of type %s is out of reach of pods: use s3, google or azure" $storage.type) -}}
{{- end -}}
{{- $_ := required "config.storage.container: name the bucket or container of the object store" $storage.container -}}
{{- if and (eq ($storage.copySecret | default "never") "projects") (not $storage.secretName) -}}
{{- fail "config.storage.copySecret: copySecret needs secretName" -}}
{{- end -}}
{{- include "flyteops.flavourChecks" . -}}
{{- $database := .Values.config.database | default dict -}}
{{- if $database.embedded -}}
{{- if ($database.postgres | default dict).host -}}
{{- fail "config.database.embedded: says that flyteops starts a PostgreSQL of its own, beside a host of yours: set it to false, or leave the host out" -}}
{{- end -}}
{{- if gt (int .Values.controller.replicas) 1 -}}
{{- fail "controller.replicas: the embedded PostgreSQL has one volume: at most one replica" -}}
{{- end -}}
{{- else -}}
{{- $_ := required "config.database.postgres.host: name the host of PostgreSQL" ($database.postgres | default dict).host -}}
{{- end -}}
{{- $server := .Values.config.server | default dict -}}
{{- if or (ne (toString ($server.healthAddress | default ":8081")) ":8081") (ne (toString ($server.metricsAddress | default ":9090")) ":9090") -}}
{{- fail "config.server: probes, Services and policies expect health on :8081 and metrics on :9090" -}}
{{- end -}}
{{- if and .Values.api.enabled (ne (toString ($server.apiAddress | default ":8090")) ":8090") -}}
{{- fail "config.server.apiAddress: the Service and policies of the API expect it on :8090" -}}
{{- end -}}
{{- end }}

{{- define "flyteops.accounts" -}}
["flyteops-controller", "flyteops-sync"{{ if .Values.api.enabled }}, "flyteops-api"{{ end }}]
{{- end }}

{{- define "flyteops.components" -}}
[controller, sync{{ if .Values.api.enabled }}, api{{ end }}]
{{- end }}

{{- define "flyteops.flavourChecks" -}}
{{- if include "flyteops.embedded" . -}}
{{- fail "config.database.embedded: the flavour core shares one PostgreSQL: name its host" -}}
{{- end -}}
{{- end }}

{{/* The API has a pod, and with it a token, of its own. */}}
{{- define "flyteops.apiToken" }}{{ end }}

{{/* Repositories and triggers, and the API, apart from everything else. */}}
{{- define "flyteops.programs" -}}
{{- $controllers := .Files.Get "files/controllers.txt" | trim -}}
{{- $sync := .Files.Get "files/sync-controllers.txt" | trim -}}
{{ include "flyteops.program" (dict "root" . "account" "flyteops-controller" "component" "controller" "values" .Values.controller "command" (list "flyteops" "controller" "--controllers" $controllers) "git" false) }}
---
{{ include "flyteops.program" (dict "root" . "account" "flyteops-sync" "component" "sync" "values" .Values.sync "command" (list "flyteops" "controller" "--controllers" $sync "--controller.leaderElection.leaseName" "flyteops-sync") "git" true) }}
{{- if .Values.api.enabled }}
---
{{ include "flyteops.program" (dict "root" . "account" "flyteops-api" "component" "api" "values" .Values.api "api" .Values.api "git" false) }}
{{- end }}
{{- end }}

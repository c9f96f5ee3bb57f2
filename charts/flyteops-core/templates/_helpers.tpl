{{/* Labels of everything: (list context component). */}}
{{- define "flyteops.labels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: flyteops
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/part-of: flyteops
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
{{- end }}

{{/* What pods of a program are found by: component. */}}
{{- define "flyteops.selector" -}}
app.kubernetes.io/name: flyteops
app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* name, namespace and labels: (list context component name). */}}
{{- define "flyteops.metadata" -}}
name: {{ index . 2 }}
namespace: {{ (index . 0).Release.Namespace }}
labels:
  {{- include "flyteops.labels" . | nindent 2 }}
{{- end }}

{{- define "flyteops.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* The configuration as programs read it: copilots come from the image of the installation unless somebody says otherwise. */}}
{{- define "flyteops.config" -}}
{{- $below := dict "plugins" (dict "copilot" (dict "image" (include "flyteops.image" .))) -}}
{{- toYaml (mustMergeOverwrite $below (deepCopy .Values.config)) -}}
{{- end }}

{{- define "flyteops.embedded" -}}
{{- if (.Values.config.database | default dict).embedded }}true{{ end -}}
{{- end }}

{{/* Where the object store is, as one URI. */}}
{{- define "flyteops.storageUri" -}}
{{- $storage := .Values.config.storage | default dict -}}
{{- $scheme := get (dict "s3" "s3" "google" "gs" "azure" "abfs") ($storage.type | default "") -}}
{{- $account := "" -}}
{{- if eq ($storage.type | default "") "azure" }}{{ $account = printf "@%s" (($storage.azure | default dict).account | default "") }}{{ end -}}
{{- $scheme }}://{{ $storage.container }}{{ $account }}{{ with $storage.prefix }}/{{ . }}{{ end -}}
{{- end }}

{{/* How clients reach an S3 server that is not Amazon's. Of the others no address is told: their clients would send it a token that opens everything. */}}
{{- define "flyteops.storageFacts" -}}
{{- $storage := .Values.config.storage | default dict -}}
{{- if eq ($storage.type | default "") "s3" -}}
{{- $connection := $storage.connection | default dict -}}
storageRegion: {{ $connection.region | default "us-east-1" | quote }}
{{- with $connection.endpoint }}
storageEndpoint: {{ (index $connection "disable-ssl") | ternary (regexReplaceAll "^https:" . "http:") . | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* How clients reach the archive, as far as they may read the Secret with the password. A socket is a file of the pod. */}}
{{- define "flyteops.databaseFacts" -}}
{{- $database := .Values.config.database | default dict -}}
{{- $postgres := $database.postgres | default dict -}}
{{- $host := $postgres.host | default "localhost" -}}
{{- if $database.embedded -}}
databaseEmbedded: {{ $database.embeddedDirectory | default "/var/lib/flyteops/postgres" | quote }}
{{- else if not (hasPrefix "/" $host) -}}
{{- $server := contains ":" $host | ternary (printf "[%s]" $host) $host -}}
{{- $user := $postgres.username | default "flyteops" | urlquery | replace "+" "%20" -}}
{{- $name := $postgres.dbname | default "flyteops" | urlquery | replace "+" "%20" -}}
database: {{ printf "postgresql://%s@%s:%d/%s?%s" $user $server (int ($postgres.port | default 5432)) $name ($postgres.options | default "sslmode=verify-full") | quote }}
{{- with .Values.secrets.database }}
databaseSecret: {{ . | quote }}
{{- $key := trimPrefix "/etc/flyteops/secrets/database/" ($postgres.rootCertPath | default "/") }}
{{- if not (contains "/" $key) }}
databaseRootCertificateKey: {{ $key | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

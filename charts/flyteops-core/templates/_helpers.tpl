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

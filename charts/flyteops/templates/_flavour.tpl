{{- define "flyteops.accounts" -}}
["flyteops-controller"{{ if .Values.api.enabled }}, "flyteops-api"{{ end }}]
{{- end }}

{{- define "flyteops.components" -}}
[controller{{ if .Values.api.enabled }}, api{{ end }}]
{{- end }}

{{- define "flyteops.flavourChecks" }}{{ end }}

{{/* In a pod of the controllers the API would speak as they do. Its own token comes from a Secret that the cluster fills. */}}
{{- define "flyteops.apiToken" -}}
{{- if .Values.api.enabled }}
---
apiVersion: v1
kind: Secret
metadata:
  {{- include "flyteops.metadata" (list . "access" "flyteops-api-token") | nindent 2 }}
  annotations:
    kubernetes.io/service-account.name: flyteops-api
type: kubernetes.io/service-account-token
{{- end }}
{{- end }}

{{/* One Deployment runs every controller, and the API beside them. */}}
{{- define "flyteops.programs" -}}
{{- $api := .Values.api.enabled | ternary .Values.api nil -}}
{{ include "flyteops.program" (dict "root" . "account" "flyteops-controller" "component" "controller" "values" .Values.controller "command" (list "flyteops" "controller") "api" $api "git" true) }}
{{- end }}

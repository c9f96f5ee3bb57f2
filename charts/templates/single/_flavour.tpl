{{- define "flyteops.accounts" -}}
["flyteops-controller"]
{{- end }}

{{- define "flyteops.components" -}}
[controller]
{{- end }}

{{- define "flyteops.flavourChecks" }}{{ end }}

{{/* One Deployment runs every controller. */}}
{{- define "flyteops.programs" -}}
{{ include "flyteops.program" (dict "root" . "account" "flyteops-controller" "component" "controller" "values" .Values.controller "command" (list "flyteops" "controller") "git" true) }}
{{- end }}

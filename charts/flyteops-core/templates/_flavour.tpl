{{- define "flyteops.accounts" -}}
["flyteops-controller", "flyteops-sync"]
{{- end }}

{{- define "flyteops.components" -}}
[controller, sync]
{{- end }}

{{- define "flyteops.flavourChecks" -}}
{{- if include "flyteops.embedded" . -}}
{{- fail "config.database.embedded: the flavour core shares one PostgreSQL: name its host" -}}
{{- end -}}
{{- end }}

{{/* Repositories and triggers apart from everything else. */}}
{{- define "flyteops.programs" -}}
{{- $controllers := .Files.Get "files/controllers.txt" | trim -}}
{{- $sync := .Files.Get "files/sync-controllers.txt" | trim -}}
{{ include "flyteops.program" (dict "root" . "account" "flyteops-controller" "component" "controller" "values" .Values.controller "command" (list "flyteops" "controller" "--controllers" $controllers) "git" false) }}
---
{{ include "flyteops.program" (dict "root" . "account" "flyteops-sync" "component" "sync" "values" .Values.sync "command" (list "flyteops" "controller" "--controllers" $sync "--controller.leaderElection.leaseName" "flyteops-sync") "git" true) }}
{{- end }}

{{/* One way out: a dict of cidrs and ports. */}}
{{- define "flyteops.wayOut" -}}
- ports:
    {{- range .ports }}
    - protocol: TCP
      port: {{ . }}
    {{- end }}
  {{- with .cidrs }}
  to:
    {{- range . }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  {{- end }}
{{- end }}

{{- define "flyteops.dns" -}}
- ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end }}

{{/* What a program may be asked and may ask: as flyteops.program. Probes come from the node, which no policy stops. */}}
{{- define "flyteops.programNetwork" -}}
{{- $policy := .root.Values.networkPolicy -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "flyteops.metadata" (list .root "network" .account) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "flyteops.selector" .component | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- if $policy.metricsFrom }}
        - namespaceSelector:
            matchLabels:
              {{- toYaml $policy.metricsFrom | nindent 14 }}
        {{- else }}
        - namespaceSelector: {}
        {{- end }}
      ports:
        {{- if .command }}
        - protocol: TCP
          port: 9090
        {{- end }}
        {{- if .api }}
        - protocol: TCP
          port: 9091
        {{- end }}
    {{- if .api }}
    # The API asks nobody for a password: it is open to its own namespace and to those that somebody labelled for it.
    - from:
        - podSelector: {}
        {{- with $policy.apiFrom }}
        - namespaceSelector:
            matchLabels:
              {{- toYaml . | nindent 14 }}
        {{- end }}
      ports:
        - protocol: TCP
          port: 8090
    {{- end }}
  egress:
    {{- include "flyteops.dns" . | nindent 4 }}
    {{- include "flyteops.wayOut" $policy.apiServer | nindent 4 }}
    {{- if not (include "flyteops.embedded" .root) }}
    {{- include "flyteops.wayOut" $policy.database | nindent 4 }}
    {{- end }}
    {{- if .command }}
    {{- include "flyteops.wayOut" $policy.objectStore | nindent 4 }}
    {{- end }}
    {{- if .git }}
    {{- include "flyteops.wayOut" $policy.git | nindent 4 }}
    {{- end }}
    {{- if eq ((.root.Values.config.otel | default dict).type | default "noop") "otlphttp" }}
    {{- include "flyteops.wayOut" $policy.telemetry | nindent 4 }}
    {{- end }}
{{- end }}

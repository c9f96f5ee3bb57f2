{{/* The container of the controllers: as flyteops.program. */}}
{{- define "flyteops.controllers" -}}
- name: flyteops
  image: {{ include "flyteops.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command:
    {{- toYaml .command | nindent 4 }}
  {{- include "flyteops.environment" .values.env | nindent 2 }}
  ports:
    - name: health
      containerPort: 8081
    - name: metrics
      containerPort: 9090
  {{- include "flyteops.probes" "health" | nindent 2 }}
  resources:
    {{- toYaml .values.resources | nindent 4 }}
  {{- include "flyteops.containerSecurity" . | nindent 2 }}
  volumeMounts:
    - name: config
      mountPath: /etc/flyteops/config.d
      readOnly: true
    {{- if .root.Values.secrets.database }}
    - name: database-secret
      mountPath: /etc/flyteops/secrets/database
      readOnly: true
    {{- end }}
    {{- if .root.Values.secrets.storage }}
    - name: storage-secret
      mountPath: /etc/flyteops/secrets/storage
      readOnly: true
    {{- end }}
    - name: state
      mountPath: /var/lib/flyteops
    - name: temporary
      mountPath: /tmp
{{- end }}

{{/* The container of the read-only API: as flyteops.program. In a pod of the controllers it brings the token of its own account. */}}
{{- define "flyteops.api" -}}
- name: api
  image: {{ include "flyteops.image" .root }}
  imagePullPolicy: {{ .root.Values.image.pullPolicy }}
  command: [flyteops, api, --server.healthAddress, ":8082", --server.metricsAddress, ":9091"]
  {{- include "flyteops.environment" .api.env | nindent 2 }}
  ports:
    - name: grpc
      containerPort: 8090
    - name: api-health
      containerPort: 8082
    - name: api-metrics
      containerPort: 9091
  {{- include "flyteops.probes" "api-health" | nindent 2 }}
  resources:
    {{- toYaml .api.resources | nindent 4 }}
  {{- include "flyteops.containerSecurity" . | nindent 2 }}
  volumeMounts:
    - name: config
      mountPath: /etc/flyteops/config.d
      readOnly: true
    {{- if .root.Values.secrets.database }}
    - name: database-secret
      mountPath: /etc/flyteops/secrets/database
      readOnly: true
    {{- end }}
    {{- if include "flyteops.embedded" .root }}
    # The embedded PostgreSQL is reached by its socket, which is a file of the volume.
    - name: state
      mountPath: /var/lib/flyteops
      readOnly: true
    {{- end }}
    {{- if .command }}
    - name: api-token
      mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      readOnly: true
    {{- end }}
{{- end }}

{{/* Which pod a container is in, and what the values add: a map. */}}
{{- define "flyteops.environment" -}}
env:
  - name: POD_NAME
    valueFrom:
      fieldRef:
        fieldPath: metadata.name
  - name: POD_NAMESPACE
    valueFrom:
      fieldRef:
        fieldPath: metadata.namespace
  {{- range $name, $value := . }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end }}

{{/* Probes at a port: its name. */}}
{{- define "flyteops.probes" -}}
startupProbe:
  httpGet:
    path: /healthz
    port: {{ . }}
  timeoutSeconds: 5
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: {{ . }}
  timeoutSeconds: 5
  periodSeconds: 10
  failureThreshold: 3
readinessProbe:
  httpGet:
    path: /readyz
    port: {{ . }}
  timeoutSeconds: 5
  periodSeconds: 5
  failureThreshold: 3
{{- end }}

{{/*
The Deployment of a program, its Services, its disruption budget and its network policy.
A dict of: root, account, component, values, git (whether it fetches repositories), and what its pods hold: command (list; absent: no controllers), api
(values of the API; absent: no API).
*/}}
{{- define "flyteops.program" -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "flyteops.metadata" (list .root .component .account) | nindent 2 }}
spec:
  replicas: {{ .values.replicas }}
  selector:
    matchLabels:
      {{- include "flyteops.selector" .component | nindent 6 }}
  strategy:
    {{- if include "flyteops.embedded" .root }}
    type: Recreate
    {{- else }}
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 0
      maxSurge: 1
    {{- end }}
  template:
    metadata:
      labels:
        {{- include "flyteops.labels" (list .root .component) | nindent 8 }}
        {{- with .values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # A configuration that changed is read by new pods.
        flyte.org/config-digest: sha256:{{ include "flyteops.config" .root | sha256sum }}
        {{- with .values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ .account }}
      {{- include "flyteops.podSecurity" . | nindent 6 }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . }}
        {{- end }}
      {{- end }}
      # Longer than controller.shutdownTimeout: passes in hand end, the Lease is given back, PostgreSQL is closed.
      terminationGracePeriodSeconds: 60
      affinity:
        {{- if .values.affinity }}
        {{- toYaml .values.affinity | nindent 8 }}
        {{- else }}
        # Replicas that share a node fall together.
        podAntiAffinity:
          preferredDuringSchedulingIgnoredDuringExecution:
            - weight: 100
              podAffinityTerm:
                labelSelector:
                  matchLabels:
                    {{- include "flyteops.selector" .component | nindent 20 }}
                topologyKey: kubernetes.io/hostname
        {{- end }}
      {{- with .values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        {{- if .command }}
        {{- include "flyteops.controllers" . | nindent 8 }}
        {{- end }}
        {{- if .api }}
        {{- include "flyteops.api" . | nindent 8 }}
        {{- end }}
      volumes:
        - name: config
          configMap:
            name: flyteops-config
        # Secrets may be absent: what really needs one says so at its start, by the name of the file.
        {{- with .root.Values.secrets.database }}
        - name: database-secret
          secret:
            secretName: {{ . }}
            optional: true
            defaultMode: 288
        {{- end }}
        {{- if .command }}
        {{- with .root.Values.secrets.storage }}
        - name: storage-secret
          secret:
            secretName: {{ . }}
            optional: true
            defaultMode: 288
        {{- end }}
        - name: state
          {{- if include "flyteops.embedded" .root }}
          persistentVolumeClaim:
            claimName: flyteops-data
          {{- else }}
          emptyDir: {}
          {{- end }}
        - name: temporary
          emptyDir: {}
        {{- end }}
        {{- if and .command .api }}
        # Not optional: the kubelet waits until the cluster has written the token.
        - name: api-token
          secret:
            secretName: flyteops-api-token
            defaultMode: 288
            items:
              - {key: ca.crt, path: ca.crt}
              - {key: namespace, path: namespace}
              - {key: token, path: token}
        {{- end }}
{{- if .command }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "flyteops.metadata" (list .root .component (printf "%s-metrics" .account)) | nindent 2 }}
spec:
  selector:
    {{- include "flyteops.selector" .component | nindent 4 }}
  ports:
    - name: metrics
      port: 9090
      targetPort: metrics
{{- end }}
{{- if .api }}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "flyteops.metadata" (list .root "api" "flyteops-api-metrics") | nindent 2 }}
spec:
  selector:
    {{- include "flyteops.selector" .component | nindent 4 }}
  ports:
    - name: metrics
      port: 9091
      targetPort: api-metrics
---
apiVersion: v1
kind: Service
metadata:
  {{- include "flyteops.metadata" (list .root "api" "flyteops-api") | nindent 2 }}
spec:
  selector:
    {{- include "flyteops.selector" .component | nindent 4 }}
  ports:
    # gRPC is HTTP/2 from the first byte: what stands between must not begin with HTTP/1.1.
    - name: grpc
      appProtocol: kubernetes.io/h2c
      port: 8090
      targetPort: grpc
{{- end }}
{{- if .root.Values.podDisruptionBudget.enabled }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "flyteops.metadata" (list .root .component .account) | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "flyteops.selector" .component | nindent 6 }}
{{- end }}
{{- if .root.Values.networkPolicy.enabled }}
---
{{ include "flyteops.programNetwork" . }}
{{- end }}
{{- end }}

{{- define "flyteops.podSecurity" -}}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{- define "flyteops.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

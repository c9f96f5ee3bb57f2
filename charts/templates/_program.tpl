{{/*
The Deployment of a program, the Service its metrics are read from, its disruption budget and its network policy.
A dict of: root, account, component, values, command (list), git (whether it fetches repositories).
*/}}
{{- define "flyteops.program" -}}
{{- $root := .root }}
{{- $values := .values }}
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
        - name: flyteops
          image: {{ include "flyteops.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          command:
            {{- toYaml .command | nindent 12 }}
          env:
            - name: POD_NAME
              valueFrom:
                fieldRef:
                  fieldPath: metadata.name
            - name: POD_NAMESPACE
              valueFrom:
                fieldRef:
                  fieldPath: metadata.namespace
            {{- range $name, $value := .values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          ports:
            - name: health
              containerPort: 8081
            - name: metrics
              containerPort: 9090
          startupProbe:
            httpGet:
              path: /healthz
              port: health
            timeoutSeconds: 5
            periodSeconds: 2
            failureThreshold: 60
          livenessProbe:
            httpGet:
              path: /healthz
              port: health
            timeoutSeconds: 5
            periodSeconds: 10
            failureThreshold: 3
          readinessProbe:
            httpGet:
              path: /readyz
              port: health
            timeoutSeconds: 5
            periodSeconds: 5
            failureThreshold: 3
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          {{- include "flyteops.containerSecurity" . | nindent 10 }}
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

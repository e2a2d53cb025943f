{{/* Names, labels, and what the pods of all parts have in common. */}}
{{- define "jobtrace.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "jobtrace.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "jobtrace.name" . -}}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of the list (root, component): what a selector may name. */}}
{{- define "jobtrace.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ include "jobtrace.name" $root }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "jobtrace.labels" -}}
{{- $root := index . 0 -}}
{{ include "jobtrace.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ include "jobtrace.name" $root }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* Of the list (root, component): name, namespace and labels of an object. */}}
{{- define "jobtrace.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "jobtrace.fullname" $root }}-{{ index . 1 }}
namespace: {{ $root.Release.Namespace }}
labels:
  {{- include "jobtrace.labels" . | nindent 2 }}
{{- end -}}

{{- define "jobtrace.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "jobtrace.secret" -}}
{{- $root := index . 0 -}}
{{- $part := index $root.Values (index . 1) -}}
{{- $part.existingSecret | default $root.Values.existingSecret | default (printf "%s-secrets" (include "jobtrace.fullname" $root)) -}}
{{- end -}}

{{- define "jobtrace.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- $part := index $root.Values (index . 1) -}}
{{- if $part.serviceAccount.create -}}
{{- $part.serviceAccount.name | default (printf "%s-%s" (include "jobtrace.fullname" $root) (index . 1)) -}}
{{- else -}}
{{- $part.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* Labels and annotations of a pod: it starts again when its settings or its secrets are others. */}}
{{- define "jobtrace.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $part := index $root.Values (index . 1) -}}
labels:
  {{- include "jobtrace.labels" . | nindent 2 }}
  {{- with $part.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  checksum/settings: {{ toJson $root.Values.settings | sha256sum }}
  checksum/secrets: {{ toJson $root.Values.secrets | sha256sum }}
  {{- with $part.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{/* What a pod's spec begins with. */}}
{{- define "jobtrace.podSpec" -}}
{{- $root := index . 0 -}}
{{- $part := index $root.Values (index . 1) -}}
serviceAccountName: {{ include "jobtrace.serviceAccount" . }}
terminationGracePeriodSeconds: {{ $part.terminationGracePeriodSeconds }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $part.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $part.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* What each container has: the key of the store comes as a variable, so that no file names it. */}}
{{- define "jobtrace.container" -}}
{{- $root := index . 0 -}}
{{- $part := index $root.Values (index . 1) -}}
name: {{ index . 1 }}
image: {{ include "jobtrace.image" $root }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml $root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml $part.resources | nindent 2 }}
{{- with $part.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "jobtrace.env" -}}
{{- $secret := include "jobtrace.secret" . -}}
- name: JOBTRACE_STORE_API_KEY
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: store-api-key, optional: true}
- name: JOBTRACE_STORE_PASSWORD
  valueFrom:
    secretKeyRef: {name: {{ $secret }}, key: store-password, optional: true}
{{- with (index (index . 0).Values (index . 1)).env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Of the list (root, component, name of the settings file): mounts and volumes of every part. */}}
{{- define "jobtrace.mounts" -}}
- {name: settings, mountPath: /etc/jobtrace, readOnly: true}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- with (index (index . 0).Values (index . 1)).extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "jobtrace.volumes" -}}
- name: settings
  configMap:
    name: {{ include "jobtrace.fullname" (index . 0) }}-settings
    items: [{key: {{ index . 2 }}, path: jobtrace.yaml}]
- name: tmp
  emptyDir: {}
{{- with (index (index . 0).Values (index . 1)).extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The settings of all parts; those of the agents name no token and no receiver. */}}
{{- define "jobtrace.settings" -}}
{{- $own := dict "dataDir" "/data" "api" (dict "listen" "0.0.0.0:8321") "agent" (dict "listen" "0.0.0.0:8322") "analyzer" (dict "listen" "0.0.0.0:8323") -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.settings) $own) -}}
{{- end -}}

{{- define "jobtrace.agentSettings" -}}
{{- toYaml (omit (include "jobtrace.settings" . | fromYaml) "api" "notify" "analyzer") -}}
{{- end -}}

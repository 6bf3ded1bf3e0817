{{/* Names. */}}
{{- define "rooms.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Labels of everything. Call with (dict "root" $ "component" NAME). */}}
{{- define "rooms.labels" -}}
{{ include "rooms.selector" . }}
app.kubernetes.io/part-of: rooms
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The labels that select one component's pods; they never change. */}}
{{- define "rooms.selector" -}}
app.kubernetes.io/name: rooms
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* An image of ours. Call with (dict "root" $ "image" NAME). */}}
{{- define "rooms.image" -}}
{{- $values := .root.Values.image -}}
{{- $tag := default .root.Chart.AppVersion $values.tag -}}
{{- $digest := get ($values.digests | default dict) .image -}}
{{- printf "%s/%s:%s" $values.repository .image $tag -}}
{{- if $digest }}@{{ $digest }}{{ end -}}
{{- end -}}

{{/* What no container of ours may do. */}}
{{- define "rooms.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* As whom a pod runs. Call with a user's number. */}}
{{- define "rooms.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ . }}
runAsGroup: {{ . }}
fsGroup: {{ . }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Keeps replicas of a component apart. Call with (dict "root" $ "component" NAME). */}}
{{- define "rooms.affinity" -}}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" (dict "matchLabels" (include "rooms.selector" . | fromYaml)) -}}
{{- if eq .root.Values.antiAffinity "hard" }}
podAntiAffinity:
  requiredDuringSchedulingIgnoredDuringExecution:
    - {{ toYaml $term | nindent 6 | trim }}
{{- else if eq .root.Values.antiAffinity "soft" }}
podAntiAffinity:
  preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 100
      podAffinityTerm: {{ toYaml $term | nindent 8 }}
{{- end }}
{{- end -}}

{{/* The Kubernetes Service of a component. Call with (dict "root" $ "component" NAME). */}}
{{- define "rooms.service" -}}
{{ include "rooms.name" .root }}-{{ .component }}
{{- end -}}

{{/* The schemas, in alphabetical order and each once. */}}
{{- define "rooms.schemas" -}}
{{- $schemas := list -}}
{{- range $name, $fact := (.Files.Get "files/services.yaml" | fromYaml) -}}
{{- $schemas = append $schemas $fact.schema -}}
{{- end -}}
{{- $schemas | uniq | sortAlpha | toJson -}}
{{- end -}}

{{/* Secrets that may be the user's own. */}}
{{- define "rooms.natsPasswords" -}}
{{- default (printf "%s-nats-passwords" (include "rooms.name" .)) .Values.secrets.natsPasswords -}}
{{- end -}}
{{- define "rooms.postgresPasswords" -}}
{{- default (printf "%s-postgres-passwords" (include "rooms.name" .)) .Values.secrets.postgresPasswords -}}
{{- end -}}
{{- define "rooms.migrations" -}}
{{- default (printf "%s-migrations" (include "rooms.name" .)) .Values.secrets.migrations -}}
{{- end -}}
{{- define "rooms.topology" -}}
{{- default (printf "%s-topology" (include "rooms.name" .)) .Values.secrets.topology -}}
{{- end -}}
{{/* Call with (dict "root" $ "key" wallet|personal). */}}
{{- define "rooms.masterKey" -}}
{{- default (printf "%s-%s-master-key" (include "rooms.name" .root) .key) (get .root.Values.secrets.masterKeys .key) -}}
{{- end -}}

{{/* The secret by which services know each other, and certificates where gRPC is not plain. */}}
{{- define "rooms.grpcServiceKey" -}}
{{- default (printf "%s-grpc" (include "rooms.name" .)) .Values.secrets.grpcServiceKey -}}
{{- end -}}
{{- define "rooms.grpcScheme" -}}
{{ ternary "https" "http" (ne .Values.grpc.tlsSecret "") }}
{{- end -}}

{{/* The database. */}}
{{- define "rooms.postgresCluster" -}}
{{ include "rooms.name" . }}-postgres
{{- end -}}
{{- define "rooms.postgresHost" -}}
{{- if eq .Values.postgres.mode "cluster" -}}
{{ include "rooms.postgresCluster" . }}-rw.{{ .Release.Namespace }}.svc
{{- else -}}
{{ required "postgres.external.host is needed with postgres.mode=external" .Values.postgres.external.host }}
{{- end -}}
{{- end -}}
{{- define "rooms.postgresPort" -}}
{{- if eq .Values.postgres.mode "cluster" }}5432{{ else }}{{ .Values.postgres.external.port }}{{ end -}}
{{- end -}}
{{/* Migrations and roles go around a transaction pooler. */}}
{{- define "rooms.postgresDirectHost" -}}
{{- if eq .Values.postgres.mode "cluster" -}}
{{ include "rooms.postgresHost" . }}
{{- else -}}
{{ default (include "rooms.postgresHost" .) .Values.postgres.external.directHost }}
{{- end -}}
{{- end -}}
{{- define "rooms.postgresDirectPort" -}}
{{- if eq .Values.postgres.mode "cluster" }}5432{{ else }}{{ default .Values.postgres.external.port .Values.postgres.external.directPort }}{{ end -}}
{{- end -}}
{{- define "rooms.postgresAdmin" -}}
{{- if eq .Values.postgres.mode "cluster" -}}
{{ include "rooms.postgresCluster" . }}-superuser
{{- else -}}
{{ .Values.postgres.external.adminSecret }}
{{- end -}}
{{- end -}}
{{- define "rooms.postgresCa" -}}
{{- if eq .Values.postgres.mode "cluster" -}}
{{ include "rooms.postgresCluster" . }}-ca
{{- else -}}
{{ .Values.postgres.external.caSecret }}
{{- end -}}
{{- end -}}
{{- define "rooms.postgresSslMode" -}}
{{- if eq .Values.postgres.mode "cluster" }}verify-full{{ else }}{{ .Values.postgres.external.sslMode }}{{ end -}}
{{- end -}}
{{- define "rooms.postgresQuery" -}}
?sslmode={{ include "rooms.postgresSslMode" . }}
{{- if include "rooms.postgresCa" . }}&sslrootcert=/run/rooms/postgres-ca/ca.crt{{ end -}}
{{- end -}}

{{/* The volume with the authority that signed the database's certificate, and where it is seen. */}}
{{- define "rooms.postgresCaVolume" -}}
{{- with include "rooms.postgresCa" . }}
- name: postgres-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0444
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end -}}
{{- define "rooms.postgresCaMount" -}}
{{- if include "rooms.postgresCa" . }}
- {name: postgres-ca, mountPath: /run/rooms/postgres-ca, readOnly: true}
{{- end }}
{{- end -}}

{{/* The broker. */}}
{{- define "rooms.natsScheme" -}}
{{- if and (eq .Values.nats.mode "statefulset") .Values.nats.tls.enabled }}tls{{ else }}nats{{ end -}}
{{- end -}}
{{/* Call with (dict "root" $ "user" NAME "password" TEXT). */}}
{{- define "rooms.natsUrls" -}}
{{- if eq .root.Values.nats.mode "external" -}}
{{- $urls := list -}}
{{- range .root.Values.nats.external.hosts -}}
{{- $urls = append $urls (printf "%s://%s:%s@%s" (default "nats" $.root.Values.nats.external.scheme) $.user $.password .) -}}
{{- end -}}
{{ join "," $urls }}
{{- else -}}
{{ include "rooms.natsScheme" .root }}://{{ .user }}:{{ .password }}@{{ include "rooms.name" .root }}-nats.{{ .root.Release.Namespace }}.svc:4222
{{- end -}}
{{- end -}}
{{- define "rooms.natsReplicas" -}}
{{ ternary .Values.nats.replicas .Values.nats.external.replicas (eq .Values.nats.mode "statefulset") }}
{{- end -}}
{{/* The volume with the authority that signed the broker's certificate, and where it is seen. */}}
{{- define "rooms.natsCa" -}}
{{- if eq .Values.nats.mode "external" }}{{ .Values.nats.external.caSecret }}
{{- else if .Values.nats.tls.enabled }}{{ include "rooms.natsTlsSecret" . }}{{ end -}}
{{- end -}}
{{- define "rooms.natsCaVolume" -}}
{{- with include "rooms.natsCa" . }}
- name: nats-ca
  secret:
    secretName: {{ . }}
    defaultMode: 0444
    items: [{key: ca.crt, path: ca.crt}]
{{- end }}
{{- end -}}
{{- define "rooms.natsCaMount" -}}
{{- if include "rooms.natsCa" . }}
- {name: nats-ca, mountPath: /run/rooms/nats-ca, readOnly: true}
{{- end }}
{{- end -}}
{{/* The Secret with tls.crt, tls.key and ca.crt of the broker. */}}
{{- define "rooms.natsTlsSecret" -}}
{{- default (printf "%s-nats-tls" (include "rooms.name" .)) .Values.nats.tls.secretName -}}
{{- end -}}

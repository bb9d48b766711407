/** What is in the archives of the sample repository: charts as people write them. */

export interface Packed {
  name: string;
  description: string;
  version: string;
  appVersion: string;
}

/** The files of a chart's version beside `Chart.yaml`, by their paths; the newest has more. */
export function filesOf(chart: Packed, isNewest: boolean): Record<string, string> {
  return {
    "README.md": readme(chart),
    "values.yaml": values(chart, isNewest),
    "values.schema.json": JSON.stringify(SCHEMA, null, 2) + "\n",
    "templates/_helpers.tpl": '{{- define "name" -}}\n{{ .Release.Name }}-{{ .Chart.Name }}\n' +
      "{{- end -}}\n",
    "templates/deployment.yaml": DEPLOYMENT,
    "templates/service.yaml": SERVICE,
    ...(isNewest && { "templates/ingress.yaml": INGRESS }),
    "templates/NOTES.txt": `${chart.name} is on its way. Look at it with\n\n` +
      '  kubectl get pods -l app={{ include "name" . }}\n',
  };
}

function readme({ name, description, version, appVersion }: Packed): string {
  return `# ${name}

${description}. This chart packages ${name} ${appVersion}.

## Before you begin

- Kubernetes 1.27 or later
- Helm 3.14 or later
- [ ] A storage class, if \`persistence.enabled\` stays \`true\`

## Installing

\`\`\`sh
helm repo add sample http://127.0.0.1:8001
helm install my-${name} sample/${name} --version ${version}
\`\`\`

> **Note** The first start takes a minute, while volumes are made.

## Configuration

| Parameter | Meaning | Default |
| --- | --- | --- |
| \`replicas\` | How many of them run | \`2\` |
| \`image.tag\` | Another version than the chart's own | \`""\` |
| \`service.port\` | Where it listens | \`8080\` |
| \`persistence.size\` | Room for what is kept | \`8Gi\` |

### Behind an ingress

Set \`ingress.enabled\`, and name a host:

\`\`\`yaml
ingress:
  enabled: true
  host: ${name}.example.org
\`\`\`

## Upgrading

Minor versions need nothing. Read [the notes](https://example.org/${name}) before a major one.

## License

Apache-2.0
`;
}

function values({ name, appVersion }: Packed, isNewest: boolean): string {
  return `# How many of them run.
replicas: ${isNewest ? 2 : 1}

image:
  registry: registry.example.org
  repository: harbour/${name}
  # The chart's own version, if this is empty.
  tag: "${isNewest ? "" : appVersion}"
  pullPolicy: IfNotPresent

service:
  type: ClusterIP
  port: 8080
${isNewest ? "\ningress:\n  enabled: false\n  host: ''\n  tls: true\n" : ""}
persistence:
  enabled: true
  size: ${isNewest ? "8Gi" : "1Gi"}
  accessModes: [ReadWriteOnce]

resources:
  requests: { cpu: 100m, memory: 128Mi }
  limits:
    memory: ${isNewest ? "512Mi" : "256Mi"}

# Labels and annotations of every pod.
podLabels: {}
podAnnotations:
  prometheus.io/scrape: "true"
  prometheus.io/port: "9090"

tolerations: []
`;
}

const SCHEMA = {
  $schema: "http://json-schema.org/draft-07/schema#",
  type: "object",
  required: ["replicas", "image"],
  properties: {
    replicas: { type: "integer", minimum: 0, maximum: 20, description: "How many of them run." },
    image: {
      type: "object",
      required: ["repository"],
      properties: {
        registry: { type: "string", format: "hostname" },
        repository: { type: "string", pattern: "^[a-z0-9/._-]+$" },
        tag: { type: "string", default: "" },
        pullPolicy: { enum: ["Always", "IfNotPresent", "Never"] },
      },
    },
    service: {
      type: "object",
      properties: {
        type: { enum: ["ClusterIP", "NodePort", "LoadBalancer"], default: "ClusterIP" },
        port: { type: "integer", minimum: 1, maximum: 65_535 },
      },
    },
    persistence: {
      type: "object",
      properties: {
        enabled: { type: "boolean" },
        size: { type: "string", examples: ["8Gi"] },
        accessModes: { type: "array", items: { type: "string" }, minItems: 1 },
      },
    },
  },
};

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "name" . }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app: {{ include "name" . }}
  template:
    metadata:
      labels:
        app: {{ include "name" . }}
        {{- with .Values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          ports:
            - containerPort: {{ .Values.service.port }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
`;

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: {{ include "name" . }}
spec:
  type: {{ .Values.service.type }}
  selector:
    app: {{ include "name" . }}
  ports:
    - port: {{ .Values.service.port }}
`;

const INGRESS = `{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "name" . }}
spec:
  rules:
    - host: {{ .Values.ingress.host | quote }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {{ include "name" . }}
                port:
                  number: {{ .Values.service.port }}
{{- end }}
`;

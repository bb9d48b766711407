/** What generated indexes speak of: names of Bitnami's charts, and words for all that is said of them. */

/** Names of 120 charts, in no order. */
export const CHART_NAMES: readonly string[] = `
airflow apache apisix appsmith argo-cd argo-workflows aspnet-core cassandra cert-manager chainloop
cilium clickhouse common concourse consul contour deepspeed discourse dokuwiki dremio drupal ejbca
elasticsearch etcd external-dns flink fluent-bit fluentd flux geode ghost gitea gitlab-runner grafana
grafana-loki grafana-mimir grafana-operator grafana-tempo haproxy harbor influxdb jaeger janusgraph
jasperreports jenkins joomla jupyterhub kafka keycloak keydb kiam kibana kong kube-arangodb
kube-prometheus kube-state-metrics kubeapps kubernetes-event-exporter kuberay logstash magento mariadb
mariadb-galera mastodon matomo mediawiki memcached metallb metrics-server milvus minio minio-operator
mlflow mongodb mongodb-sharded moodle multus-cni mysql nats neo4j nginx nginx-ingress-controller
node-exporter oauth2-proxy odoo opencart opensearch osclass owncloud parse phpbb phpmyadmin pinniped
postgresql postgresql-ha prestashop prometheus pytorch rabbitmq rabbitmq-cluster-operator redis
redis-cluster redmine schema-registry scylladb sealed-secrets seaweedfs solr sonarqube spark supabase
thanos tomcat valkey vault whereabouts wildfly wordpress zipkin zookeeper
`.trim().split(/\s+/);

export const CATEGORIES: readonly string[] = [
  "Analytics",
  "ApplicationServer",
  "CMS",
  "CRM",
  "Database",
  "DeveloperTools",
  "E-Commerce",
  "Infrastructure",
  "LogManagement",
  "MachineLearning",
  "WorkFlow",
];

/** Charts that others depend on. */
export const DEPENDENCIES: readonly string[] = [
  "elasticsearch",
  "etcd",
  "kafka",
  "mariadb",
  "memcached",
  "minio",
  "mongodb",
  "postgresql",
  "redis",
  "zookeeper",
];

/** What a chart's images are beside the one of its name. */
export const SIDE_IMAGES: readonly string[] = [
  "os-shell",
  "apache-exporter",
  "git",
  "jmx-exporter",
  "kubectl",
  "mysqld-exporter",
  "nginx-exporter",
  "postgres-exporter",
  "redis-exporter",
];

export const KEYWORDS: readonly string[] = [
  "analytics",
  "api",
  "cache",
  "cluster",
  "container",
  "database",
  "gateway",
  "http",
  "infrastructure",
  "kubernetes",
  "logging",
  "metrics",
  "nosql",
  "php",
  "proxy",
  "queue",
  "replication",
  "search",
  "security",
  "sql",
  "storage",
  "stream",
  "web",
  "workflow",
];

/** Beginnings of a description, after the chart's name. */
export const OPENINGS: readonly string[] = [
  "is an open source platform to collect and query data in real time",
  "is a distributed store for records that grows with its nodes",
  "is a lightweight server for busy sites and public interfaces",
  "is a tool to describe, schedule and watch long chains of tasks",
  "is an application for teams that write, review and publish",
  "is a controller that keeps a cluster in step with its manifests",
  "is a message broker with durable queues and flexible routing",
  "is a library for numerical work on graphs, tensors and arrays",
];

/** What else a description says. */
export const SENTENCES: readonly string[] = [
  "It is known for its features, flexibility and speed.",
  "It includes utilities to watch progress and handle failures.",
  "This chart adds replicas, metrics and encrypted connections.",
  "Extensions add authentication, backups and integrations.",
  "It handles node failures and needs little daily care.",
  "Trademarks belong to their respective owners.",
];

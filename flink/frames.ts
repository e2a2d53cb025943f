// A frame's package → whose code it is. Data and one look-up, used by chain.ts.
import type { Owner } from '../core/types.js';

/** First prefix that fits wins; `neutral` frames say nothing about whose fault it is. */
const PACKAGES: readonly (readonly [prefix: string, owner: Owner | 'neutral'])[] = [
  ['java.', 'neutral'],
  ['javax.', 'neutral'],
  ['jdk.', 'neutral'],
  ['sun.', 'neutral'],
  ['com.sun.', 'neutral'],
  ['scala.', 'neutral'],
  ['kotlin.', 'neutral'],
  ['jakarta.', 'neutral'],
  ['com.google.', 'neutral'],
  ['com.fasterxml.', 'neutral'],
  ['com.esotericsoftware.', 'neutral'],
  ['org.slf4j.', 'neutral'],
  ['org.apache.logging.', 'neutral'],
  ['org.apache.log4j.', 'neutral'],
  ['org.apache.commons.', 'neutral'],
  ['org.apache.http.', 'neutral'],
  ['org.apache.avro.', 'neutral'],
  ['org.codehaus.', 'neutral'],
  ['org.springframework.', 'neutral'],
  ['io.netty.', 'neutral'],
  ['okhttp3.', 'neutral'],
  ['akka.', 'framework'],
  ['org.apache.pekko.', 'framework'],
  ['org.apache.flink.shaded.', 'neutral'],
  ['org.apache.flink.util.Preconditions', 'neutral'],
  ['org.apache.flink.util.InstantiationUtil', 'neutral'],
  ['org.apache.flink.util.ChildFirstClassLoader', 'neutral'],
  ['org.apache.flink.util.FlinkUserCodeClassLoader', 'neutral'],
  ['org.apache.flink.calcite.shaded.', 'neutral'],
  ['org.apache.flink.runtime.fs.', 'external'],
  ['org.apache.flink.fs.', 'external'],
  ['org.apache.flink.connector.', 'connector'],
  ['org.apache.flink.connectors.', 'connector'],
  ['org.apache.flink.streaming.connectors.', 'connector'],
  ['org.apache.flink.cdc.', 'connector'],
  ['org.apache.flink.formats.', 'connector'],
  ['org.apache.flink.kafka.', 'connector'],
  ['org.apache.flink.', 'framework'],
  ['org.apache.kafka.', 'connector'],
  ['org.apache.iceberg.', 'connector'],
  ['org.apache.hudi.', 'connector'],
  ['org.apache.paimon.', 'connector'],
  ['org.apache.doris.', 'connector'],
  ['org.apache.pulsar.', 'connector'],
  ['org.apache.rocketmq.', 'connector'],
  ['com.starrocks.', 'connector'],
  ['com.ververica.', 'connector'],
  ['com.alibaba.ververica.', 'connector'],
  ['io.debezium.', 'connector'],
  ['com.github.shyiko.', 'connector'],
  ['org.rocksdb.', 'framework'],
  ['org.forstdb.', 'framework'],
  ['org.apache.calcite.', 'framework'],
  ['org.apache.beam.', 'framework'],
  ['org.apache.hadoop.yarn.', 'platform'],
  ['io.fabric8.', 'platform'],
  ['org.apache.zookeeper.', 'external'],
  ['org.apache.curator.', 'external'],
  ['org.apache.hadoop.', 'external'],
  ['com.amazonaws.', 'external'],
  ['software.amazon.', 'external'],
  ['com.aliyun.', 'external'],
  ['org.elasticsearch.', 'external'],
  ['org.apache.hive.', 'external'],
  ['org.apache.hbase.', 'external'],
  ['com.mysql.', 'external'],
  ['org.mariadb.', 'external'],
  ['org.postgresql.', 'external'],
  ['oracle.jdbc.', 'external'],
  ['com.microsoft.sqlserver.', 'external'],
  ['com.mongodb.', 'external'],
  ['redis.clients.', 'external'],
  ['ru.yandex.clickhouse.', 'external'],
  ['com.clickhouse.', 'external'],
  ['$Proxy', 'neutral'],
];

/** Classes that Janino makes from a query are the query's author's, but their names say nothing by themselves. */
const GENERATED = ['SourceConversion$', 'StreamExecCalc$', 'BatchExecCalc$', 'StreamExecExpand$', 'SC$', 'GeneratedMethodAccessor', 'LocalNoGroupingAgg', 'GroupAggsHandler$', 'ConditionFunction$', 'WatermarkGenerator$', 'StreamExecSink$'];

export function frameOwner(frame: string): Owner {
  const owner = lookUp(frame);
  return owner === 'neutral' ? 'framework' : owner;
}

export function isNeutralFrame(frame: string): boolean {
  return lookUp(frame) === 'neutral';
}

function lookUp(frame: string): Owner | 'neutral' {
  const name = frame.slice(frame.lastIndexOf('/', frame.indexOf('(')) + 1);
  if (isGenerated(name)) return 'neutral';
  for (const [prefix, owner] of PACKAGES) if (name.startsWith(prefix)) return owner;
  return 'user-code';
}

/** `StreamExecCalc$12.processElement(Unknown Source)`: no package. */
function isGenerated(name: string): boolean {
  return GENERATED.some((head) => name.startsWith(head)) || /^[A-Z]\w*\$\d+\./.test(name);
}

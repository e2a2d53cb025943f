SET 'pipeline.name' = '@job@';

CREATE TABLE invoices (invoice_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA_SASL@', 'properties.group.id' = '@job@',
  'properties.security.protocol' = 'SASL_PLAINTEXT', 'properties.sasl.mechanism' = 'PLAIN',
  'properties.sasl.jaas.config' = 'org.apache.flink.kafka.shaded.org.apache.kafka.common.security.plain.PlainLoginModule required username="ledger-reader" password="@password@";',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE ledger (invoice_id BIGINT, cents BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO ledger SELECT invoice_id, cents FROM invoices;

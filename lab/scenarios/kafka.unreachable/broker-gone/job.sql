SET 'pipeline.name' = '@job@';

CREATE TABLE orders (order_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@',
  'properties.default.api.timeout.ms' = '5000', 'properties.request.timeout.ms' = '4000', 'scan.topic-partition-discovery.interval' = '2 s',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE export (order_id BIGINT, cents BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO export SELECT order_id, cents FROM orders;

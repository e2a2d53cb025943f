SET 'pipeline.name' = '@job@';

CREATE TABLE refunds (refund_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@', 'properties.auto.offset.reset' = 'none', 'format' = 'json');
CREATE TABLE watched (refund_id BIGINT, cents BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO watched SELECT refund_id, cents FROM refunds;

SET 'pipeline.name' = '@job@';

CREATE TABLE payments (payment_id BIGINT, cents BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE alerts (payment_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.max.block.ms' = '@block@', 'format' = 'json');

INSERT INTO alerts SELECT payment_id, cents FROM payments;

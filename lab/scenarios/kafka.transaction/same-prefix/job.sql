SET 'pipeline.name' = '@job@';

CREATE TABLE readings (meter_id BIGINT, watts BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE bills (meter_id BIGINT, watts BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.transaction.timeout.ms' = '60000',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '@prefix@', 'format' = 'json');

INSERT INTO bills SELECT meter_id, watts FROM readings;

SET 'pipeline.name' = '@job@';

CREATE TABLE sensors (sensor_id BIGINT, degrees DOUBLE) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE readings (sensor_id BIGINT, degrees DOUBLE) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@',
  'properties.delivery.timeout.ms' = '@delivery@', 'properties.request.timeout.ms' = '2000', 'format' = 'json');

INSERT INTO readings SELECT sensor_id, degrees FROM sensors;

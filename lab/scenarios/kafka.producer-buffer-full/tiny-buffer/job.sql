SET 'pipeline.name' = '@job@';

CREATE TABLE clicks (user_id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '@rate@');
CREATE TABLE archive (user_id BIGINT, page STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@',
  'properties.buffer.memory' = '@buffer@', 'properties.max.block.ms' = '@block@',
  'properties.delivery.timeout.ms' = '8000', 'properties.request.timeout.ms' = '4000', 'format' = 'json');

INSERT INTO archive SELECT user_id, REPEAT('p', 270) FROM clicks;

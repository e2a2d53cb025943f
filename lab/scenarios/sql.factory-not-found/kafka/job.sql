SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (user_id BIGINT, url STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = 'kafka-1:9092', 'format' = 'json');
CREATE TABLE archive (user_id BIGINT, url STRING) WITH ('connector' = 'blackhole');

INSERT INTO archive SELECT user_id, url FROM @table@;

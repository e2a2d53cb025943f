SET 'pipeline.name' = '@job@';

CREATE TABLE clicks (user_id BIGINT, url STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@hosts@', 'properties.group.id' = '@job@',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE sessions (user_id BIGINT, url STRING) WITH ('connector' = 'blackhole');

INSERT INTO sessions SELECT user_id, url FROM clicks;

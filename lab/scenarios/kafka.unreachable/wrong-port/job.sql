SET 'pipeline.name' = '@job@';

CREATE TABLE page_views (user_id BIGINT, url STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = 'localhost:@port@', 'properties.group.id' = '@job@',
  'properties.default.api.timeout.ms' = '5000', 'properties.request.timeout.ms' = '4000', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE archive (user_id BIGINT, url STRING) WITH ('connector' = 'blackhole');

INSERT INTO archive SELECT user_id, url FROM page_views;

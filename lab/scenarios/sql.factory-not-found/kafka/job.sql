SET 'pipeline.name' = 'page-views-archive';

CREATE TABLE page_views (user_id BIGINT, url STRING) WITH (
  'connector' = 'kafka', 'topic' = 'page-views', 'properties.bootstrap.servers' = 'kafka-1:9092', 'format' = 'json');
CREATE TABLE archive (user_id BIGINT, url STRING) WITH ('connector' = 'blackhole');

INSERT INTO archive SELECT user_id, url FROM page_views;

SET 'pipeline.name' = '@job@';

CREATE TABLE events (event_id BIGINT, action STRING) WITH ('connector' = 'datagen', 'rows-per-second' = '5', 'fields.action.length' = '8');
CREATE TABLE found (event_id BIGINT, action STRING, PRIMARY KEY (event_id) NOT ENFORCED) WITH (
  'connector' = 'elasticsearch-7', 'hosts' = 'http://localhost:@port@', 'index' = '@index@', 'sink.bulk-flush.max-actions' = '1');

INSERT INTO found SELECT event_id, action FROM events;

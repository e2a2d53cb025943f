SET 'pipeline.name' = '@job@';

CREATE TABLE actions (user_id BIGINT, action_id INT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE audit (user_id BIGINT, action_id INT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.acks' = 'all', 'properties.retries' = '@retries@', 'format' = 'json');

INSERT INTO audit SELECT user_id, action_id FROM actions;

SET 'pipeline.name' = '@job@';

CREATE TABLE trades (trade_id BIGINT, cents BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE settlements (trade_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'sink.semantic' = 'exactly-once', 'format' = 'json');

INSERT INTO settlements SELECT trade_id, cents FROM trades;

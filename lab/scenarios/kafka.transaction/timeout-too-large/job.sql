SET 'pipeline.name' = '@job@';

CREATE TABLE trades (trade_id BIGINT, cents BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE settlements (trade_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@',
  'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '@prefix@', 'format' = 'json');

INSERT INTO settlements SELECT trade_id, cents FROM trades;

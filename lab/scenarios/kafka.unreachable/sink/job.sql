SET 'pipeline.name' = '@job@';

CREATE TABLE baskets (basket_id BIGINT, cents BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE events (basket_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = 'localhost:@port@', 'properties.max.block.ms' = '5000', 'format' = 'json');

INSERT INTO events SELECT basket_id, cents FROM baskets;

SET 'pipeline.name' = '@job@';

CREATE TABLE offers (sku BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE found (sku BIGINT, price STRING, PRIMARY KEY (sku) NOT ENFORCED) WITH (
  'connector' = 'elasticsearch-7', 'hosts' = '@ELASTICSEARCH@', 'index' = '@index@', 'sink.bulk-flush.max-actions' = '1');

INSERT INTO found SELECT sku, '@price@' FROM offers;

SET 'pipeline.name' = '@job@';

CREATE TABLE offers (sku BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE search (sku BIGINT, price STRING, PRIMARY KEY (sku) NOT ENFORCED) WITH (
  'connector' = 'elasticsearch-7', 'hosts' = '@ELASTICSEARCH@', 'index' = '@index@', 'sink.bulk-flush.max-actions' = '1');

INSERT INTO search SELECT sku, '@price@' FROM offers;

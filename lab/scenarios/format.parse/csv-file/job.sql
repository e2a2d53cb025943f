SET 'pipeline.name' = '@job@';

CREATE TABLE price_list (sku STRING, name STRING, cents INT, valid_from STRING) WITH (
  'connector' = 'filesystem', 'path' = 'file://@RUN@/data/price-list.csv', 'format' = 'csv', 'csv.field-delimiter' = ';');
CREATE TABLE prices (sku STRING, cents INT) WITH ('connector' = 'blackhole');

INSERT INTO prices SELECT sku, cents FROM price_list;

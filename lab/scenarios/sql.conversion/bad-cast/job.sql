SET 'pipeline.name' = 'price-list-import';
SET 'restart-strategy.type' = 'none';

CREATE TABLE price_list (sku STRING, price STRING) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/price-list.csv', 'format' = 'csv');
CREATE TABLE prices (sku STRING, cents INT) WITH ('connector' = 'blackhole');

INSERT INTO prices SELECT sku, CAST(price AS INT) * 100 FROM price_list;

SET 'pipeline.name' = '@job@';
SET 'restart-strategy.type' = 'none';

CREATE TABLE price_list (sku STRING, price STRING) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/price-list.csv', 'format' = 'csv');
CREATE TABLE prices (sku STRING, cents INT) WITH ('connector' = 'blackhole');

INSERT INTO prices SELECT sku, CAST(price AS INT) * @factor@ FROM price_list;

SET 'pipeline.name' = '@job@';

CREATE TABLE movements (sku STRING, pieces STRING) WITH ('connector' = 'datagen', 'number-of-rows' = '1000');
CREATE TABLE @sink@ (sku STRING, pieces @type@) WITH ('connector' = 'blackhole');

INSERT INTO @sink@ SELECT sku, pieces FROM movements;

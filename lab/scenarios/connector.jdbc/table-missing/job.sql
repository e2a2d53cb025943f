SET 'pipeline.name' = '@job@';

CREATE TABLE movements (sku BIGINT, pieces BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '@rate@');
CREATE TABLE levels (sku BIGINT, pieces BIGINT) WITH ('connector' = 'jdbc', 'url' = '@POSTGRES@', 'table-name' = '@table@', 'username' = '@POSTGRES_USER@', 'password' = '@POSTGRES_PASSWORD@', 'sink.max-retries' = '1', 'sink.buffer-flush.interval' = '500 ms');

INSERT INTO levels SELECT sku, pieces FROM movements;

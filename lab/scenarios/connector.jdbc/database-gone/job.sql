SET 'pipeline.name' = '@job@';

CREATE TABLE orders (order_id BIGINT, cents BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '@rate@');
CREATE TABLE facts (order_id BIGINT, cents BIGINT) WITH ('connector' = 'jdbc', 'url' = '@POSTGRES@', 'table-name' = '@table@', 'username' = '@POSTGRES_USER@', 'password' = '@POSTGRES_PASSWORD@', 'sink.max-retries' = '1', 'sink.buffer-flush.interval' = '500 ms');

INSERT INTO facts SELECT order_id, cents FROM orders;

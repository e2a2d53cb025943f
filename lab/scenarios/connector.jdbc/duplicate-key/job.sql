SET 'pipeline.name' = '@job@';

CREATE TABLE order_file (order_id BIGINT, cents BIGINT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/orders.csv', 'format' = 'csv');
CREATE TABLE imported (order_id BIGINT, cents BIGINT) WITH ('connector' = 'jdbc', 'url' = '@POSTGRES@', 'table-name' = '@table@', 'username' = '@POSTGRES_USER@', 'password' = '@POSTGRES_PASSWORD@', 'sink.max-retries' = '1', 'sink.buffer-flush.interval' = '500 ms');

INSERT INTO imported SELECT order_id, cents FROM order_file;

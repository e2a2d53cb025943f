SET 'pipeline.name' = '@name@';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '1';
SET 'restart-strategy.fixed-delay.delay' = '2 s';

CREATE TABLE @table@ (order_id BIGINT, cents INT, quantity INT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/order-lines.csv', 'format' = 'csv');
CREATE TABLE unit_prices (order_id BIGINT, cents_each INT) WITH ('connector' = 'blackhole');

INSERT INTO unit_prices SELECT order_id, cents / quantity FROM @table@;

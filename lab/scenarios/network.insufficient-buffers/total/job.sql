SET 'pipeline.name' = 'order-fulfilment-overview';
SET 'parallelism.default' = '16';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '1';
SET 'restart-strategy.fixed-delay.delay' = '3 s';

CREATE TABLE orders (order_id BIGINT, customer_id BIGINT, product_id BIGINT, amount INT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE customers (customer_id BIGINT, region_id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE products (product_id BIGINT, category_id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE shipments (order_id BIGINT, weight INT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE fulfilment (region_id BIGINT, category_id BIGINT, amount BIGINT, weight BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO fulfilment
SELECT c.region_id, p.category_id, SUM(o.amount), SUM(s.weight)
FROM orders o
JOIN customers c ON o.customer_id = c.customer_id
JOIN products p ON o.product_id = p.product_id
JOIN shipments s ON o.order_id = s.order_id
GROUP BY c.region_id, p.category_id;

SET 'pipeline.name' = '@job@';
SET 'execution.runtime-mode' = 'batch';
SET 'parallelism.default' = '2';

CREATE TABLE orders (region INT, amount INT) WITH ('connector' = 'datagen', 'number-of-rows' = '@rows@', 'fields.region.min' = '1', 'fields.region.max' = '@regions@', 'fields.amount.min' = '1', 'fields.amount.max' = '900');
CREATE TABLE revenue (region INT, amount BIGINT, orders BIGINT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/revenue', 'format' = 'csv');

INSERT INTO revenue SELECT region, SUM(amount), COUNT(*) FROM orders GROUP BY region;

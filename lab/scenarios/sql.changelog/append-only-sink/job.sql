SET 'pipeline.name' = '@job@';

CREATE TABLE orders (@key@ INT, amount INT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE @sink@ (@key@ INT, amount INT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/out', 'format' = 'csv');

INSERT INTO @sink@ SELECT @key@, SUM(amount) FROM orders GROUP BY @key@;

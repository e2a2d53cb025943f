SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (id BIGINT, customer_id BIGINT, amount DECIMAL(10, 2)) WITH ('connector' = 'datagen', 'number-of-rows' = '1000');
CREATE TABLE revenue (customer BIGINT, amount DECIMAL(38, 2)) WITH ('connector' = 'blackhole');

INSERT INTO revenue
  SELECT @column@, SUM(amount)
  FROM @table@
  GROUP BY @column@;

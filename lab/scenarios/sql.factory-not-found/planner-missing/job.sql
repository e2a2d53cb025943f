SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (name STRING, price INT) WITH ('connector' = 'datagen', 'number-of-rows' = '100');
CREATE TABLE menu (name STRING, price INT) WITH ('connector' = 'blackhole');

INSERT INTO menu SELECT name, price FROM @table@;

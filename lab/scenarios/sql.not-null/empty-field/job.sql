SET 'pipeline.name' = '@job@';

CREATE TABLE customers (@column@ BIGINT, name STRING, city STRING) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/customers.csv', 'format' = 'csv', 'csv.null-literal' = '');
CREATE TABLE crm (@column@ BIGINT NOT NULL, name STRING, city STRING) WITH ('connector' = 'blackhole');

INSERT INTO crm SELECT @column@, name, UPPER(city) FROM customers;

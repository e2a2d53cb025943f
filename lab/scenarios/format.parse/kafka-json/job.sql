SET 'pipeline.name' = '@job@';

CREATE TABLE customers (customer_id BIGINT, country STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE imported (customer_id BIGINT, country STRING) WITH ('connector' = 'blackhole');

INSERT INTO imported SELECT customer_id, country FROM customers;

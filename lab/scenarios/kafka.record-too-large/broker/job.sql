SET 'pipeline.name' = '@job@';

CREATE TABLE products (product_id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE descriptions (product_id BIGINT, description STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'format' = 'json');

INSERT INTO descriptions SELECT product_id, REPEAT('d', @size@) FROM products;

SET 'pipeline.name' = '@job@';

CREATE TABLE coupons (coupon STRING, order_id BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'format' = 'json');
CREATE TABLE used (coupon STRING, order_id BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO used SELECT coupon, order_id FROM coupons;

SET 'pipeline.name' = '@job@';

CREATE TABLE shipments (shipment_id BIGINT, status STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE tracking (shipment_id BIGINT, status STRING) WITH ('connector' = 'blackhole');

INSERT INTO tracking SELECT shipment_id, status FROM shipments;

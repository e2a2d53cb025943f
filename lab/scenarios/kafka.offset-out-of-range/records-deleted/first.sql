SET 'pipeline.name' = '@job@';

CREATE TABLE bookings (booking_id BIGINT, cents BIGINT) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@',
  'scan.startup.mode' = 'earliest-offset', 'properties.auto.offset.reset' = 'none', 'format' = 'json');
CREATE TABLE revenue (booking_id BIGINT, cents BIGINT) WITH ('connector' = 'print');

INSERT INTO revenue SELECT booking_id, cents FROM bookings;

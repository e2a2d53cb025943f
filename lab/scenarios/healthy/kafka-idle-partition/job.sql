SET 'pipeline.name' = '@job@';
SET 'table.exec.source.idle-timeout' = '2 s';

CREATE TABLE positions (tram BIGINT, stop STRING, seen AS PROCTIME()) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'properties.group.id' = '@job@', 'scan.startup.mode' = 'earliest-offset', 'format' = 'json');
CREATE TABLE stops (tram BIGINT, stop STRING) WITH ('connector' = 'print');

INSERT INTO stops SELECT tram, stop FROM positions;

SET 'pipeline.name' = '@job@';

CREATE TABLE scans (contract_id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE documents (contract_id BIGINT, document STRING) WITH (
  'connector' = 'kafka', 'topic' = '@topic@', 'properties.bootstrap.servers' = '@KAFKA@', 'format' = 'json');

INSERT INTO documents SELECT contract_id, REPEAT('c', @size@) FROM scans;

SET 'pipeline.name' = '@job@';
SET 'parallelism.default' = '2';

CREATE TABLE @table@ (region INT, amount INT, note STRING, seen AS PROCTIME()) WITH (
  'connector' = 'datagen', 'rows-per-second' = '@rate@', 'fields.region.min' = '1', 'fields.region.max' = '8',
  'fields.amount.min' = '1', 'fields.amount.max' = '900', 'fields.note.length' = '4');
CREATE TABLE regions (region INT, name STRING) WITH (
  'connector' = 'datagen', 'number-of-rows' = '8', 'fields.region.kind' = 'sequence', 'fields.region.start' = '1', 'fields.region.end' = '8', 'fields.name.length' = '6');
CREATE TABLE board (region INT, name STRING, amount BIGINT, failed_notes BIGINT, PRIMARY KEY (region) NOT ENFORCED) WITH ('connector' = 'blackhole');

INSERT INTO board
  SELECT t.region, MAX(r.name), SUM(t.amount), COUNT(CASE WHEN CHAR_LENGTH(t.note) > 9 THEN 1 END)
  FROM @table@ AS t LEFT JOIN regions AS r ON t.region = r.region
  GROUP BY t.region;

SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (
  id BIGINT,
  @word@ @type@,
  booked_at TIMESTAMP(3)
) WITH ('connector' = 'datagen', 'number-of-rows' = '1000');
CREATE TABLE audit_log (id BIGINT, content @type@) WITH ('connector' = 'blackhole');

INSERT INTO audit_log SELECT id, @word@ FROM @table@;

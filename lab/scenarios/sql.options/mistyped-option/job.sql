SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (id BIGINT, page STRING) WITH ('connector' = 'datagen', '@option@' = '20');
CREATE TABLE sample (id BIGINT, page STRING) WITH ('connector' = 'blackhole');

INSERT INTO sample SELECT id, page FROM @table@;

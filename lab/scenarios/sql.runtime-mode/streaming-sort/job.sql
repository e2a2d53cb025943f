SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (id BIGINT, @column@ INT) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE ranking (id BIGINT, @column@ INT) WITH ('connector' = 'blackhole');

INSERT INTO ranking SELECT id, @column@ FROM @table@ ORDER BY @column@ DESC;

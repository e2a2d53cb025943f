SET 'pipeline.name' = '@job@';

CREATE TABLE @sink@ (id BIGINT, minutes INT) WITH ('connector' = 'blackhole');

INSERT INTO @sink@ SELECT id, minutes FROM @table@ WHERE minutes > 30;

SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (item_id BIGINT, amount INT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/@folder@', 'format' = 'csv');
CREATE TABLE totals (item_id BIGINT, amount INT) WITH ('connector' = 'blackhole');

INSERT INTO totals SELECT item_id, amount * 2 FROM @table@;

SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (id BIGINT, reason STRING) WITH ('connector' = 'filesystem', 'format' = '@format@');
CREATE TABLE archive (id BIGINT, reason STRING) WITH ('connector' = 'blackhole');

INSERT INTO archive SELECT id, reason FROM @table@;

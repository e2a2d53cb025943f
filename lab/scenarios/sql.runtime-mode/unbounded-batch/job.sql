SET 'pipeline.name' = '@job@';
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE @table@ (branch INT, amount INT) WITH ('connector' = 'datagen', 'rows-per-second' = '@rate@');
CREATE TABLE totals (branch INT, amount INT) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/totals', 'format' = 'csv');

INSERT INTO totals SELECT branch, SUM(amount) FROM @table@ GROUP BY branch;

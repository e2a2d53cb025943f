SET 'pipeline.name' = '@job@';

CREATE TABLE picks (shelf STRING, picked_at STRING) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/picks.csv', 'format' = 'csv');
CREATE TABLE pick_times (shelf STRING, picked_at TIMESTAMP(3)) WITH ('connector' = 'blackhole');

INSERT INTO pick_times SELECT shelf, CAST(picked_at AS TIMESTAMP(3)) FROM picks;

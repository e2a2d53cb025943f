SET 'pipeline.name' = '@job@';

CREATE TABLE scored (customer_id BIGINT, score DOUBLE) WITH ('connector' = 'datagen', 'rows-per-second' = '5');
CREATE TABLE scores (customer_id BIGINT, score DOUBLE) WITH ('connector' = 'jdbc', 'url' = '@POSTGRES@', 'table-name' = '@table@', 'username' = '@POSTGRES_USER@', 'password' = '@password@', 'sink.max-retries' = '1', 'sink.buffer-flush.interval' = '500 ms');

INSERT INTO scores SELECT customer_id, score FROM scored;

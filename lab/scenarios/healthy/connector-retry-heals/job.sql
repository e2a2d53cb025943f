SET 'pipeline.name' = '@job@';

CREATE TABLE bookings (seat BIGINT, taken BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '@rate@');
CREATE TABLE inventory (seat BIGINT, taken BIGINT) WITH ('connector' = 'jdbc', 'url' = '@POSTGRES@', 'table-name' = '@table@', 'username' = '@POSTGRES_USER@', 'password' = '@POSTGRES_PASSWORD@', 'sink.max-retries' = '3', 'sink.buffer-flush.interval' = '500 ms');

INSERT INTO inventory SELECT seat, taken FROM bookings;

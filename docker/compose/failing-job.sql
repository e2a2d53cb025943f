-- A job that runs for ten seconds, divides by zero, and does so again after each restart until it has failed for good.
SET 'pipeline.name' = 'shares';
SET 'restart-strategy.type' = 'fixed-delay';
SET 'restart-strategy.fixed-delay.attempts' = '2';
SET 'restart-strategy.fixed-delay.delay' = '5 s';

CREATE TABLE holders (number INT) WITH (
  'connector' = 'datagen', 'rows-per-second' = '10',
  'fields.number.kind' = 'sequence', 'fields.number.start' = '-100', 'fields.number.end' = '100000'
);
CREATE TABLE shares (share INT) WITH ('connector' = 'blackhole');

INSERT INTO shares SELECT 1000 / number FROM holders;

SET 'pipeline.name' = '@job@';

CREATE TABLE @table@ (meter INT, kwh INT, seen AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '20');
CREATE TABLE trend (meter INT, average INT) WITH ('connector' = 'blackhole');

INSERT INTO trend
  SELECT meter, AVG(total) OVER (PARTITION BY meter ORDER BY seen_now ROWS BETWEEN @rows@ PRECEDING AND CURRENT ROW)
  FROM (SELECT meter, total, PROCTIME() AS seen_now FROM (SELECT meter, SUM(kwh) AS total FROM @table@ GROUP BY meter));

SET 'pipeline.name' = '@job@';

CREATE TABLE articles (name STRING, barcode STRING) WITH ('connector' = 'filesystem', 'path' = 'file://@RUN@/data/articles.csv', 'format' = 'csv');
CREATE TABLE barcodes (barcode INT, name STRING) WITH ('connector' = 'blackhole');

INSERT INTO barcodes SELECT CAST(barcode AS INT), name FROM articles;

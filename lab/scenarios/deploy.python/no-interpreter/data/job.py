"""Counts orders per customer."""
from pyflink.table import EnvironmentSettings, TableEnvironment

environment = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
environment.execute_sql("CREATE TABLE orders (customer BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20')")
environment.execute_sql("CREATE TABLE counts (customer BIGINT, n BIGINT) WITH ('connector' = 'print')")
environment.execute_sql("INSERT INTO counts SELECT customer, COUNT(*) FROM orders GROUP BY customer")

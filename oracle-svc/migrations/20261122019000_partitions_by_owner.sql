-- As keep_outbox_partitions: the days of seconds are tables, and tables are the owner's.
ALTER FUNCTION oracle.keep_second_partitions(date, int) SECURITY DEFINER SET search_path = oracle, pg_temp;

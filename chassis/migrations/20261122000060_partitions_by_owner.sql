-- The service may not own its tables: migrations are another role's, and a service has rights on rows alone. What keeps
-- the days of the outbox makes and drops tables, so it acts as whoever owns them.
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION keep_outbox_partitions(date, int) SECURITY DEFINER SET search_path = %I, pg_temp',
                   current_schema());
END $$;

CREATE FUNCTION db_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';
CREATE TABLE widget (id bigint PRIMARY KEY);
INSERT INTO widget VALUES (1);

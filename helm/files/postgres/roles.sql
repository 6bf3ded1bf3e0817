-- One role and one schema per service, both named like the service, and the role `migrator`, which owns what is in them.
-- Run by a superuser of the database before the services' `migrate`; repeating it changes nothing but the passwords,
-- which come from the environment (ROOM_PASSWORD and so on). A service finds its schema without naming it and has no
-- right elsewhere; its rights on rows are given by `migrate`, table by table.
\set ON_ERROR_STOP on
\getenv migrator_password MIGRATOR_PASSWORD
\getenv gateway_password GATEWAY_PASSWORD
\getenv room_password ROOM_PASSWORD
\getenv wallet_password WALLET_PASSWORD
\getenv settlement_password SETTLEMENT_PASSWORD
\getenv oracle_password ORACLE_PASSWORD
\getenv notifier_password NOTIFIER_PASSWORD

SET client_min_messages = warning;

BEGIN;

CREATE TEMPORARY TABLE role (name text PRIMARY KEY, password text NOT NULL) ON COMMIT DROP;
INSERT INTO role VALUES
  ('migrator', :'migrator_password'),
  ('gateway', :'gateway_password'),
  ('room', :'room_password'),
  ('wallet', :'wallet_password'),
  ('settlement', :'settlement_password'),
  ('oracle', :'oracle_password'),
  ('notifier', :'notifier_password');

DO $$
DECLARE
  it record;
BEGIN
  -- Anybody may connect to a new database and make temporary tables there.
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  FOR it IN SELECT * FROM role ORDER BY name <> 'migrator' LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = it.name) THEN
      EXECUTE format('CREATE ROLE %I LOGIN', it.name);
    END IF;
    EXECUTE format('ALTER ROLE %I PASSWORD %L', it.name, it.password);
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), it.name);
    CONTINUE WHEN it.name = 'migrator';
    EXECUTE format('ALTER ROLE %I SET search_path = %I', it.name, it.name);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION migrator', it.name);
    -- Services that migrated by themselves owned what they made.
    EXECUTE format('REASSIGN OWNED BY %I TO migrator', it.name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', it.name, it.name);
  END LOOP;
END $$;

COMMIT;

-- The statements that give role $1 in schema $1 the rights on rows that the owner of each table has left. Rights that
-- migrations took from the owner (a ledger is append-only) stay taken. The history of migrations can only be read.
WITH relation AS (
    SELECT c.oid, c.relname AS name, c.relkind = 'S' AS is_sequence, c.relowner AS owner,
           coalesce(c.relacl, acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)) AS acl
    FROM pg_class c
    WHERE c.relnamespace = $1::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
), allowed AS (
    SELECT name, is_sequence, privilege_type AS privilege, NULL::text AS columns
    FROM relation, aclexplode(acl)
    WHERE grantee = owner
    UNION ALL
    SELECT name, false, privilege_type, string_agg(quote_ident(attname), ', ')
    FROM relation JOIN pg_attribute ON attrelid = oid, aclexplode(attacl)
    WHERE grantee = owner
    GROUP BY name, privilege_type
), statements AS (
    SELECT 1 AS step, format('REVOKE ALL ON ALL TABLES IN SCHEMA %1$I FROM %1$I', $1) AS statement
    UNION ALL
    SELECT 1, format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA %1$I FROM %1$I', $1)
    UNION ALL
    SELECT 2, format('GRANT %s%s ON %s %I.%I TO %I', privilege, ' (' || columns || ')',
                  CASE WHEN is_sequence THEN 'SEQUENCE' ELSE 'TABLE' END, $1, name, $1)
    FROM allowed
    WHERE privilege IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE')
      AND (name <> '_sqlx_migrations' OR privilege = 'SELECT')
)
SELECT statement FROM statements ORDER BY step

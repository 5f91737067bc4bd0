-- 1. By a superuser, or a role with these rights, in database @DATABASE@.

-- The log must carry row changes. Needs a restart of Postgres; the server says so when it is missing.
-- alter system set wal_level = 'logical';

-- No function, operator or type below may be one that another user created.
set search_path = pg_catalog, pg_temp;

do $$
declare
  token_role text;
begin
  if not exists (select from pg_catalog.pg_roles where rolname = @ROLE_TEXT@) then
    create role @ROLE@ login replication noinherit@PASSWORD@;
  end if;
  if not (select rolreplication or rolsuper from pg_catalog.pg_roles where rolname = @ROLE_TEXT@) then
    alter role @ROLE@ replication;
  end if;
  -- Policies are evaluated as the roles of the tokens. Grant other roles that your tokens name in the same way.
  foreach token_role in array array['anon', 'authenticated', 'service_role'] loop
    if exists (select from pg_catalog.pg_roles where rolname = token_role)
        and not pg_catalog.pg_has_role(@ROLE_TEXT@, token_role, 'MEMBER') then
      execute pg_catalog.format('grant %I to @ROLE_IN_TEXT@', token_role);
    end if;
  end loop;
  -- The login that evaluates policies and filters, in EVALUATION_DATABASE_URL. It has no rights of its own and becomes the roles of
  -- the tokens, but none that has BYPASSRLS.
  if not exists (select from pg_catalog.pg_roles where rolname = @EVALUATION_TEXT@) then
    create role @EVALUATION@ login noinherit@EVALUATION_PASSWORD@;
  end if;
  foreach token_role in array array['anon', 'authenticated'] loop
    if exists (select from pg_catalog.pg_roles where rolname = token_role and not rolbypassrls and not rolsuper)
        and not pg_catalog.pg_has_role(@EVALUATION_TEXT@, token_role, 'MEMBER') then
      execute pg_catalog.format('grant %I to @EVALUATION_IN_TEXT@', token_role);
    end if;
  end loop;
  -- For the schema realtime and its publication.
  if not pg_catalog.has_database_privilege(@ROLE_TEXT@, pg_catalog.current_database(), 'CREATE') then
    grant create on database @DATABASE@ to @ROLE@;
  end if;
  -- The tables that clients can listen to: ALTER PUBLICATION @PUBLICATION@ ADD TABLE ...
  -- First give a table without a primary key a replica identity, otherwise Postgres refuses UPDATE and DELETE on it once it is published:
  -- ALTER TABLE ... REPLICA IDENTITY FULL
  if not exists (select from pg_catalog.pg_publication where pubname = @PUBLICATION_TEXT@) then
    create publication @PUBLICATION@;
  end if;
end
$$;

reset search_path;

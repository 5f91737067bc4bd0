-- 1b. By a superuser, in the same database. For any other role it warns and creates nothing. Announces in the log that a transaction changes
-- rights, so that the change holds for all rows of that transaction. Without it some changes take effect within RIGHTS_POLL: docs/rls.md.
-- To remove it: drop schema walcast_rights cascade;
set search_path = pg_catalog, pg_temp;

do $$
declare
  owner text := (select r.rolname from pg_catalog.pg_namespace n join pg_catalog.pg_roles r on r.oid = n.nspowner
                  where n.nspname = 'walcast_rights' and not r.rolsuper and r.rolname <> current_user);
begin
  if owner is not null then
    raise exception 'schema walcast_rights belongs to "%"', owner;
  end if;
  if not exists (select from pg_catalog.pg_namespace where nspname = 'walcast_rights') then
    create schema walcast_rights;
  end if;

  -- Security definer: it works for each role, also when EXECUTE on pg_logical_emit_message is revoked from public.
  create or replace function walcast_rights.announce() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $function$
  begin
    -- Not for commands that leave the rights on existing tables unchanged. For DROP TABLE there is announce_drop().
    if tg_tag not in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'DROP TABLE', 'CREATE INDEX', 'DROP INDEX', 'REINDEX',
                      'CREATE SEQUENCE', 'CREATE STATISTICS', 'REFRESH MATERIALIZED VIEW', 'COMMENT') then
      perform pg_catalog.pg_logical_emit_message(true, 'walcast.rights', tg_tag);
    end if;
  end
  $function$;

  -- Not for temporary tables, which some applications drop frequently.
  create or replace function walcast_rights.announce_drop() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog, pg_temp as $function$
  begin
    if exists (select from pg_catalog.pg_event_trigger_dropped_objects() where not is_temporary) then
      perform pg_catalog.pg_logical_emit_message(true, 'walcast.rights', tg_tag);
    end if;
  end
  $function$;

  alter function walcast_rights.announce() owner to current_user;
  alter function walcast_rights.announce_drop() owner to current_user;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'walcast_rights'
                  and evtfoid = 'walcast_rights.announce()'::pg_catalog.regprocedure) then
    create event trigger walcast_rights on ddl_command_end execute function walcast_rights.announce();
  end if;
  if not exists (select from pg_catalog.pg_event_trigger where evtname = 'walcast_rights_drop'
                  and evtfoid = 'walcast_rights.announce_drop()'::pg_catalog.regprocedure) then
    create event trigger walcast_rights_drop on sql_drop when tag in ('DROP TABLE')
      execute function walcast_rights.announce_drop();
  end if;
  -- Also in sessions with session_replication_role = replica.
  alter event trigger walcast_rights enable always;
  alter event trigger walcast_rights_drop enable always;
exception
  when insufficient_privilege then
    raise warning 'Changes of rights are not announced in the log, because only a superuser may make event triggers: %.', sqlerrm;
  when others then
    raise warning 'Changes of rights are not announced in the log: %.', sqlerrm;
end
$$;

reset search_path;

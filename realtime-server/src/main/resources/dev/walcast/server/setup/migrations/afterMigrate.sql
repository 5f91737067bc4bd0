-- Runs after every setup, because roles may have been created since.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['anon', 'authenticated', 'service_role'] loop
    if exists (select from pg_catalog.pg_roles where rolname = role_name) then
      execute pg_catalog.format('grant usage on schema realtime to %I', role_name);
      execute pg_catalog.format('grant select, insert, update on realtime.messages to %I', role_name);
      execute pg_catalog.format('revoke all on realtime.cursors from %I', role_name);
    end if;
  end loop;
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime_messages_publication') then
    create publication supabase_realtime_messages_publication for table realtime.messages with (publish = 'insert');
  end if;
end
$$;

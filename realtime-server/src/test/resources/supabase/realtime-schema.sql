-- A database as Supabase prepares it, as far as Walcast looks at it: its roles, and a schema realtime that is not ours.
create role supabase_admin superuser createdb createrole replication bypassrls login;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role supabase_realtime_admin noinherit nologin noreplication;
grant anon, authenticated, service_role to supabase_realtime_admin;
create publication supabase_realtime;
create schema realtime authorization supabase_admin;
grant usage on schema realtime to anon, authenticated, service_role;
grant all on schema realtime to supabase_realtime_admin with grant option;
create table realtime.schema_migrations (version bigint primary key, inserted_at timestamp);
create table realtime.messages (
  topic text not null, extension text not null, payload jsonb, event text, private boolean default false,
  updated_at timestamp not null default now(), inserted_at timestamp not null default now(),
  id uuid not null default gen_random_uuid(), primary key (id, inserted_at)
) partition by range (inserted_at);
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;
create function realtime.topic() returns text language sql stable as $$ select nullif(current_setting('realtime.topic', true), '')::text $$;
create publication supabase_realtime_messages_publication for table realtime.messages;

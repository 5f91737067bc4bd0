-- Prepared by `walcast dev`: the roles and helper functions every Supabase-style database has, a publication, and two
-- tables. Safe to run again.

set search_path = pg_catalog, pg_temp;

do $$
declare
  role_name text;
begin
  foreach role_name in array array['anon', 'authenticated', 'service_role'] loop
    if not exists (select from pg_catalog.pg_roles where rolname = role_name) then
      execute pg_catalog.format('create role %I nologin noinherit', role_name);
    end if;
  end loop;
  alter role service_role bypassrls;
end
$$;

create schema if not exists auth;
grant usage on schema auth, public to anon, authenticated, service_role;

create or replace function auth.jwt() returns jsonb language sql stable as $$
  select coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb
$$;

create or replace function auth.uid() returns uuid language sql stable as $$
  select nullif(auth.jwt() ->> 'sub', '')::uuid
$$;

create or replace function auth.role() returns text language sql stable as $$
  select auth.jwt() ->> 'role'
$$;

-- Readable by every client.
create table if not exists public.messages (
  id bigint generated always as identity primary key,
  room_id text not null default 'general',
  author text not null default 'somebody',
  body text not null default '',
  created_at timestamptz not null default now()
);
grant select, insert, update, delete on public.messages to anon, authenticated, service_role;

-- Each user sees its own.
create table if not exists public.todos (
  id bigint generated always as identity primary key,
  user_id uuid not null default auth.uid(),
  task text not null,
  done boolean not null default false
);
grant select, insert, update, delete on public.todos to authenticated, service_role;
alter table public.todos enable row level security;
-- Makes a DELETE carry the columns that the policy reads.
alter table public.todos replica identity full;
drop policy if exists "own todos" on public.todos;
create policy "own todos" on public.todos for all to authenticated
  using (auth.uid() = user_id) with check (auth.uid() = user_id);

do $$
begin
  if not exists (select from pg_catalog.pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime for table public.messages, public.todos;
  end if;
end
$$;

reset search_path;

-- How far clients of bindings with `ack` have acknowledged. The key is a digest; nobody but the server has to see any of it.
create table if not exists realtime.cursors (
  key text primary key,
  "position" text not null,
  used_at timestamptz not null
);

-- Without policies nobody may do anything; the owner, who is the server, always may.
alter table realtime.cursors enable row level security;
revoke all on realtime.cursors from public;

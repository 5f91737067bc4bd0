-- Messages for channels, for a few days: what realtime.send() stores, what policies of private channels are written on, and what a join
-- can ask to hear again. Partitions are made and dropped by the server.
create schema if not exists realtime;

create table if not exists realtime.messages (
  topic text not null,
  extension text not null,
  payload jsonb,
  event text,
  private boolean default false,
  updated_at timestamp not null default (now() at time zone 'utc'),
  inserted_at timestamp not null default (now() at time zone 'utc'),
  id uuid not null default gen_random_uuid(),
  binary_payload bytea,
  primary key (id, inserted_at),
  constraint messages_one_payload check (payload is null or binary_payload is null)
) partition by range (inserted_at);

create index if not exists messages_replay on realtime.messages (topic, inserted_at desc)
  where private and extension = 'broadcast';

-- Without policies nobody may do anything; the owner, who is the server, always may.
alter table realtime.messages enable row level security;

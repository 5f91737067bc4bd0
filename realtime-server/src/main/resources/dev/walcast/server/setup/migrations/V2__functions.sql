-- The topic that a policy is asked about; null outside of such a question.
create or replace function realtime.topic() returns text language sql stable as $$
  select nullif(pg_catalog.current_setting('realtime.topic', true), '')
$$;

-- What both ways of sending have in common. An error is a warning, so that a message that cannot be sent never undoes the change that it
-- tells of.
create or replace function realtime.store_message(
  message_id uuid, json_payload jsonb, bytes_payload bytea, event text, topic text, private boolean
) returns void language plpgsql as $$
declare
  topic_before text := pg_catalog.current_setting('realtime.topic', true);
begin
  perform pg_catalog.set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, binary_payload, event, topic, private, extension)
    values (message_id, json_payload, bytes_payload, event, topic, private, 'broadcast');
  perform pg_catalog.set_config('realtime.topic', coalesce(topic_before, ''), true);
end
$$;

create or replace function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
declare
  message_id uuid := pg_catalog.gen_random_uuid();
begin
  if payload is null or pg_catalog.jsonb_typeof(payload) <> 'object' then
    raise exception 'the payload must be a JSON object';
  end if;
  if not payload ? 'id' then
    payload := payload || pg_catalog.jsonb_build_object('id', message_id);
  end if;
  perform realtime.store_message(message_id, payload, null, event, topic, private);
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

create or replace function realtime.send_binary(payload bytea, event text, topic text, private boolean default true)
returns void language plpgsql as $$
begin
  if payload is null then
    raise exception 'the payload must not be null';
  end if;
  perform realtime.store_message(pg_catalog.gen_random_uuid(), null, payload, event, topic, private);
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

-- For row-level triggers: tells a private channel what became of a row.
create or replace function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text, new record, old record, level text default 'ROW'
) returns void language plpgsql as $$
begin
  if upper(level) = 'STATEMENT' then
    raise exception 'broadcast_changes works for each row only, not for each statement';
  end if;
  perform realtime.send(
    pg_catalog.jsonb_build_object(
      'schema', table_schema, 'table', table_name, 'operation', operation, 'record', new, 'old_record', old),
    event_name, topic_name, true);
end
$$;

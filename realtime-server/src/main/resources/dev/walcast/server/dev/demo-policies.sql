-- Private channels: authenticated users may use topics that begin with "room:". Safe to run again.
set search_path = pg_catalog, pg_temp;

drop policy if exists "rooms can be heard" on realtime.messages;
create policy "rooms can be heard" on realtime.messages for select to authenticated using (realtime.topic() like 'room:%');
drop policy if exists "rooms can be spoken in" on realtime.messages;
create policy "rooms can be spoken in" on realtime.messages for insert to authenticated with check (realtime.topic() like 'room:%');

reset search_path;

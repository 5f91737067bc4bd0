-- The tables of this database that other transactions hold for themselves while they write to the catalog: CREATE POLICY does,
-- which leaves no mark on a row that is there already. One row for each transaction; null when it has none of its own yet, in
-- which case it has written nothing.
select held.relation, own.transactionid::text as xid, a.state
  from pg_catalog.pg_locks held
  join pg_catalog.pg_locks own on own.virtualtransaction = held.virtualtransaction and own.locktype = 'transactionid'
   and own.mode = 'ExclusiveLock' and own.granted
  left join pg_catalog.pg_stat_activity a on a.pid = held.pid
 where held.locktype = 'relation' and held.mode = 'AccessExclusiveLock' and held.granted
   and held.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
   and held.pid is distinct from pg_catalog.pg_backend_pid()

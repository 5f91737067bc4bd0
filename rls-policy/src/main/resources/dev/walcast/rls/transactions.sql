-- What the given transactions, or subtransactions, do: one row for each. An idle one is open and waits for its client, so it is not
-- committing; it is not known to be idle when this role may not see what others do.
select x.xid, pg_catalog.pg_xact_status(x.xid::pg_catalog.xid8) = 'aborted' as aborted,
       exists (select from pg_catalog.pg_locks own join pg_catalog.pg_stat_activity a on a.pid = own.pid
                where own.locktype = 'transactionid' and own.mode = 'ExclusiveLock' and own.granted
                  and own.transactionid = x.xid::pg_catalog.xid8::pg_catalog.xid
                  and a.state in ('idle in transaction', 'idle in transaction (aborted)')) as idle
  from pg_catalog.unnest(?::text[]) as x (xid)

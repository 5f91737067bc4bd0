-- What the given transactions, or subtransactions, do: one row for each. An idle one is open and waits for its client, so it is not
-- committing; it is not known to be idle when this role may not see what others do. A session may have committed it between the look at
-- the locks and the look at the session, and have begun another one: the session must still be in the transaction of that lock.
select x.xid, pg_catalog.pg_xact_status(x.xid::pg_catalog.xid8) = 'aborted' as aborted,
       exists (select from pg_catalog.pg_locks own join pg_catalog.pg_stat_activity a on a.pid = own.pid
                where own.locktype = 'transactionid' and own.mode = 'ExclusiveLock' and own.granted
                  and own.transactionid = x.xid::pg_catalog.xid8::pg_catalog.xid
                  and exists (select from pg_catalog.pg_locks top where top.virtualtransaction = own.virtualtransaction
                               and top.locktype = 'transactionid' and top.mode = 'ExclusiveLock' and top.granted
                               and top.transactionid = a.backend_xid)
                  and a.state in ('idle in transaction', 'idle in transaction (aborted)')) as idle
  from pg_catalog.unnest(?::text[]) as x (xid)

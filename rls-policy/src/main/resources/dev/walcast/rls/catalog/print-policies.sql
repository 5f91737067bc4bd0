-- The policies' expressions as Postgres prints them: with an empty search_path every name comes qualified. Waits for locks of the
-- tables, and shows the catalog as it is, not the transaction's snapshot: to be compared with what was read before and after.
select p.oid, pg_catalog.pg_get_expr(p.polqual, p.polrelid) as expression
  from pg_catalog.pg_policy p
 where p.oid = any (?::oid[])
 order by p.oid

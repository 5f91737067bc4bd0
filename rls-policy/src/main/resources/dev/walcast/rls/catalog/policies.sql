-- The policies that can let roles read the tables of the given oids. A tree that is longer than $1 is left out.
select p.polrelid as table_oid, p.oid, p.polname, p.polpermissive, p.polroles,
       case when pg_catalog.length(p.polqual::text) <= ? then p.polqual::text end as tree
  from pg_catalog.pg_policy p
 where p.polrelid = any (?::oid[]) and p.polqual is not null and p.polcmd in ('r', '*')
 order by p.polrelid, p.polname

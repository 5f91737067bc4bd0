-- The tables of the given oids: one row for each live column, with what its table is and which roles were granted what.
-- Grants are read from the stored lists, so that the transaction's snapshot decides; PUBLIC is 0.
select c.oid as table_oid, c.relowner as owner, c.relrowsecurity, c.relforcerowsecurity,
       array(select x.grantee from pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) x
              where x.privilege_type = 'USAGE') as schema_users,
       array(select x.grantee from pg_catalog.aclexplode(coalesce(c.relacl, pg_catalog.acldefault('r', c.relowner))) x
              where x.privilege_type = 'SELECT') as table_readers,
       array(select x.grantee from pg_catalog.aclexplode(a.attacl) x where x.privilege_type = 'SELECT') as column_readers,
       a.attname as column_name, a.attnum as column_number, a.attcollation as collation_oid,
       t.oid as type_oid, t.typname as type_name,
       pg_catalog.format('%I.%I', tn.nspname, t.typname) as type_sql,
       pg_catalog.format_type(t.oid, null) as display,
       b.oid as base_oid, b.typname as base_type, pg_catalog.format('%I.%I', b.nspname, b.typname) as base_sql,
       (select pg_catalog.array_agg(v.enumlabel::text order by v.enumsortorder)
          from pg_catalog.pg_enum v where v.enumtypid = b.oid) as labels,
       e.oid as element_oid, e.typname as element_type, e.typtype = 'd' as element_is_domain,
       case when e.oid is not null then pg_catalog.format('%I.%I', en.nspname, e.typname) end as element_sql,
       (select pg_catalog.array_agg(v.enumlabel::text order by v.enumsortorder)
          from pg_catalog.pg_enum v where v.enumtypid = e.oid) as element_labels,
       a.attcollation <> 0 as collatable,
       case when l.collname <> 'default' then pg_catalog.format('%I.%I', ln.nspname, l.collname) end as collation_sql,
       coalesce(l.collisdeterministic, true) as deterministic,
       case when l.collprovider <> 'd' then l.collprovider::text
            else coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') end as provider,
       case when l.collprovider <> 'd'
            then coalesce(l.collcollate, pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale')
            when coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c' then d.datcollate
            else coalesce(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale') end as locale,
       exists (select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey)) as key,
       c.relreplident = 'f' or exists (
         select from pg_catalog.pg_index i
          where i.indrelid = c.oid and a.attnum = any (i.indkey)
            and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)) as identity,
       a.attgenerated <> '' as generated, a.attgenerated = 'v' as virtual, a.attlen = -1 and a.attstorage in ('x', 'e') as large
  from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join pg_catalog.pg_namespace tn on tn.oid = t.typnamespace
  join lateral (
    with recursive below as (
      select t.oid, t.typbasetype, t.typtype, t.typname, t.typnamespace, t.typcategory, t.typelem
      union all
      select u.oid, u.typbasetype, u.typtype, u.typname, u.typnamespace, u.typcategory, u.typelem
        from below d join pg_catalog.pg_type u on u.oid = d.typbasetype where d.typtype = 'd')
    select below.*, bn.nspname from below join pg_catalog.pg_namespace bn on bn.oid = below.typnamespace
     where typtype <> 'd') b on true
  left join pg_catalog.pg_type e on b.typcategory = 'A' and e.oid = b.typelem
  left join pg_catalog.pg_namespace en on en.oid = e.typnamespace
  left join pg_catalog.pg_collation l on l.oid = a.attcollation
  left join pg_catalog.pg_namespace ln on ln.oid = l.collnamespace
  cross join (select * from pg_catalog.pg_database where datname = pg_catalog.current_database()) d
 where c.oid = any (?::oid[])
 order by c.oid, a.attnum

-- What the catalog has of objects that policies and columns mention: $1 oids, and functions by name ($2 schemas, $3 names, as
-- parallel arrays). Names are what printed expressions depend on; two equal versions are made of the same rows.
with recursive asked (oid) as materialized (select distinct u from pg_catalog.unnest(?::oid[]) as u),
named (schema_name, function_name) as materialized (
  select * from rows from (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[])) as q),
functions as (
  select p.oid from asked join pg_catalog.pg_proc p on p.oid = asked.oid
  union
  select p.oid from named join pg_catalog.pg_namespace n on n.nspname = named.schema_name
    join pg_catalog.pg_proc p on p.pronamespace = n.oid and p.proname = named.function_name),
types (root, oid) as (
  select t.oid, t.oid from asked join pg_catalog.pg_type t on t.oid = asked.oid
  union
  select r.root, u.oid from types r join pg_catalog.pg_type t on t.oid = r.oid
    join pg_catalog.pg_type u on u.oid in (t.typelem, t.typbasetype))
select 'f' as kind, p.oid, pg_catalog.format('%I.%I', n.nspname, p.proname) as names,
       pg_catalog.concat_ws(' ', p.xmin, p.ctid, n.xmin, n.ctid, l.xmin, l.ctid) as version, null::text[] as facts
  from functions join pg_catalog.pg_proc p on p.oid = functions.oid
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
union all
select 'o', o.oid, pg_catalog.format('%I.%s', n.nspname, o.oprname), pg_catalog.concat_ws(' ', o.xmin, o.ctid, n.xmin, n.ctid),
       array[o.oprname::text, o.oprleft::text, o.oprright::text]
  from asked join pg_catalog.pg_operator o on o.oid = asked.oid join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
union all
select 'r', c.oid, pg_catalog.format('%I.%I(%s)', n.nspname, c.relname, a.names),
       pg_catalog.concat_ws(' ', c.xmin, c.ctid, n.xmin, n.ctid, a.versions),
       array[c.relkind::text, c.relrowsecurity::text, c.relforcerowsecurity::text, c.relowner::text]
  from asked join pg_catalog.pg_class c on c.oid = asked.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  cross join lateral (
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ',' order by a.attnum) as names,
           pg_catalog.string_agg(pg_catalog.concat(a.xmin, a.ctid), '' order by a.attnum) as versions
      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0) a
union all
select 't', types.root,
       pg_catalog.string_agg(pg_catalog.format('%I.%I(%s)(%s)', n.nspname, t.typname, a.names, v.names), ' ' order by t.oid),
       pg_catalog.string_agg(pg_catalog.concat_ws(' ', t.xmin, t.ctid, n.xmin, n.ctid, a.versions, v.versions), ' ' order by t.oid),
       null
  from types join pg_catalog.pg_type t on t.oid = types.oid join pg_catalog.pg_namespace n on n.oid = t.typnamespace
  cross join lateral (
    select pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ',' order by a.attnum) as names,
           pg_catalog.string_agg(pg_catalog.concat(a.xmin, a.ctid), '' order by a.attnum) as versions
      from pg_catalog.pg_attribute a where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0) a
  cross join lateral (
    select pg_catalog.string_agg(pg_catalog.quote_literal(v.enumlabel), ',' order by v.enumsortorder) as names,
           pg_catalog.string_agg(pg_catalog.concat(v.xmin, v.ctid), '' order by v.oid) as versions
      from pg_catalog.pg_enum v where t.typtype = 'e' and v.enumtypid = t.oid) v
 group by types.root
union all
select 'l', l.oid, pg_catalog.format('%I.%I', n.nspname, l.collname), pg_catalog.concat_ws(' ', l.xmin, l.ctid, n.xmin, n.ctid), null
  from asked join pg_catalog.pg_collation l on l.oid = asked.oid join pg_catalog.pg_namespace n on n.oid = l.collnamespace
union all
select 'e', v.oid, v.enumlabel, pg_catalog.concat_ws(' ', v.xmin, v.ctid), null
  from asked join pg_catalog.pg_enum v on v.oid = asked.oid
union all
select 'n', n.oid, n.nspname, pg_catalog.concat_ws(' ', n.xmin, n.ctid), null
  from asked join pg_catalog.pg_namespace n on n.oid = asked.oid
union all
select 'u', r.oid, r.rolname, r.rolname, null from asked join pg_catalog.pg_roles r on r.oid = asked.oid
union all
select 'x', x.oid, pg_catalog.format('%I.%I', n.nspname, x.cfgname), pg_catalog.concat_ws(' ', x.xmin, x.ctid, n.xmin, n.ctid), null
  from asked join pg_catalog.pg_ts_config x on x.oid = asked.oid join pg_catalog.pg_namespace n on n.oid = x.cfgnamespace
union all
select 'y', x.oid, pg_catalog.format('%I.%I', n.nspname, x.dictname), pg_catalog.concat_ws(' ', x.xmin, x.ctid, n.xmin, n.ctid), null
  from asked join pg_catalog.pg_ts_dict x on x.oid = asked.oid join pg_catalog.pg_namespace n on n.oid = x.dictnamespace
 order by kind, oid

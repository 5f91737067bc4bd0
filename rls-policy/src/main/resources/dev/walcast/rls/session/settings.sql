-- What is stored for sessions of this database: for all roles (role_oid 0), for the named roles ($2), and for the logins: this
-- connection's own and the one that evaluates ($1; null: this connection's own). Later rows override earlier ones of the same role.
-- The row without a name says when the server's configuration was loaded, and what time it is, in seconds since 1970.
with logins (oid) as materialized (
  select r.oid from pg_catalog.pg_roles r
   where r.rolname = session_user or r.rolname = coalesce(?::pg_catalog.name, session_user)),
asked (oid) as materialized (select r.oid from pg_catalog.pg_roles r where r.rolname = any (?::text[]))
select s.setrole as role_oid, s.setrole in (select oid from logins) as of_login,
       pg_catalog.split_part(e.entry, '=', 1) as name,
       pg_catalog.substr(e.entry, pg_catalog.strpos(e.entry, '=') + 1) as value,
       s.setdatabase <> 0 as in_database
  from pg_catalog.pg_db_role_setting s cross join lateral pg_catalog.unnest(s.setconfig) as e (entry)
 where s.setdatabase in (select 0::pg_catalog.oid union all
                         select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
   and (s.setrole = 0 or s.setrole in (select oid from logins) or s.setrole in (select oid from asked))
union all
select 0, false, null, pg_catalog.concat(pg_catalog.date_part('epoch', pg_catalog.pg_conf_load_time()), ' ',
                                         pg_catalog.date_part('epoch', pg_catalog.clock_timestamp())), false
 order by 1, 5, 3

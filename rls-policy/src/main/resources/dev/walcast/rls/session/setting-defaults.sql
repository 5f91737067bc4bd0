-- What this connection's sessions begin with, of the settings that Walcast sets itself ($1, in lower case), and of custom ones.
select pg_catalog.lower(s.name) as name, s.reset_val, s.boot_val, s.context
  from pg_catalog.pg_settings s where pg_catalog.lower(s.name) = any (?::text[]) or pg_catalog.strpos(s.name, '.') > 0

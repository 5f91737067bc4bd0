select o.oid, o.oprname, o.oprleft, o.oprright from pg_catalog.pg_operator o where o.oid = any (?::oid[]) order by o.oid

-- The role that Walcast connects as in docker-compose.yml; reachable from the compose network only.
create role walcast login replication noinherit password 'walcast';
-- Policies are evaluated as the roles of the tokens.
grant anon, authenticated, service_role to walcast;
-- For the schema realtime.
grant create on database postgres to walcast;
-- Evaluates policies and filters, with no rights of its own.
create role walcast_evaluator login noinherit password 'walcast';
grant anon, authenticated to walcast_evaluator;

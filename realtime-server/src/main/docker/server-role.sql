-- The role that Walcast connects as in docker-compose.yml; reachable from the compose network only.
create role walcast login replication noinherit password 'walcast';

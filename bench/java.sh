#!/bin/sh
# Runs a program of bench/java on the classes of the distribution.
set -eu
cd "$(dirname "$0")"
. ../.mvn/jdk.sh
require_jdk 25
name=$1
shift
exec "$JAVA_HOME/bin/java" -Xmx2g -XX:+UseSerialGC -Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener \
  -cp "../realtime-server/target/dist/*" "java/$name.java" "$@"

#!/bin/sh
# Run a command with DATABASE_URL naming a throw-away PostgreSQL on loopback: deploy/with_postgres.sh COMMAND…
# POSTGRES_OPTIONS are more of the server's own (-c name=value …). POSTGRES_KEEP names a folder for its data
# when the command is done, POSTGRES_FROM such a folder to begin with a copy of.
# Where PostgreSQL is not installed, says so by name and exits 0: the same tests have run on SQLite.
set -eu
bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
if [ ! -x "$bin/initdb" ]; then
    echo "SKIPPED on PostgreSQL: no server is installed here (Debian: apt-get install postgresql)."
    exit 0
fi
as=""
[ "$(id -u)" = 0 ] && as="runuser -u postgres --"
dir=$(mktemp -d)
[ -n "$as" ] && chown postgres "$dir"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
stop() {
    $as "$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap stop EXIT INT TERM
if [ -n "${POSTGRES_FROM-}" ]; then
    cp -a "$POSTGRES_FROM" "$dir/data"
fi
cd "$dir"
if [ ! -d data ]; then
    $as "$bin/initdb" -D "$dir/data" -U portal -A trust -E UTF8 --locale=C.UTF-8 >/dev/null
fi
$as "$bin/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir -c fsync=off ${POSTGRES_OPTIONS-}" start >/dev/null
cd "$OLDPWD"
DATABASE_URL="postgres://portal@127.0.0.1:$port/postgres" "$@"
if [ -n "${POSTGRES_KEEP-}" ]; then
    (cd "$dir" && $as "$bin/pg_ctl" -D "$dir/data" -m fast stop >/dev/null)
    mv "$dir/data" "$POSTGRES_KEEP"
fi

#!/bin/sh
# Run a command with REDIS_URL naming a throw-away Redis on loopback: deploy/with_redis.sh COMMAND…
# Where Redis is not installed, says so by name and exits 0: the same tests have run without it.
set -eu
if ! command -v redis-server >/dev/null 2>&1; then
    echo "SKIPPED on Redis: no server is installed here (Debian: apt-get install redis-server)."
    exit 0
fi
dir=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
server=""
stop() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT INT TERM
redis-server --port "$port" --bind 127.0.0.1 --dir "$dir" \
    --save "" --appendonly no --maxmemory 64mb --maxmemory-policy allkeys-lru >/dev/null &
server=$!
REDIS_URL="redis://127.0.0.1:$port/0" "$@"

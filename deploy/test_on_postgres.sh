#!/bin/sh
# Run tests on PostgreSQL and Redis: deploy/test_on_postgres.sh FOLDER…
# Each folder has servers of its own, because a follower reads only marks older than every transaction that is
# open on its server: tests side by side on one server would hide each other's. A folder within another is run
# apart from it.
set -u
# What a server does for the next day, and for questions of seconds, is of no use to tests.
export POSTGRES_OPTIONS="-c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c jit=off"
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
status=0
pids=""
for folder in "$@"; do
    apart=""
    for other in "$@"; do
        case "$other" in "$folder"/*) apart="$apart --ignore=$other" ;; esac
    done
    # shellcheck disable=SC2086
    deploy/with_postgres.sh deploy/with_redis.sh .venv/bin/pytest -m "not browser and not processes" \
        "$folder" $apart >"$logs/$(basename "$folder")" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid" || status=1
done
cat "$logs"/*
exit $status

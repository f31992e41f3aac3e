#!/bin/sh
# Run tests on PostgreSQL and Redis: deploy/test_on_postgres.sh "FOLDER…"…, the folders of each word in one process.
# Each process has servers of its own, because a follower reads only marks older than every transaction that is
# open on its server: tests side by side on one server would hide each other's. All begin as copies of one that
# was migrated. A folder within another is run apart from it.
set -u
# What a server does for the next day, and for questions of seconds, is of no use to tests.
export POSTGRES_OPTIONS="-c full_page_writes=off -c synchronous_commit=off -c autovacuum=off -c jit=off"
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
POSTGRES_KEEP="$made/data" DATA_DIR="$made/migrated" deploy/with_postgres.sh .venv/bin/python manage.py migrate --verbosity 0 || exit 1
if [ -d "$made/data" ]; then
    export POSTGRES_FROM="$made/data" MIGRATED_DATABASE=postgres
fi
all="$*"
status=0
pids=""
for folders in "$@"; do
    apart=""
    for folder in $folders; do
        for other in $all; do
            case "$other" in "$folder"/*) apart="$apart --ignore=$other" ;; esac
        done
    done
    # shellcheck disable=SC2086
    deploy/with_postgres.sh deploy/with_redis.sh .venv/bin/pytest -m "not browser and not processes" \
        $folders $apart >"$made/$(echo "$folders" | tr ' /' '-_').log" 2>&1 &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid" || status=1
done
cat "$made"/*.log
exit $status

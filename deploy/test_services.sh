#!/bin/sh
# Install what some tests need (headless Chromium, PostgreSQL, Redis, nginx, shellcheck) where this machine allows it: as
# root on Debian. Elsewhere those tests are skipped by name, with the reason.
set -u
# The Nu Html Checker, where Java and npm are.
checker=var/tools/node_modules/vnu-jar/build/dist/vnu.jar
if [ ! -e "$checker" ] && command -v java >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix var/tools vnu-jar@26.9.27 >/dev/null 2>&1 ||
        echo "Could not fetch the HTML checker; its test will be skipped by name."
fi

# feedparser's own feeds, which its source distribution holds: what it reads is what we must read.
corpus=var/corpus
if ! ls $corpus/feedparser-*.tar.gz >/dev/null 2>&1 && [ -x .venv/bin/pip ]; then
    mkdir -p $corpus
    timeout 120 .venv/bin/pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
        --dest $corpus feedparser >/dev/null 2>&1 ||
        echo "feedparser's feeds could not be had; the test that reads them will be skipped by name."
fi

wanted=""
# The shell is Chromium without its windows: the same pages for two thirds of the processor's time.
command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 ||
    wanted="$wanted chromium-headless-shell"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || wanted="$wanted postgresql"
command -v redis-server >/dev/null 2>&1 || wanted="$wanted redis-server"
command -v nginx >/dev/null 2>&1 || wanted="$wanted nginx-light"
command -v shellcheck >/dev/null 2>&1 || wanted="$wanted shellcheck"
[ -z "$wanted" ] && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing for the tests:$wanted"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    apt-cache show chromium-headless-shell >/dev/null 2>&1 || wanted=$(echo "$wanted" | sed 's/-headless-shell//')
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $wanted >/dev/null 2>&1 ||
        echo "Could not install$wanted; the tests that need them will be skipped by name."
else
    echo "Not installed here and not root:$wanted; the tests that need them will be skipped by name."
fi
exit 0

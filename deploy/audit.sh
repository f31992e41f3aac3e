#!/bin/sh
# deploy/audit.sh BIN: known holes in our dependencies (pip-audit) and the list of them (CycloneDX) in var/.
# Where the package registry or the advisories cannot be reached it says so by name and exits 0; a hole is 1.
set -u
bin=$1
export UV_CACHE_DIR="${UV_CACHE_DIR:-var/uv-cache}"
if ! timeout 60 "$bin/uv" tool run --quiet --from 'cyclonedx-bom>=7' cyclonedx-py requirements constraints.txt \
    --pyproject pyproject.toml --output-reproducible --of JSON -o var/sbom.json >var/audit.log 2>&1; then
    echo "SKIPPED the list of dependencies (SBOM): $(tail -n 1 var/audit.log)"
else
    echo "Dependencies listed in var/sbom.json (CycloneDX)"
fi
timeout 90 "$bin/uv" tool run --quiet 'pip-audit>=2.9' --disable-pip --require-hashes -r constraints.txt \
    --progress-spinner off >var/audit.log 2>&1
status=$?
if grep -q "could not be audited" var/audit.log; then
    echo "SKIPPED pip-audit for $(grep -c "could not be audited" var/audit.log) packages: no advisories can be reached here"
elif [ "$status" = 0 ]; then
    echo "pip-audit: $(tail -n 1 var/audit.log)"
elif ! grep -qi "known vulnerabilit" var/audit.log; then
    echo "SKIPPED pip-audit: $(tail -n 1 var/audit.log)"
fi
if grep -qi "found .* known vulnerabilit" var/audit.log; then
    cat var/audit.log
    exit 1
fi

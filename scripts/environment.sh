#!/bin/sh
# Makes .venv anew and installs the project into it: scripts/environment.sh PYTHON
# `make` calls it when there is no .venv, or when pyproject.toml is newer.
set -eu

python=$1
log=/var/log/conformance-apt.log

fail() {
    echo "environment: $*" >&2
    exit 3
}

command -v "$python" >/dev/null || fail "$python not found; pass Python 3.11 or newer: make PYTHON=..."
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "expected Python 3.11 or newer, but $python is $version; pass another: make PYTHON=..."

# Debian ships Python without ensurepip; the package is called after the version that needs it.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    package=python$version-venv
    { [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null; } ||
        fail "$python cannot create virtual environments; install $package, or whatever provides ensurepip"
    # A failed update does not matter if the existing lists suffice.
    apt-get update >"$log" 2>&1 || true
    if ! DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$package" >>"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        fail "$package could not be installed; full log: $log"
    fi
    echo "environment: installed $package"
fi

"$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --root-user-action=ignore --editable '.[dev]'
touch .venv/stamp
echo "environment: created .venv with Python $version"

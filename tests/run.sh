#!/bin/sh
# Everything that must hold, fast things first. Stops at the first part that fails.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
unset PYTHONDONTWRITEBYTECODE  # each of some hundred processes would compile everything anew
unset LMS_DEMO LMS_DATABASE_URL LMS_INSTANCE LMS_BASE_URL 2>/dev/null || true

need() { # command, Debian package
    command -v "$1" >/dev/null 2>&1 && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing $2"
        { apt-get install -y -qq --no-install-recommends "$2" || { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$2"; }; } >/dev/null 2>&1 || true
    fi
    command -v "$1" >/dev/null 2>&1 || { echo "missing: $1. Install it with: apt-get install $2" >&2; exit 1; }
}

need chromium chromium
need pdftoppm poppler-utils

echo "== lint";       ruff check .
echo "== types";      mypy
echo "== directions"; lint-imports
workers="${TEST_WORKERS:-$(nproc)}"
echo "== tests on SQLite"
pytest -q -n "$workers" --dist worksteal --ignore tests/journeys
echo "== tests on PostgreSQL"
pytest -q -n "$workers" --dist worksteal --ignore tests/journeys --engine postgresql
echo "== journeys in Chromium"
pytest -q -n "$workers" --dist loadfile --no-loadscope-reorder tests/journeys

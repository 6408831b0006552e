#!/bin/sh
# Sets steppe up in .venv beside this file and then runs it:
#
#   sh setup.sh fly ms-21      set up and fly (every verb of the command steppe)
#   sh setup.sh test           set up for development and pass all checks and tests; more words go to pytest
#   sh setup.sh                set up only
#
# The second use finds the environment ready. STEPPE_PYTHON names the Python to use, for example
# STEPPE_PYTHON=/usr/bin/python3.12.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=$root/.venv

fail() {
    echo "setup.sh: $*" >&2
    exit 1
}

usable() {
    # 3.11 or newer, and able to make an environment (Debian keeps ensurepip in a package of its own)
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 &&
        "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

find_python() {
    if [ -n "${STEPPE_PYTHON:-}" ]; then
        usable "$STEPPE_PYTHON" || fail "STEPPE_PYTHON=$STEPPE_PYTHON is no Python 3.11 or newer with venv"
        echo "$STEPPE_PYTHON"
        return
    fi
    for name in python3 python3.13 python3.12 python3.11 python3.14 python; do
        if usable "$name"; then
            echo "$name"
            return
        fi
    done
    found=$(python3 -V 2>&1) || found="no python3"
    fail "steppe needs Python 3.11 or newer with its venv module; found: $found.
Install Python 3.11+ (on Debian and Ubuntu also the package python3-venv), or name one with STEPPE_PYTHON=..."
}

# set_up EXTRA: make .venv and install steppe with its extra, unless that was done for this place and these needs
set_up() {
    stamp=$venv/.steppe-$1
    wanted="$root $(cksum <"$root/pyproject.toml")"
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        return
    fi
    # An environment that was moved or whose Python has gone cannot be mended: its scripts hold absolute paths
    if ! "$venv/bin/python" -c '' 2>/dev/null || [ "$(cat "$venv/.steppe-root" 2>/dev/null)" != "$root" ]; then
        python=$(find_python)
        echo "setup.sh: making .venv with $("$python" -V)" >&2
        "$python" -m venv --clear "$venv"
        echo "$root" >"$venv/.steppe-root"
    fi
    echo "setup.sh: installing steppe[$1] into .venv (once)" >&2
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$root[$1]" ||
        fail "the installation failed; see the message of pip above"
    echo "$wanted" >"$stamp"
}

run_tests() {
    cd "$root"
    bin=$venv/bin
    "$bin/ruff" check .
    "$bin/ruff" format --check .
    "$bin/mypy"
    "$bin/lint-imports"
    exec "$bin/python" -m pytest --numprocesses auto "$@"
}

case "${1:-}" in
test)
    shift
    set_up test
    run_tests "$@"
    ;;
"")
    set_up all
    echo "steppe is ready: sh setup.sh fly ms-21" >&2
    ;;
*)
    set_up all
    exec "$venv/bin/steppe" "$@"
    ;;
esac

#!/usr/bin/env bash
# Prints the folder of a virtual environment that holds exactly the requirements file named, by default the one beside
# this script; makes it where it is not there.
# It lies outside the checkout, named after its content, so every checkout with the same pins shares it.
# usage: venv.sh [REQUIREMENTS]
set -euo pipefail
requirements=${1:-$(dirname "${BASH_SOURCE[0]}")/requirements.txt}
key=$({ python3 -c 'import sys; print(sys.version, sys.prefix)'; cat "$requirements"; } | sha256sum | cut -c1-16)
venv=$HOME/.cache/cikr/venv-$key

mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9
if [ ! -e "$venv/complete" ]; then
    echo "interop: making $venv" >&2
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --no-input --only-binary :all: --requirement "$requirements" >&2
    touch "$venv/complete"
fi
echo "$venv"

#!/usr/bin/env bash
# Times pulls from Koop by the program CIKR and by others: run.sh CIKR [arguments of pull.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cikr=$(realpath "${1:?usage: run.sh CIKR [arguments of pull.py]}")
shift

tools=$("$here/../interop/venv.sh" "$here/requirements.txt")/bin
pull() { "$tools/python" "$here/pull.py" "$cikr" "$tools" "$@"; }
if [ $# -gt 0 ]; then
    pull "$@"
else
    echo "## A server on this machine"
    pull
    echo "## The same, each query answered 200 ms later"
    pull --switch="--latency 200"
fi

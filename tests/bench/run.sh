#!/usr/bin/env bash
# Times pulls from Koop by the program CIKR and by others: run.sh CIKR [arguments of pull.py]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cikr=$(realpath "${1:?usage: run.sh CIKR [arguments of pull.py]}")
shift

tools=$("$here/../interop/venv.sh" "$here/requirements.txt")/bin
"$tools/python" "$here/pull.py" "$cikr" "$tools" "$@"

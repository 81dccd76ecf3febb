#!/usr/bin/env bash
# Times the program CIKR beside others: run.sh CIKR [PART [arguments of the script of that name]], by default all parts.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Each is a script here, and what it is called in the output.
parts=(
    "pull=Pulls: a server on this machine"
    "tiles=Tiles"
    "join=The join alone"
    "shares=Shares of lines"
    "query=Questions"
    "serve=Serving"
    "map=Vector tiles"
    "sync=A store filled from another"
)
usage="usage: run.sh CIKR [$(printf '%s|' "${parts[@]%%=*}" | sed 's/|$//') [arguments of the script of that name]]"
cikr=$(realpath "${1:?$usage}")
what=${2:-all}
shift $(($# > 1 ? 2 : 1))

tools=$("$here/../interop/venv.sh" "$here/requirements.txt")/bin
measure() { "$tools/python" "$here/$1.py" "$cikr" "$tools" "${@:2}"; }
for part in "${parts[@]}"; do
    name=${part%%=*}
    [ "$what" = all ] && echo "## ${part#*=}"
    [ "$what" = all ] || [ "$what" = "$name" ] || continue
    measure "$name" "$@"
    found=yes
    if [ "$what-$name" = all-pull ]; then
        echo "## Pulls: the same, each query answered 200 ms later"
        measure pull --switch="--latency 200"
    fi
done
[ -n "${found:-}" ] || { echo "run.sh: no such part: $what; $usage" >&2 && exit 2; }

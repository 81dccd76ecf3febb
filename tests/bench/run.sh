#!/usr/bin/env bash
# Times the program CIKR beside others: run.sh CIKR [pull|tiles [arguments of pull.py or tiles.py]], by default both.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cikr=$(realpath "${1:?usage: run.sh CIKR [pull|tiles [arguments of pull.py or tiles.py]]}")
what=${2:-both}
shift $(($# > 1 ? 2 : 1))

tools=$("$here/../interop/venv.sh" "$here/requirements.txt")/bin
measure() { "$tools/python" "$here/$1.py" "$cikr" "$tools" "${@:2}"; }
case $what in
    pull | tiles) measure "$what" "$@" ;;
    both)
        echo "## Pulls: a server on this machine"
        measure pull
        echo "## Pulls: the same, each query answered 200 ms later"
        measure pull --switch="--latency 200"
        echo "## Tiles"
        measure tiles
        ;;
    *) echo "run.sh: neither pull nor tiles: $what" >&2 && exit 2 ;;
esac

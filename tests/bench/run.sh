#!/usr/bin/env bash
# Times the program CIKR beside others: run.sh CIKR [pull|tiles|join|shares|query|serve|map [arguments of the script of that name]], by default all.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cikr=$(realpath "${1:?usage: run.sh CIKR [pull|tiles|join|shares|query|serve|map [arguments of the script of that name]]}")
what=${2:-all}
shift $(($# > 1 ? 2 : 1))

tools=$("$here/../interop/venv.sh" "$here/requirements.txt")/bin
measure() { "$tools/python" "$here/$1.py" "$cikr" "$tools" "${@:2}"; }
case $what in
    pull | tiles | join | shares | query | serve | map) measure "$what" "$@" ;;
    all)
        echo "## Pulls: a server on this machine"
        measure pull
        echo "## Pulls: the same, each query answered 200 ms later"
        measure pull --switch="--latency 200"
        echo "## Tiles"
        measure tiles
        echo "## The join alone"
        measure join
        echo "## Shares of lines"
        measure shares
        echo "## Questions"
        measure query
        echo "## Serving"
        measure serve
        echo "## Vector tiles"
        measure map
        ;;
    *) echo "run.sh: neither pull, tiles, join, shares, query, serve nor map: $what" >&2 && exit 2 ;;
esac

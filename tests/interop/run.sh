#!/usr/bin/env bash
# Publishes a release of PIPELINE with the program CIKR to a temporary store and lets other tools read it.
# usage: run.sh CIKR PIPELINE [pytest arguments]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cikr=$(realpath "${1:?usage: run.sh CIKR PIPELINE}") pipeline=$(realpath "${2:?usage: run.sh CIKR PIPELINE}")
shift 2

python=$("$here/venv.sh")/bin/python
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

CIKR_STORE=$scratch/store
"$cikr" run "$pipeline" --store "$CIKR_STORE"
release=$("$python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["release"])' "$CIKR_STORE/public/latest.json")

export CIKR_STORE CIKR_RELEASE=$CIKR_STORE/public/releases/$release CIKR_BIN=$cikr CIKR_PIPELINE=$pipeline
export PYTHONDONTWRITEBYTECODE=1 PYTHONNOUSERSITE=1
"$python" -m pytest --quiet -p no:cacheprovider "$here" "$@"

#!/usr/bin/env bash
# Prints the folder of an installed Koop that is exactly package-lock.json; installs it where it is not there.
# It lies outside the checkout, named after its content, so every checkout with the same lock shares it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
key=$({ node --version; cat "$here/package.json" "$here/package-lock.json"; } | sha256sum | cut -c1-16)
koop=$HOME/.cache/cikr/koop-$key

mkdir -p "$koop"
exec 9>"$koop.lock"
flock 9
if [ ! -e "$koop/complete" ]; then
    echo "koop: installing to $koop" >&2
    cp "$here/package.json" "$here/package-lock.json" "$koop"
    # One module is compiled: with the headers of the installed Node.js rather than with downloaded ones.
    [ -e /usr/include/node/node.h ] && export npm_config_nodedir=/usr
    # Without the peers, which are for browsers and telephones: 254 packages instead of 783.
    (cd "$koop" && npm ci --legacy-peer-deps --no-audit --no-fund --loglevel=error </dev/null >&2)
    touch "$koop/complete"
fi
echo "$koop"

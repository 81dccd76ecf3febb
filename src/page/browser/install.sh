#!/usr/bin/env bash
# Bundles the map page where that hasn't been done, so that the next build embeds it; prints the bundle's folder.
# With --modules, installs what it is bundled from and prints that folder.
#
# Both lie outside the checkout, named after their content, so every checkout with the same sources shares them; the
# file .bundled here tells build.rs which bundle is this checkout's.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$HOME/.cache/cikr/browser
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9

locked=$({ node --version; cat "$here/package.json" "$here/package-lock.json"; } | sha256sum | cut -c1-16)
modules=$cache/modules-$locked
if [ ! -e "$modules/complete" ]; then
    echo "map page: installing to $modules" >&2
    mkdir -p "$modules"
    cp "$here/package.json" "$here/package-lock.json" "$modules"
    # No package's own script is run: esbuild's only checks what npm has installed.
    (cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2)
    touch "$modules/complete"
fi
if [ "${1:-}" = --modules ]; then
    echo "$modules"
    exit
fi

key=$({ echo "$locked"; cd "$here" && cat -- *.js *.css bundle.mjs; } | sha256sum | cut -c1-16)
bundle=$cache/page-$key
if [ ! -e "$bundle/complete" ]; then
    mkdir -p "$bundle/sources"
    (cd "$modules" && node "$here/bundle.mjs" "$here" "$bundle" </dev/null >&2)
    # What it was made of: build.rs embeds no bundle of other sources than the checkout's.
    cp "$here"/*.js "$here"/*.css "$here/package-lock.json" "$bundle/sources"
    touch "$bundle/complete"
fi
if [ "$(cat "$here/.bundled" 2>/dev/null)" != "$bundle" ]; then
    echo "$bundle" >"$here/.bundled"
fi
echo "$bundle"

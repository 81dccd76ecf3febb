#!/usr/bin/env bash
# Installs what the machine lacks: `setup.sh build` for building, `setup.sh test` for testing as well, `setup.sh bench`
# for timing other tools beside this one.
# Looks for each tool first, so a machine that has them needs neither root nor network.
set -euo pipefail
purpose=${1:?usage: setup.sh build|test|bench}

if ! command -v cargo >/dev/null; then
    echo "setup: Rust is missing. Install it from https://rustup.rs and start again." >&2
    exit 1
fi

missing=()
command -v cc >/dev/null && command -v make >/dev/null || missing+=(build-essential)
command -v pkg-config >/dev/null || missing+=(pkg-config)
pkg-config --exists 'gdal >= 3.4' 2>/dev/null || missing+=(libgdal-dev)
# For the map page, without which the program is built all the same: who only builds needs neither Debian nor root for it.
can_install() { command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }; }
if [ "$purpose" != build ] || can_install; then
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
fi
if [ "$purpose" != build ]; then
    command -v python3 >/dev/null || missing+=(python3)
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
if [ "$purpose" = bench ]; then
    command -v ogr2ogr >/dev/null || missing+=(gdal-bin)
fi
if [ "$purpose" = test ]; then
    command -v ogrinfo >/dev/null || missing+=(gdal-bin)
    # Debian's own Python alone sees it; 180 MB, and the only QGIS of these tests.
    /usr/bin/python3 -c 'import qgis.core' 2>/dev/null || missing+=(python3-qgis)
    command -v chromium chromium-browser google-chrome >/dev/null || missing+=(chromium)
    command -v strace >/dev/null || missing+=(strace)
    command -v faketime >/dev/null || missing+=(faketime)
fi

if [ ${#missing[@]} -gt 0 ]; then
    become=()
    if ! command -v apt-get >/dev/null; then
        echo "setup: missing, by their Debian names: ${missing[*]}." >&2
        echo "       This is no Debian system: install their equivalents and start again." >&2
        exit 1
    elif [ "$(id -u)" != 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "setup: missing: ${missing[*]}. Neither root nor sudo here; as root, run" >&2
            echo "       apt-get update && apt-get install ${missing[*]}" >&2
            exit 1
        fi
        become=(sudo)
        [ -t 0 ] || become+=(-n)
    fi
    echo "setup: installing ${missing[*]}" >&2
    "${become[@]}" apt-get update -qq
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
fi

# Of all this, the page alone can be done without: no Node.js or no registry of npm, no page.
"$(dirname "${BASH_SOURCE[0]}")/../src/page/browser/install.sh" >/dev/null ||
    echo "setup: the map page can't be bundled; releases will have maps without it." >&2

if [ "$purpose" = test ]; then
    if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "setup: the interoperability tests need Python 3.11 or newer; python3 is $(python3 -V)." >&2
        exit 1
    fi
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    # Outside the checkout, as the build files are: compiled once, and then there for every clone.
    deny=$HOME/.cache/cikr/tools/bin/cargo-deny
    [ -x "$deny" ] || command -v cargo-deny >/dev/null ||
        CARGO_TARGET_DIR=$(mktemp -d) cargo install --quiet --locked --root "${deny%/bin/*}" cargo-deny@0.20.2
fi

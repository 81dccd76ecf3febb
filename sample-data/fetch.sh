#!/bin/sh
# Downloads the three packages whose real data make.py repackages, checks them and unpacks what it needs.
# usage: sample-data/fetch.sh FOLDER
set -eu
folder=${1:?usage: fetch.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
npm pack --silent us-atlas@3.0.1 vega-datasets@3.2.1 >/dev/null
pip download --quiet --no-deps --dest . airportsdata==20260905
sha256sum --check --quiet <<SUMS
d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868  airportsdata-20260905-py3-none-any.whl
e6daba1800885868303ad3549da62f85a557b8142bb72629ec15651de62f9c5d  us-atlas-3.0.1.tgz
6f72fda460a9863fae5fcb32f85bcd49e1761fdea6dc6cf9f4962472881cc5a3  vega-datasets-3.2.1.tgz
SUMS
tar -xzf us-atlas-3.0.1.tgz --strip-components=1 package/counties-10m.json
tar -xzf vega-datasets-3.2.1.tgz --strip-components=2 package/data/us-state-capitals.json
python3 -m zipfile -e airportsdata-20260905-py3-none-any.whl .
mv airportsdata/airports.csv airports.csv

"""Shares of lines by GeoPandas' overlay and pyproj's geodesic lengths, in a process of its own.

usage: shares_peer.py LINES COUNTIES OUT          prints a line of JSON: seconds and CPU seconds of the work alone
       shares_peer.py --compare OURS THEIRS       prints how far the shares of two outputs are from each other
"""

import json
import sys
import time
from pathlib import Path

import geopandas
import pandas
from peers import cpu
from pyproj import Geod

ELLIPSOID = Geod(ellps="WGS84")


def shares(lines: Path, counties: Path) -> pandas.DataFrame:
    rows = read(lines)[["geometry"]].set_crs("OGC:CRS84", allow_override=True)
    rows = rows.assign(line=range(len(rows)), whole=rows.geometry.map(ELLIPSOID.geometry_length))
    areas = geopandas.read_parquet(counties, columns=["GEOID", "geometry"]).set_crs("OGC:CRS84", allow_override=True)
    pieces = geopandas.overlay(rows, areas, how="intersection", keep_geom_type=True)
    pieces = pieces.assign(share=pieces.geometry.map(ELLIPSOID.geometry_length) / pieces["whole"])
    return pieces.groupby(["line", "GEOID"], as_index=False)["share"].sum()


def read(path: Path) -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(path) if path.suffix == ".parquet" else geopandas.read_file(path)


def compare(ours: Path, theirs: Path) -> str:
    """The largest and the usual gap of a share; what one of them alone has counts as 0 in the other."""
    rows = pandas.read_parquet(ours)
    # A row for each county of a line; lines have their ids in the order of the file.
    number = rows[next(name for name in rows if name.lower() in {"id", "fid", "objectid"})]
    found = rows.assign(line=pandas.factorize(number)[0])[["line", "counties_code", "counties_share"]].dropna()
    both = found.merge(
        pandas.read_parquet(theirs), how="outer", left_on=["line", "counties_code"], right_on=["line", "GEOID"]
    )
    gaps = (both["counties_share"].fillna(0) - both["share"].fillna(0)).abs()
    return f"{len(gaps):,} shares: half within {gaps.median():.1e}, all but 1 in 1,000 within {gaps.quantile(0.999):.1e}, all within {gaps.max():.1e}."


def main() -> None:
    if sys.argv[1] == "--compare":
        print(compare(Path(sys.argv[2]), Path(sys.argv[3])))
        return
    lines, counties, out = map(Path, sys.argv[1:])
    start, cpu_before = time.monotonic(), cpu()
    shares(lines, counties).to_parquet(out)
    print(json.dumps({"seconds": time.monotonic() - start, "cpu": cpu() - cpu_before}))


if __name__ == "__main__":
    main()

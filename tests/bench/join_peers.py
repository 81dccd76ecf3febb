"""Points to polygons by other programs, a process for each: how many points are in each polygon, nothing written.

usage: join_peers.py PEER POINTS POLYGONS

Both are GeoParquet with WKB. Prints a line of JSON: seconds and CPU seconds of the work alone, without starting Python and
loading libraries, and the points that were found in polygons.
"""

import argparse
import json
import time
from pathlib import Path

from peers import DuckDb, GeoPandas, Sedona, cpu


class DuckDbCounts(DuckDb):
    def counts(self, points: Path, polygons: Path) -> int:
        join = f"'{points}' a JOIN '{polygons}' b ON st_intersects(b.geometry, a.geometry)"
        rows = self.session.sql(f"SELECT b.GEOID, count(*) FROM {join} GROUP BY b.GEOID").fetchall()
        return sum(count for _, count in rows)


class SedonaCounts(Sedona):
    def counts(self, points: Path, polygons: Path) -> int:
        joined = self.view('b."GEOID"', points, polygons)
        joined.to_view("joined", overwrite=True)
        rows = self.session.sql('SELECT "GEOID", count(*) AS n FROM joined GROUP BY "GEOID"').to_pandas()
        return int(rows["n"].sum())


class GeoPandasCounts(GeoPandas):
    def counts(self, points: Path, polygons: Path) -> int:
        left = self.geopandas.read_parquet(points, columns=["geometry"])
        right = self.geopandas.read_parquet(polygons, columns=["GEOID", "geometry"])
        joined = self.geopandas.sjoin(left, right, predicate="intersects")
        return int(joined["GEOID"].value_counts().sum())


class PyCanopy:
    """PyCanopy, which takes points as columns of coordinates: shapely reads them out of WKB, as its users do."""

    def __init__(self):
        import polars
        import pycanopy
        import pyarrow.parquet
        import shapely

        self.polars, self.pycanopy, self.parquet, self.shapely = polars, pycanopy, pyarrow.parquet, shapely

    def counts(self, points: Path, polygons: Path) -> int:
        wkb = self.parquet.read_table(points, columns=["geometry"])["geometry"].to_numpy(zero_copy_only=False)
        places = self.shapely.get_coordinates(self.shapely.from_wkb(wkb))
        left = self.polars.DataFrame({"lon": places[:, 0], "lat": places[:, 1]})
        right = self.polars.read_parquet(polygons, columns=["GEOID", "geometry"])
        zones = self.pycanopy.SpatialFrame.from_wkb_polygons(right, "geometry")
        joined = zones.lazy().within_join(left, x_col="lon", y_col="lat")
        rows = joined.group_by(["GEOID"]).agg(n=self.pycanopy.agg.count())
        rows = rows.collect() if hasattr(rows, "collect") else rows
        return int(rows["n"].sum())


PEERS = {"duckdb": DuckDbCounts, "sedona": SedonaCounts, "geopandas": GeoPandasCounts, "pycanopy": PyCanopy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("points", type=Path)
    parser.add_argument("polygons", type=Path)
    options = parser.parse_args()
    peer = PEERS[options.peer]()
    start, cpu_before = time.monotonic(), cpu()
    matches = peer.counts(options.points, options.polygons)
    print(json.dumps({"seconds": time.monotonic() - start, "cpu": cpu() - cpu_before, "matches": matches}))


if __name__ == "__main__":
    main()

"""The same work by other programs, a process for each: facilities joined to counties and written as tiles by region.

usage: peers.py PEER tiles|join FACILITIES COUNTIES OUT

`tiles` is the whole job: join, partition by region, order spatially, write GeoParquet at zstd 3. `join` counts the
matches and writes nothing. Prints a line of JSON: seconds and CPU seconds of the job alone, without starting Python
and loading libraries, and the matches where they were counted.
"""

import argparse
import json
import os
import resource
import time
from pathlib import Path

GROUP_ROWS = 49_152


class DuckDb:
    """DuckDB with its spatial extension."""

    def __init__(self):
        import duckdb
        import duckdb_extension_spatial

        package = Path(duckdb_extension_spatial.__file__).parent
        (extension,) = package.rglob("spatial.duckdb_extension")
        self.session = duckdb.connect()
        self.session.load_extension(str(extension))
        self.session.sql(f"SET threads = {len(os.sched_getaffinity(0))}")

    def join(self, facilities: Path, counties: Path, _out: Path) -> int:
        join = f"'{facilities}' a JOIN '{counties}' b ON st_intersects(b.geometry, a.geometry)"
        return self.session.sql(f"SELECT count(*) FROM {join}").fetchone()[0]

    def tiles(self, facilities: Path, counties: Path, out: Path) -> None:
        x, y = "st_x(a.geometry)", "st_y(a.geometry)"
        box = f"{{'xmin': {x}, 'ymin': {y}, 'xmax': {x}, 'ymax': {y}}}"
        country = "{'min_x': -180.0, 'min_y': -15.0, 'max_x': 180.0, 'max_y': 72.0}::BOX_2D"
        self.session.sql(f"""
            COPY (
                SELECT a.*, b.GEOID AS county_fips, b.region, {box} AS bbox
                FROM '{facilities}' a JOIN '{counties}' b ON st_intersects(b.geometry, a.geometry)
                ORDER BY region, st_hilbert(a.geometry, {country})
            ) TO '{out}' (
                FORMAT parquet, PARTITION_BY (region), ROW_GROUP_SIZE {GROUP_ROWS},
                COMPRESSION zstd, COMPRESSION_LEVEL 3
            )""")


class Sedona:
    """SedonaDB."""

    def __init__(self):
        import sedonadb

        self.session = sedonadb.connect()

    def view(self, select: str, facilities: Path, counties: Path):
        self.session.read_parquet(str(facilities)).to_view("a")
        self.session.read_parquet(str(counties)).to_view("b")
        return self.session.sql(f"SELECT {select} FROM a JOIN b ON st_intersects(b.geometry, a.geometry)")

    def join(self, facilities: Path, counties: Path, _out: Path) -> int:
        return int(self.view("count(*) AS n", facilities, counties).to_pandas()["n"][0])

    def tiles(self, facilities: Path, counties: Path, out: Path) -> None:
        self.view('a.*, b."GEOID" AS county_fips, b.region', facilities, counties).to_parquet(
            str(out),
            partition_by=["region"],
            sort_by=["region", "geometry"],
            geoparquet_version="1.1",
            options={"compression": "zstd(3)", "max_row_group_size": GROUP_ROWS},
        )


class GeoPandas:
    """GeoPandas, which holds everything in memory and uses one core."""

    def __init__(self):
        import geopandas

        self.geopandas = geopandas

    def joined(self, facilities: Path, counties: Path):
        left, right = self.geopandas.read_parquet(facilities), self.geopandas.read_parquet(counties)
        right = right.rename(columns={"GEOID": "county_fips"}).drop(columns="NAME")
        return self.geopandas.sjoin(left, right, predicate="intersects").drop(columns="index_right")

    def join(self, facilities: Path, counties: Path, _out: Path) -> int:
        return len(self.joined(facilities, counties))

    def tiles(self, facilities: Path, counties: Path, out: Path) -> None:
        rows = self.joined(facilities, counties)
        rows = rows.assign(order=rows.hilbert_distance()).sort_values("order")
        options = {"compression": "zstd", "compression_level": 3, "row_group_size": GROUP_ROWS}
        for region, tile in rows.groupby("region"):
            (out / f"region={region}").mkdir(parents=True)
            tile.drop(columns=["region", "order"]).to_parquet(
                out / f"region={region}/part-000.parquet",
                index=False,
                write_covering_bbox=True,
                schema_version="1.1.0",
                **options,
            )


PEERS = {"duckdb": DuckDb, "sedona": Sedona, "geopandas": GeoPandas}


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("job", choices=["tiles", "join"])
    parser.add_argument("facilities", type=Path)
    parser.add_argument("counties", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    peer = PEERS[options.peer]()
    start, cpu_before = time.monotonic(), cpu()
    matches = getattr(peer, options.job)(options.facilities, options.counties, options.out)
    print(json.dumps({"seconds": time.monotonic() - start, "cpu": cpu() - cpu_before, "matches": matches}))


if __name__ == "__main__":
    main()

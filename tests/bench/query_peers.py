"""Questions to tiles by other programs: rows of a window, all columns, as Arrow in memory; what is nearest to a place."""

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Tiles:
    """A layer's tiles: their folder, and each of them."""

    folder: Path
    files: list[Path]


class DuckDb:
    """DuckDB with its spatial extension; it leaves out row groups by the statistics of the covering."""

    name = "DuckDB + spatial"

    def __init__(self, tiles: Tiles):
        import duckdb
        import duckdb_extension_spatial

        (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
        self.session = duckdb.connect()
        self.session.load_extension(str(extension))
        self.session.sql(f"SET threads = {len(os.sched_getaffinity(0))}")
        self.rows = f"read_parquet('{tiles.folder}/**/*.parquet', hive_partitioning = true)"

    def window(self, window: list[float]) -> tuple[float, int]:
        west, south, east, north = window
        start = time.monotonic()
        rows = self.session.sql(f"""
            SELECT * FROM {self.rows}
            WHERE bbox.xmin <= {east!r} AND bbox.xmax >= {west!r} AND bbox.ymin <= {north!r} AND bbox.ymax >= {south!r}
              AND st_x(geometry) BETWEEN {west!r} AND {east!r} AND st_y(geometry) BETWEEN {south!r} AND {north!r}
        """).to_arrow_table()
        return time.monotonic() - start, rows.num_rows

    def nearest(self, place: tuple[float, float], k: int) -> tuple[float, int]:
        start = time.monotonic()
        # In the plane, longitudes as short as they are there: what it is fastest with.
        rows = self.session.sql(f"""
            SELECT * FROM {self.rows}
            ORDER BY pow((st_x(geometry) - {place[0]!r}) * cos(radians({place[1]!r})), 2) + pow(st_y(geometry) - {place[1]!r}, 2)
            LIMIT {k}
        """).to_arrow_table()
        return time.monotonic() - start, rows.num_rows


class Sedona:
    """SedonaDB, which leaves out files and row groups by their boxes."""

    name = "SedonaDB"

    def __init__(self, tiles: Tiles):
        import pyarrow
        import sedonadb

        self.pyarrow = pyarrow
        self.session = sedonadb.connect()
        self.session.read_parquet(str(tiles.folder)).to_view("tiles")

    def window(self, window: list[float]) -> tuple[float, int]:
        west, south, east, north = map(repr, window)
        ring = f"{west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}"
        start = time.monotonic()
        rows = self.session.sql(f"SELECT * FROM tiles WHERE ST_Intersects(geometry, ST_SetCRS(ST_GeomFromText('POLYGON(({ring}))'), 'OGC:CRS84'))")
        rows = self.pyarrow.table(rows)
        return time.monotonic() - start, rows.num_rows

    def nearest(self, place: tuple[float, float], k: int) -> tuple[float, int]:
        point = f"ST_SetCRS(ST_Point({place[0]!r}, {place[1]!r}), 'OGC:CRS84')"
        start = time.monotonic()
        rows = self.session.sql(f"SELECT * FROM tiles ORDER BY ST_Distance(geometry, {point}) LIMIT {k}")
        rows = self.pyarrow.table(rows)
        return time.monotonic() - start, rows.num_rows


PEERS = [DuckDb, Sedona]

"""Small GeoParquet files as other programs write them: the same rows, each writer in its own way.

`main FOLDER` writes all of them: tests/fixtures/parquet holds what it wrote last.
"""

import datetime as dt
import decimal
import json
import struct
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import geopandas
import polars
import pyarrow as pa
import pyarrow.dataset as dataset
import pyarrow.parquet as pq
import sedonadb
import shapely

# Two facilities in Texas, two in Alabama (the squares of the test pipeline), one without a geometry.
POINTS = [(-95.0, 35.0), (-94.5, 33.25), (-85.0, 35.0), (-84.75, 36.5), None]


def wkb(x: float, y: float) -> bytes:
    return struct.pack("<BIdd", 1, 1, x, y)


def table() -> pa.Table:
    """Every kind of column, and a column of WKB called `geometry`."""
    utc = dt.timezone.utc
    day = dt.datetime(2016, 2, 4, 13, 0, 0, 250000)
    return pa.table(
        {
            "ID": pa.array([1, 2, 3, 4, 5], pa.int64()),
            "NAME": pa.array(["Señor", None, "B, \"C\"", "", "E"]),
            "BEDS": pa.array([12, None, -999, 0, 7], pa.int32()),
            "SMALL": pa.array([0.1, 1.5, None, -2.0, 16777216.0], pa.float32()),
            "LARGE": pa.array([0.1, 1e-7, None, 12.0, -95.123456789012345], pa.float64()),
            "OPEN": pa.array([True, False, None, True, False]),
            "DAY": pa.array([dt.date(2020, 2, 29), None, dt.date(1970, 1, 1), dt.date(1899, 12, 30), dt.date(2023, 5, 1)]),
            "AT": pa.array([day.replace(tzinfo=utc), None, None, None, None], pa.timestamp("us", tz="UTC")),
            "LOCAL": pa.array([day, None, None, None, None], pa.timestamp("ms")),
            "PRICE": pa.array([decimal.Decimal("123.45"), None, decimal.Decimal("-0.50"), None, None], pa.decimal128(9, 2)),
            "KIND": pa.array(["a", "b", None, "a", "b"]).dictionary_encode(),
            "TAGS": pa.array([["x", "y"], [], None, [None], ["z"]], pa.list_(pa.string())),
            "PAIR": pa.array([{"n": 1, "t": "one"}, None, {"n": None, "t": "t"}, None, None]),
            "geometry": pa.array([wkb(*point) if point else None for point in POINTS], pa.binary()),
        }
    )


# What every file must come out as, by column: Polars and DuckDB keep the types that matter here.
EXPECTED = {
    "ID": ["1", "2", "3", "4", "5"],
    "NAME": ["Señor", None, 'B, "C"', None, "E"],
    "BEDS": ["12", None, "-999", "0", "7"],
    "SMALL": ["0.1", "1.5", None, "-2", "16777216"],
    "LARGE": ["0.1", "0.0000001", None, "12", "-95.12345678901235"],
    "OPEN": ["true", "false", None, "true", "false"],
    "DAY": ["2020-02-29", None, "1970-01-01", "1899-12-30", "2023-05-01"],
    "AT": ["2016-02-04T13:00:00.250Z", None, None, None, None],
    "LOCAL": ["2016-02-04T13:00:00.250", None, None, None, None],
    "PRICE": ["123.45", None, "-0.50", None, None],
    "KIND": ["a", "b", None, "a", "b"],
    "TAGS": ['["x","y"]', "[]", None, "[null]", '["z"]'],
    "PAIR": ['{"n":1,"t":"one"}', None, '{"n":null,"t":"t"}', None, None],
}

def geo(version: str, **column: object) -> bytes:
    described = {"encoding": "WKB", "geometry_types": ["Point"], **column}
    return json.dumps({"version": version, "primary_column": "geometry", "columns": {"geometry": described}}).encode()


def arrow(version: str = "1.1.0", compression: str = "snappy", **column: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        rows = table().replace_schema_metadata({b"geo": geo(version, **column)})
        pq.write_table(rows, path, compression=compression, row_group_size=2)

    return write


def frame() -> geopandas.GeoDataFrame:
    rows = table()
    geometry = shapely.from_wkb(rows["geometry"].to_pylist())
    columns = rows.drop_columns(["geometry"]).to_pandas(types_mapper=pandas_type)
    return geopandas.GeoDataFrame(columns, geometry=geometry, crs="OGC:CRS84")


def pandas_type(kind: pa.DataType) -> object:
    import pandas

    return None if pa.types.is_dictionary(kind) else pandas.ArrowDtype(kind)


def pandas(**options: object) -> Callable[[Path], None]:
    return lambda path: frame().to_parquet(path, **options)


def duck(version: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        con = duckdb.connect()
        rows = table()
        con.register("rows", rows)
        con.execute(
            "COPY (SELECT * REPLACE (ST_GeomFromWKB(geometry) AS geometry) FROM rows ORDER BY ID) "
            f"TO '{path}' (FORMAT parquet, GEOPARQUET_VERSION '{version}')"
        )

    return write


def polar(path: Path) -> None:
    polars.from_arrow(table()).write_parquet(path)


def sedona(version: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        session = sedonadb.connect()
        session.create_data_frame(table()).to_view("rows")
        columns = ", ".join(f'"{name}"' for name in table().column_names if name != "geometry")
        session.sql(f'SELECT {columns}, ST_SetSRID(ST_GeomFromWKB("geometry"), 4326) AS geometry FROM rows').to_parquet(
            path, geoparquet_version=version, single_file_output=True
        )

    return write


WRITERS: dict[str, Callable[[Path], None]] = {
    "arrow_1_0": arrow("1.0.0"),
    **{f"arrow_{codec}": arrow(compression=codec) for codec in ("none", "zstd", "gzip", "brotli", "lz4")},
    "pandas_1_0": pandas(schema_version="1.0.0"),
    "pandas_1_1": pandas(schema_version="1.1.0", write_covering_bbox=True),
    "duckdb_1": duck("V1"),
    "duckdb_2": duck("V2"),
    "duckdb_both": duck("BOTH"),
    "duckdb_none": duck("NONE"),
    "polars": polar,
    "sedona_1_1": sedona("1.1"),
    "sedona_2_0": sedona("2.0"),
}


def arrow_folder(path: Path) -> None:
    rows = table().append_column("STATE", pa.array(["TX", "TX", "AL", None, "São, 1/2"]))
    dataset.write_dataset(
        rows.replace_schema_metadata({b"geo": geo("1.1.0")}),
        path,
        format="parquet",
        partitioning=dataset.partitioning(pa.schema([("STATE", pa.string())]), flavor="hive"),
    )


def duck_folder(path: Path) -> None:
    con = duckdb.connect()
    rows = table().append_column("STATE", pa.array(["TX", "TX", "AL", None, "São, 1/2"]))
    con.register("rows", rows)
    con.execute(
        "COPY (SELECT * REPLACE (ST_GeomFromWKB(geometry) AS geometry) FROM rows) "
        f"TO '{path}' (FORMAT parquet, PARTITION_BY (STATE), GEOPARQUET_VERSION 'V1')"
    )


# Folders that are partitioned by a column STATE: its values by ID.
FOLDERS: dict[str, Callable[[Path], None]] = {"arrow_folder": arrow_folder, "duckdb_folder": duck_folder}
STATES = {"1": "TX", "2": "TX", "3": "AL", "4": None, "5": "São, 1/2"}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, write in WRITERS.items():
        write(folder / f"{name}.parquet")
    for name, write in FOLDERS.items():
        write(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Five readers of a product's folder, each used as its documentation shows, and a form to compare them in."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import geopandas
import polars
import pyarrow as pa
import pyarrow.dataset
import sedonadb


def read_duckdb(data: Path, like: pa.Schema) -> pa.Table:
    rows = f"read_parquet('{data}/**/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        kinds = connection.sql(f"SELECT DISTINCT typeof(geometry) FROM {rows}").fetchall()
        assert kinds == [("GEOMETRY('OGC:CRS84')",)]
        wkb = f"SELECT * REPLACE (ST_AsWKB(geometry) AS geometry) FROM {rows}"
        return connection.sql(wkb).to_arrow_table()


def read_geopandas(data: Path, like: pa.Schema) -> pa.Table:
    frame = geopandas.read_parquet(data)
    assert frame.crs == "OGC:CRS84"
    frame["geometry_wkb"] = frame.geometry.to_wkb(byte_order=1)
    frame["region"] = frame["region"].astype(object)

    # pandas holds whole numbers with gaps as floats, so the types are the file's.
    def column(field: pa.Field) -> pa.Array:
        series = frame["geometry_wkb" if field.name == "geometry" else field.name]
        return pa.array(series, type=None if field.name == "region" else field.type, from_pandas=True)

    return pa.table({field.name: column(field) for field in like if field.name in frame})


def read_polars(data: Path, like: pa.Schema) -> pa.Table:
    return polars.scan_parquet(data).collect().to_arrow()


def read_pyarrow(data: Path, like: pa.Schema) -> pa.Table:
    return pyarrow.dataset.dataset(data, partitioning="hive").to_table()


def read_sedonadb(data: Path, like: pa.Schema) -> pa.Table:
    return pa.table(sedonadb.connect().read_parquet(str(data)))


READERS: dict[str, Callable[[Path, pa.Schema], pa.Table]] = {
    "duckdb": read_duckdb,
    "geopandas": read_geopandas,
    "polars": read_polars,
    "pyarrow": read_pyarrow,
    "sedonadb": read_sedonadb,
}

# GeoPandas uses the covering and leaves it out of its frame.
HIDDEN = {"geopandas": {"bbox"}}


def comparable(rows: pa.Table, columns: list[str]) -> pa.Table:
    """Rows by facility, with the various spellings of a type (views, large, dictionaries) made one."""
    rows = rows.select(columns).replace_schema_metadata()
    for index, field in enumerate(rows.schema):
        values = rows.column(index)
        if isinstance(field.type, pa.ExtensionType):
            values = pa.chunked_array([chunk.storage for chunk in values.chunks], field.type.storage_type)
        kind = plain(values.type)
        rows = rows.set_column(index, pa.field(field.name, kind), values.cast(kind))
    return rows.sort_by("facility_id")


def plain(kind: pa.DataType) -> pa.DataType:
    """The simplest Arrow type with the same values, nullable throughout."""
    if pa.types.is_dictionary(kind):
        return plain(kind.value_type)
    if pa.types.is_string_view(kind) or pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_binary_view(kind) or pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_list_view(kind):
        return pa.list_(pa.field("item", plain(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, plain(field.type)) for field in kind])
    return kind

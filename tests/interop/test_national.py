"""A layer's national file is one valid GeoParquet file with the very rows of its tiles, in five readers."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import geopandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sedonadb
from readers import HIDDEN, comparable


def open_duckdb(file: Path) -> pa.Table:
    with duckdb.connect() as connection:
        wkb = f"SELECT * REPLACE (ST_AsWKB(geometry) AS geometry) FROM '{file}'"
        return connection.sql(wkb).to_arrow_table()


def open_geopandas(file: Path) -> pa.Table:
    frame = geopandas.read_parquet(file)
    assert frame.crs == "OGC:CRS84"
    types = pq.read_schema(file)
    frame["geometry_wkb"] = frame.geometry.to_wkb(byte_order=1)
    columns = {name: "geometry_wkb" if name == "geometry" else name for name in types.names if name in frame}
    return pa.table(
        {
            name: pa.array(frame[column], type=types.field(name).type, from_pandas=True)
            for name, column in columns.items()
        }
    )


OPENERS: dict[str, Callable[[Path], pa.Table]] = {
    "duckdb": open_duckdb,
    "geopandas": open_geopandas,
    "polars": lambda file: polars.read_parquet(file).to_arrow(),
    "pyarrow": pq.read_table,
    "sedonadb": lambda file: pa.table(sedonadb.connect().read_parquet(str(file))),
}


@pytest.fixture(scope="module")
def files(release: Path, pipeline: dict) -> dict[str, Path]:
    """National file by layer; the pipeline asks for them."""
    assert pipeline["output"]["national"] is True
    found = {path.parent.name: path for path in release.glob("layers/*/national.parquet")}
    assert set(found) == {path.name for path in (release / "layers").iterdir()}
    return found


@pytest.mark.parametrize("reader", OPENERS)
def test_a_reader_sees_the_rows_of_the_tiles(reader: str, files: dict[str, Path], tables: dict[str, pa.Table]):
    for layer, file in files.items():
        expected = tables[layer].drop_columns("region")
        columns = [name for name in expected.column_names if name not in HIDDEN.get(reader, ())]
        seen = OPENERS[reader](file)
        assert sorted(seen.column_names) == sorted(columns), layer
        assert comparable(seen, columns).equals(comparable(expected, columns)), layer


def test_the_validator_accepts_every_file(files: dict[str, Path]):
    validator = Path(sys.executable).with_name("geoparquet-validator")
    for file in files.values():
        run = subprocess.run([validator, "check", "--json", file], capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
        found = json.loads(run.stdout)
        (verdict,) = found if isinstance(found, list) else [found]
        failed = [outcome for outcome in verdict["outcomes"] if outcome["status"] not in ("pass", "skip")]
        assert not failed, f"{file}: {failed}"


def test_its_collection_describes_it(files: dict[str, Path], manifest: dict, release: Path):
    for layer, file in files.items():
        asset = json.loads(file.with_name("collection.json").read_text())["assets"]["national"]
        entry = manifest[file.relative_to(release).as_posix()]
        assert (asset["href"], asset["file:size"]) == ("./national.parquet", entry["bytes"]), layer
        assert asset["file:checksum"] == "1220" + entry["sha256"], layer
        assert asset["table:row_count"] == entry["rows"] == pq.read_metadata(file).num_rows, layer


def test_the_list_of_tiles_opens_them(release: Path, manifest: dict):
    lines = (release / "urls.txt").read_text().splitlines()
    assert lines == sorted(path for path in manifest if "/data/" in path)

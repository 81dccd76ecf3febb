"""Answers of `cikr query` hold what other programs find in the tiles by looking at every row."""

import io
import json
import subprocess
from pathlib import Path

import duckdb
import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyproj
import pytest
import shapely
from conftest import folder
from test_http import served_with_ranges

WINDOWS = [(-97.0, 29.0, -94.0, 33.0), (-120.0, 34.0, -117.0, 38.0), (-75.0, 40.0, -73.0, 42.0)]
LAYERS = ("airports", "hospitals", "transmission_lines", "service_territories")


def query(program: Path, release: Path | str, layer: str, *asked: str) -> str:
    command = [program, "query", release, "--layer", layer, *asked]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def ids(text: str) -> list[str]:
    return [row["facility_id"] for row in json.loads(text)["rows"]]


def bbox(window: tuple[float, ...]) -> str:
    return "--bbox=" + ",".join(map(str, window))


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("layer", LAYERS)
def test_a_window_is_that_of_the_boxes_of_all_geometries(layer: str, window, program: Path, release: Path, tables: dict[str, pa.Table]):
    bounds = shapely.bounds(shapely.from_wkb(tables[layer]["geometry"].to_numpy()))
    west, south, east, north = window
    met = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    expected = set(tables[layer]["facility_id"].to_numpy(zero_copy_only=False)[met])
    found = ids(query(program, release, layer, bbox(window), "--columns", "facility_id", "--format", "json"))
    assert len(found) == len(expected) and set(found) == expected


@pytest.mark.parametrize("layer", ["airports", "dams"])
def test_the_nearest_are_those_of_pyproj(layer: str, program: Path, release: Path, tables: dict[str, pa.Table]):
    points = shapely.get_coordinates(shapely.from_wkb(tables[layer]["geometry"].to_numpy()))
    names = tables[layer]["facility_id"].to_numpy(zero_copy_only=False)
    for lon, lat in [(-95.4, 29.8), (-150.0, 61.0), (179.0, 51.0)]:
        metres = pyproj.Geod(ellps="WGS84").inv(np.full(len(points), lon), np.full(len(points), lat), *points.T)[2]
        told = json.loads(query(program, release, layer, f"--near={lon},{lat}", "--k", "12", "--format", "json"))["rows"]
        nearest = np.sort(metres)[:12]
        assert np.allclose([row["distance_m"] for row in told], nearest, atol=1e-3)
        by_name = dict(zip(names, metres, strict=True))
        assert np.allclose([by_name[row["facility_id"]] for row in told], nearest, atol=1e-3)


def test_conditions_are_those_of_sql(program: Path, release: Path):
    rows = f"read_parquet('{release}/layers/hospitals/data/*/*.parquet')"
    for condition, sql in [
        ("beds>=200", "beds >= 200"),
        ("status=OPEN", "status = 'OPEN'"),
        ("status!=OPEN", "status != 'OPEN'"),
        ("name=", "name IS NULL"),
        ("source_date<2019-01-01", "source_date < DATE '2019-01-01'"),
    ]:
        expected = {id for (id,) in duckdb.sql(f"SELECT facility_id FROM {rows} WHERE {sql}").fetchall()}
        told = query(program, release, "hospitals", "--where", condition, "--columns", "facility_id", "--format", "json")
        assert set(ids(told)) == expected, condition


@pytest.mark.parametrize("layer", LAYERS)
def test_geopandas_and_pyarrow_read_what_is_written(layer: str, program: Path, release: Path, tables: dict[str, pa.Table], tmp_path: Path):
    for ending in ("parquet", "geojson", "geojsonl", "csv"):
        query(program, release, layer, "-o", str(tmp_path / f"all.{ending}"))
    expected = sorted(tables[layer]["facility_id"].to_pylist())
    frame = geopandas.read_parquet(tmp_path / "all.parquet")
    assert frame.crs == "OGC:CRS84" and sorted(frame["facility_id"]) == expected
    some = geopandas.read_parquet(tmp_path / "all.parquet", bbox=WINDOWS[0])
    assert 0 < len(some) < len(frame), "by its covering"
    for ending in ("geojson", "geojsonl"):
        features = geopandas.read_file(tmp_path / f"all.{ending}")
        assert sorted(features["facility_id"]) == expected
    table = pyarrow.csv.read_csv(io.BytesIO((tmp_path / "all.csv").read_bytes()))
    assert sorted(table["facility_id"].to_pylist()) == expected


def test_a_server_that_knows_ranges_is_enough(program: Path, release: Path):
    with served_with_ranges(folder("CIKR_STORE") / "public") as port:
        for layer in LAYERS:
            asked = [bbox(WINDOWS[0]), "--format", "json"]
            url = f"http://127.0.0.1:{port}/"
            assert query(program, url, layer, *asked) == query(program, release, layer, *asked)
        told = json.loads(query(program, url, "airports", bbox(WINDOWS[0]), "--explain", "--format", "json"))
        assert told["requests"] <= 11 and told["bytes"]["read"] < told["bytes"]["of"] * 1.2

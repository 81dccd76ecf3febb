"""Layers pulled from Koop, Esri's own FeatureServer, under its faults: every row, and the same tiles as without faults.

Koop stands for the protocol; the servers that lie about it are played in tests/it/loopback.
"""

import csv
import hashlib
import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import shapely

from conftest import REPOSITORY, jurisdiction
from koop import Koop

TOKEN = "a-secret-that-nothing-may-show"
FAULTS = {
    "failing": ("--fail-every", "3", "--http503-every", "5"),
    "no-pagination": ("--no-pagination",),
    "no-pagination-failing": ("--no-pagination", "--fail-every", "4"),
    "small-pages": ("--max-record-count", "700"),
    "token": ("--token", TOKEN),
}


def point(row: dict) -> dict:
    values = {name: value or None for name, value in row.items()} | {"elevation": float(row["elevation"])}
    coordinates = [float(row["lon"]), float(row["lat"])]
    geometry = {"type": "Point", "coordinates": coordinates}
    return {"type": "Feature", "properties": values, "geometry": geometry}


def services() -> dict[str, list[dict]]:
    with (REPOSITORY / "sample-data/airports.csv").open(encoding="utf-8", newline="") as file:
        airports = [point(row) for row in csv.DictReader(file)]
    pipelines = json.loads((REPOSITORY / "sample-data/natural_gas_pipelines.geojson").read_text())["features"]
    # Koop itself answers no query of a layer with such rows as the sample has among its defects.
    shaped = [row for row in pipelines if isinstance(row, dict) and (row.get("geometry") or {}).get("coordinates")]
    return {"Airports": airports, "Pipelines": shaped}


def pipeline(koop: Koop, airports: str, gas: str) -> str:
    return f"""
id = "koop"
title = "From Koop"
store = "store"
schemas = "{REPOSITORY}/schemas"
{jurisdiction("state")}{jurisdiction("county")}
[[layer]]
id = "airports"
source.{airports}

[[layer]]
id = "natural_gas_pipelines"
synthetic = true
source.{gas}
"""


def run(program: Path, folder: Path, koop: Koop, airports: str | None = None, gas: str | None = None) -> dict:
    """Publishes the two layers; digests of their tiles by path below the release."""
    auth = ', auth = { token = "KOOP_TOKEN" }' if "--token" in koop.switches else ""
    pulled = {name: f'arcgis = {{ url = "{koop.layer(name)}"{auth} }}' for name in ("Airports", "Pipelines")}
    folder.mkdir()
    text = pipeline(koop, airports or pulled["Airports"], gas or pulled["Pipelines"])
    (folder / "pipeline.toml").write_text(text)
    command = [program, "run", "pipeline.toml", "--format", "json", "--verbose"]
    ended = subprocess.run(
        command, cwd=folder, env=os.environ | {"KOOP_TOKEN": TOKEN}, capture_output=True, text=True, timeout=300
    )
    assert ended.returncode == 0, ended.stderr
    assert TOKEN not in ended.stdout + ended.stderr
    for path in folder.rglob("*"):
        assert not path.is_file() or TOKEN.encode() not in path.read_bytes(), f"the token is in {path}"
    found = release(folder)
    tiles = sorted(found.glob("layers/*/data/*/*.parquet"))
    assert tiles
    return {tile.relative_to(found).as_posix(): hashlib.sha256(tile.read_bytes()).hexdigest() for tile in tiles}


def release(folder: Path) -> Path:
    name = json.loads((folder / "store/public/latest.json").read_text())["release"]
    return folder / "store/public/releases" / name


def rows(folder: Path, layer: str) -> dict[str, dict]:
    """Published rows by id; Esri's polylines don't tell a line from a set of one line, so neither do these."""
    tiles = release(folder).glob(f"layers/{layer}/data/*/*.parquet")
    found = [row for tile in tiles for row in pq.ParquetFile(tile).read().to_pylist()]
    for row in found:
        shape = shapely.from_wkb(row["geometry"])
        if shape.geom_type == "MultiLineString" and len(shape.geoms) == 1:
            row["geometry"] = shapely.to_wkb(shape.geoms[0])
    assert len({row["facility_id"] for row in found}) == len(found)
    return {row["facility_id"]: row for row in found}


def rejects(folder: Path, layer: str, reason: str) -> list[dict]:
    table = pq.read_table(release(folder) / f"rejects/{layer}.parquet").to_pylist()
    return [row for row in table if row["reason"] == reason]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Path:
    """Folder of the GeoJSON that every Koop of this file serves, with one modification time."""
    folder = tmp_path_factory.mktemp("koop")
    with Koop(folder, services()):
        return folder


@pytest.fixture(scope="module")
def undisturbed(program, served, tmp_path_factory) -> tuple[Path, str, dict]:
    """Folder of a run without faults, the port of its Koop, and its tiles."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    with Koop(served, {}) as koop:
        return folder, koop.port, run(program, folder, koop)


def test_every_row_comes_as_it_does_from_the_file(program, served, undisturbed, tmp_path):
    pulled, _, _ = undisturbed
    samples = REPOSITORY / "sample-data"
    airports = f'csv = {{ path = "{samples}/airports.csv", x = "lon", y = "lat", crs = "EPSG:4326" }}'
    gas = f'geojson = {{ path = "{served}/Pipelines.geojson" }}'
    with Koop(served, {}) as koop:
        run(program, tmp_path / "files", koop, airports, gas)
    files = tmp_path / "files"
    airports = rows(files, "airports")
    assert airports and rows(pulled, "airports") == airports

    layer = "natural_gas_pipelines"
    expected, found = rows(files, layer), rows(pulled, layer)
    features = json.loads((served / "Pipelines.geojson").read_text())["features"]
    told = lambda row: (row["operator_name"], row["length_degrees_stated"])  # noqa: E731  (no two segments share them)
    source = lambda at: tuple(features[at]["properties"][name] for name in ("Operator", "Shape_Leng"))  # noqa: E731
    # A segment without its number is rejected from the file; Koop gives each an OBJECTID, the schema's second key.
    keyless = [source(row["row"] - 1) for row in rejects(files, layer, "no_key")]
    assert keyless and not rejects(pulled, layer, "no_key")
    assert sorted(told(found.pop(id)) for id in found.keys() - expected.keys()) == sorted(keyless)
    # Of segments with one number the first stays: of the file in its order, of Koop in that of its OBJECTIDs.
    repeated = {f"{layer}:{row['value']}" for row in rejects(files, layer, "duplicate_key")}
    assert repeated == {f"{layer}:{row['value']}" for row in rejects(pulled, layer, "duplicate_key")}
    for id in repeated:
        same = [at for at, feature in enumerate(features) if f"{layer}:{feature['properties']['FID']}" == id]
        assert len(same) > 1 and told(found.pop(id)) in map(source, same) and expected.pop(id)
    assert len(found) > 400 and found == expected


@pytest.mark.parametrize("fault", FAULTS)
def test_a_disturbed_pull_gives_the_tiles_of_an_undisturbed_one(fault, program, served, undisturbed, tmp_path):
    _, port, tiles = undisturbed
    with Koop(served, {}, "--port", port, *FAULTS[fault]) as koop:
        assert run(program, tmp_path / "run", koop) == tiles

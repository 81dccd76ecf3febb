"""Files that other programs wrote: written here, read by the program, and the rows are the same."""

import json
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import writers
from conftest import REPOSITORY

SQUARES = {"48": -100.0, "01": -90.0}

SCHEMA = """
title = "Foreign files"
description = "Every kind of column"
agency = "Test Agency"
licence = "CC0-1.0"
key = ["id"]
geometry = "point"
max-rejects = 0.9

[sector]
code = "HLPH"
subsector = "Direct Patient Care"
lifeline = "Health and Medical/Medical Care"

[[field]]
name = "id"
from = ["ID"]
description = "key"

[[field]]
name = "state_folder"
from = ["STATE"]
description = "key of a folder"
"""

# Column of the source -> column of the tile; all text, so that the spelling shows.
FIELDS = {name: f"v_{name.lower()}" for name in writers.EXPECTED if name != "ID"}


def squares() -> str:
    def square(code: str, west: float) -> dict:
        ring = [[west, 30], [west + 10, 30], [west + 10, 40], [west, 40], [west, 30]]
        return {
            "type": "Feature",
            "properties": {"GEOID": code},
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }

    features = [square(code, west) for code, west in SQUARES.items()]
    return json.dumps({"type": "FeatureCollection", "features": features})


def layer(name: str, path: Path) -> str:
    more = ', geometry = "geometry", crs = "OGC:CRS84"' if name == "polars" else ""
    source = f'source.parquet = {{ path = "{path.name}"{more} }}'
    return f'\n[[layer]]\nid = "{name}"\nschema = "foreign"\n{source}\n'


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory, program: Path) -> Path:
    """A release of one layer per writer."""
    folder = tmp_path_factory.mktemp("foreign")
    writers.main(folder)
    (folder / "states.geojson").write_text(squares())
    fields = [f'[[field]]\nname = "{to}"\nfrom = ["{name}"]\ndescription = "x"\n' for name, to in FIELDS.items()]
    (folder / "schemas").mkdir()
    (folder / "schemas" / "foreign.toml").write_text(SCHEMA + "\n".join(fields))
    paths = {name: folder / f"{name}.parquet" for name in writers.WRITERS}
    paths |= {name: folder / name for name in writers.FOLDERS}
    (folder / "pipeline.toml").write_text(
        f"""id = "foreign"
title = "Foreign"
store = "store"
schemas = "schemas"
reference = "{REPOSITORY}/schemas/reference"

[[jurisdiction]]
id = "state"
kind = "state"
vintage = "test"
source.geojson = {{ path = "states.geojson" }}
code = "GEOID"
agency = "test"
licence = "CC0-1.0"
"""
        + "".join(layer(name, path) for name, path in paths.items())
    )
    run = subprocess.run([program, "run", folder / "pipeline.toml"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    latest = json.loads((folder / "store" / "public" / "latest.json").read_text())["release"]
    return folder / "store" / "public" / "releases" / latest


@pytest.mark.parametrize("name", [*writers.WRITERS, *writers.FOLDERS])
def test_rows_of_other_programs_come_through(foreign: Path, name: str) -> None:
    report = {entry["id"]: entry for entry in json.loads((foreign / "report.json").read_text())["layers"]}
    assert report[name]["rows_read"] == 5
    assert report[name]["rejects_by_reason"] == {"null_geometry": 1}
    tiles = sorted((foreign / "layers" / name / "data").rglob("*.parquet"))
    rows = [row for tile in tiles for row in pq.ParquetFile(tile).read().to_pylist()]
    found = {row["id"]: row for row in rows}
    assert sorted(found) == ["1", "2", "3", "4"]
    for at, key in enumerate(writers.EXPECTED["ID"][:4]):
        expected = {to: writers.EXPECTED[source][at] for source, to in FIELDS.items()}
        assert {to: found[key][to] for to in FIELDS.values()} == expected
        assert found[key]["geometry"] == writers.wkb(*writers.POINTS[at])
        assert found[key]["state_code"] == ("TX" if at < 2 else "AL")
        if name in writers.FOLDERS:
            assert found[key]["state_folder"] == writers.STATES[key]

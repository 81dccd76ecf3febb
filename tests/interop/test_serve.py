"""`cikr serve` as others see it: GDAL and QGIS by OGC API – Features, pystac-client, an OpenAPI validator, DuckDB over HTTP."""

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pytest
from conftest import REPOSITORY, folder
from test_readme import blocks

HERE = Path(__file__).parent
WINDOW = "-100,29,-90,37"
README = REPOSITORY / "README.md"


def asked(program: Path, layer: str, *args: str) -> list[str]:
    """Ids that `cikr query` finds."""
    command = [program, "query", folder("CIKR_STORE"), "--layer", layer, "--columns", "facility_id", *args]
    run = subprocess.run([*command, "--format", "json"], check=True, capture_output=True, text=True)
    return [row["facility_id"] for row in json.loads(run.stdout)["rows"]]


def ogrinfo(*args: str) -> str:
    run = subprocess.run(["ogrinfo", "-ro", *args], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0 and "ERROR" not in run.stderr, run.stdout + run.stderr
    return run.stdout


@pytest.mark.parametrize("layer", ["dams", "transmission_lines", "facilities"])
def test_gdal_reads_the_same_features(program: Path, served: str, layer: str):
    window = WINDOW.split(",")
    told = ogrinfo("-al", "-spat", *window, f"OAPIF:{served}", layer)
    found = re.findall(r"^  facility_id \(String\) = (.+)$", told, flags=re.MULTILINE)
    expected = asked(program, layer, f"--bbox={WINDOW}")
    assert found and set(found) <= set(expected)
    # GDAL looks at geometries once more, `query` at their boxes: of points both are the same.
    if layer != "transmission_lines":
        assert found == expected
    count = re.search(r"Feature Count: (\d+)", ogrinfo("-so", f"OAPIF:{served}", layer))
    assert int(count[1]) == len(asked(program, layer))


def test_qgis_reads_the_same_features_and_opens_tiles(program: Path, served: str):
    script = REPOSITORY / "tests/qgis/open_served.py"
    run = subprocess.run(
        ["/usr/bin/python3", script, served, "dams", WINDOW], capture_output=True, text=True, timeout=180
    )
    assert run.returncode == 0, run.stdout + run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert sorted(told["ids"]) == sorted(asked(program, "dams", f"--bbox={WINDOW}")) and told["ids"]
    assert told["rows"] == len(asked(program, "dams"))
    assert told["crs"] in ("OGC:CRS84", "EPSG:4326")
    assert {"facility_id", "state_code", "height_ft"} <= set(told["fields"])
    assert told["drawn_pixels"] > 0


def test_stac_and_openapi_clients(served: str, release: Path):
    venv = subprocess.run([HERE / "venv.sh", HERE / "serve.txt"], check=True, capture_output=True, text=True)
    python = Path(venv.stdout.strip()) / "bin/python"
    run = subprocess.run([python, HERE / "serve_clients.py", served], capture_output=True, text=True, timeout=180)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    expected = {
        json.loads((path / "collection.json").read_text())["id"]: sorted(item.stem for item in (path / "stac").glob("*.json"))
        for path in [release / "facilities", *release.glob("layers/*")]
        if (path / "stac").is_dir()
    }
    assert {name: sorted(items) for name, items in told["collections"].items()} == expected
    assert sorted(told["items"]) == sorted(item for items in expected.values() for item in items)
    assert told["window"] and set(told["window"]) <= set(expected["dams"])
    assert set(told["assets"].values()) == {200}


def test_duckdb_reads_tiles_over_http(served: str, tables: dict):
    with duckdb.connect() as connection:
        try:
            connection.execute("INSTALL httpfs; LOAD httpfs")
        except duckdb.Error as error:
            pytest.skip(f"DuckDB's extensions can't be had here: {error}")
        items = connection.execute(
            f"SELECT assets.data.href FROM '{served}/latest/layers/dams/items.parquet'"
        ).fetchall()
        tiles = [f"{served}/latest/layers/dams/{href}" for (href,) in items if not href.startswith("crossing")]
        (count,) = connection.execute("SELECT count(*) FROM read_parquet(?)", [tiles]).fetchone()
    assert count == tables["dams"].num_rows


def test_the_recipes_of_the_readme_run(served: str):
    """Those for the shell, against this server."""
    (recipe,) = [text for language, text in blocks(README) if language == "sh" and "OAPIF:" in text]
    for line in recipe.replace("http://127.0.0.1:8080", served).splitlines():
        command = line.split("  #")[0].strip()
        if command and not command.startswith("cikr"):
            run = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)
            assert run.returncode == 0 and run.stdout.strip(), f"{command}\n{run.stdout}{run.stderr}"

"""What `cikr export` writes is read by GDAL's own tools, GeoPandas and QGIS, with the rows of the release."""

import json
import subprocess
from pathlib import Path

import geopandas
import pyarrow as pa
import pytest
from conftest import REPOSITORY

ENDINGS = ("gpkg", "fgb", "geojson", "csv", "shp.zip")
LAYERS = ("hospitals", "transmission_lines", "service_territories", "facilities")
# Files of one name share one style, and a shapefile has names of ten characters.
SECTOR = "coalesce(attribute('sector_code'),attribute('secto_code'))"
WINDOW = "-125,24,-66,50"


@pytest.fixture(scope="module")
def exported(program: Path, release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every layer in every format."""
    folder = tmp_path_factory.mktemp("exported")
    for layer in LAYERS:
        for ending in ENDINGS:
            export(program, release, layer, folder / f"{layer}.{ending}")
    return folder


def export(program: Path, release: Path, layer: str, file: Path, *more: str) -> None:
    command = [program, "export", release, "--layer", layer, "-o", file, *more]
    subprocess.run(command, check=True, capture_output=True)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("layer", LAYERS)
def test_gdal_counts_the_rows(layer: str, ending: str, exported: Path, tables: dict[str, pa.Table]):
    file = exported / f"{layer}.{ending}"
    name = f"/vsizip/{file}" if ending == "shp.zip" else str(file)
    told = subprocess.run(["ogrinfo", "-so", "-ro", name, layer], capture_output=True, text=True, check=True)
    assert f"Feature Count: {len(tables[layer])}\n" in told.stdout
    assert "Warning" not in told.stderr, told.stderr


@pytest.mark.parametrize("layer", LAYERS)
def test_geopandas_reads_the_same_values(layer: str, exported: Path, tables: dict[str, pa.Table]):
    frame = geopandas.read_file(exported / f"{layer}.gpkg", layer=layer).sort_values("facility_id")
    expected = tables[layer].sort_by("facility_id")
    assert frame.crs == "EPSG:4326"
    plain = [f.name for f in expected.schema if pa.types.is_string(f.type) and f.name not in ("region",)]
    for column in plain:
        # pandas may have one value for all that is missing.
        seen = [None if not isinstance(value, str) else value for value in frame[column]]
        assert seen == expected[column].to_pylist(), column
    flat = geopandas.read_file(exported / f"{layer}.fgb").sort_values("facility_id")
    assert flat.geometry.geom_equals(frame.geometry.set_axis(flat.index)).all()
    bounds = frame.geometry.bounds
    assert (bounds.minx >= -180).all() and (bounds.maxy <= 90).all(), "longitude first"


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_repeat_has_the_same_bytes(ending: str, program: Path, release: Path, exported: Path, tmp_path: Path):
    for layer in LAYERS:
        again = tmp_path / f"{layer}.{ending}"
        export(program, release, layer, again)
        assert again.read_bytes() == (exported / again.name).read_bytes(), layer


def test_the_release_holds_the_file_that_the_command_makes(release: Path, exported: Path):
    held = release / "layers/hospitals/hospitals.gpkg"
    assert held.read_bytes() == (exported / "hospitals.gpkg").read_bytes()


@pytest.mark.parametrize(
    ("layer", "ending", "column", "label"),
    [
        ("hospitals", "gpkg", "status", "OPEN"),
        ("facilities", "gpkg", "sector_code", "Energy"),
        ("transmission_lines", "fgb", SECTOR, "Energy"),
        ("service_territories", "shp.zip", SECTOR, "Energy"),
    ],
)
def test_qgis_draws_it_by_its_style(
    layer: str,
    ending: str,
    column: str,
    label: str,
    exported: Path,
    tables: dict[str, pa.Table],
    tmp_path: Path,
):
    script = REPOSITORY / "tests/qgis/open_export.py"
    command = ["/usr/bin/python3", script, exported / f"{layer}.{ending}", layer, tmp_path / "map.png", WINDOW]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert (told["rows"], told["crs"]) == (len(tables[layer]), "EPSG:4326")
    assert (told["renderer"], told["column"]) == ("categorizedSymbol", column)
    assert label in told["legend"]
    assert told["colours"] > 1_000, "hardly anything is drawn"

"""Every tile is a valid GeoParquet file that keeps the project's own promises."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

CLASSES = {"core", "covering", "distribution"}


def test_the_validator_accepts_every_tile(product: Path):
    tiles = sorted((product / "data").rglob("*.parquet"))
    validator = Path(sys.executable).with_name("geoparquet-validator")
    # It checks only the first 20 files of a folder unless told otherwise.
    command = [validator, "check", "--json", "--max-files", str(len(tiles)), product / "data"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr

    found = json.loads(run.stdout)
    verdicts = found if isinstance(found, list) else [found]
    assert sorted(Path(verdict["file"]) for verdict in verdicts) == tiles
    for verdict in verdicts:
        failed = [outcome for outcome in verdict["outcomes"] if outcome["status"] not in ("pass", "skip")]
        assert not failed, f"{verdict['file']}: {failed}"
        passed = {
            outcome["id"].split("/")[2] for outcome in verdict["outcomes"] if outcome["status"] == "pass"
        }
        assert passed >= CLASSES, f"{verdict['file']}: nothing tested of {CLASSES - passed}"


def test_only_tiles_lie_below_data_and_share_one_schema(product: Path):
    files = [path for path in (product / "data").rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".parquet"}
    first, *others = (pq.read_schema(path).remove_metadata() for path in sorted(files))
    assert all(schema.equals(first) for schema in others)


def test_metadata_is_what_the_oldest_readers_can_open(product: Path):
    for path in (product / "data").rglob("*.parquet"):
        metadata = pq.read_metadata(path).metadata
        assert b"ARROW:schema" not in metadata, path
        geo = json.loads(metadata[b"geo"])
        column = geo["columns"][geo["primary_column"]]
        assert (geo["version"], geo["primary_column"], column["encoding"]) == ("1.1.0", "geometry", "WKB"), (
            path
        )
        assert set(column["covering"]["bbox"]) == {"xmin", "ymin", "xmax", "ymax"}, path


def test_geometries_are_whole_flat_valid_and_on_earth(product: Path, tables: dict[str, pa.Table]):
    geometries = decode(tables[product.name])
    assert not shapely.is_missing(geometries).any()
    assert not shapely.is_empty(geometries).any()
    assert not shapely.has_z(geometries).any()
    invalid = np.flatnonzero(~shapely.is_valid(geometries))
    reasons = shapely.is_valid_reason(geometries[invalid]).tolist()
    assert not reasons, (tables[product.name]["facility_id"].take(pa.array(invalid)).to_pylist(), reasons)

    west, south, east, north = shapely.total_bounds(geometries)
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    families = {geometry.geom_type.removeprefix("Multi") for geometry in geometries}
    assert families in ({"Point"}, {"LineString"}, {"Polygon"})


def test_boxes_hold_their_geometry_and_hug_it(product: Path, tables: dict[str, pa.Table]):
    bounds = shapely.bounds(decode(tables[product.name]))
    bbox = tables[product.name]["bbox"].combine_chunks()
    for index, (name, outward) in enumerate((("xmin", -1), ("ymin", -1), ("xmax", 1), ("ymax", 1))):
        box, exact = bbox.field(name).to_numpy(), bounds[:, index]
        assert box.dtype == np.float32
        slack = (box.astype(np.float64) - exact) * outward
        assert (slack >= 0).all(), f"{name} leaves a part of {np.count_nonzero(slack < 0)} geometries outside"
        assert (slack <= 2 * np.spacing(np.abs(box))).all(), f"{name} is wider than rounding explains"


def test_the_extent_in_the_metadata_is_the_exact_one(product: Path):
    for path in (product / "data").rglob("*.parquet"):
        parquet = pq.ParquetFile(path)
        stated = json.loads(parquet.metadata.metadata[b"geo"])["columns"]["geometry"]["bbox"]
        assert stated == shapely.total_bounds(decode(parquet.read(["geometry"]))).tolist(), path


def test_inventory_has_points_alone(tables: dict[str, pa.Table]):
    assert {geometry.geom_type for geometry in decode(tables["facilities"])} == {"Point"}


def decode(rows: pa.Table) -> np.ndarray:
    """Geometries of the rows, as shapely reads their WKB."""
    return shapely.from_wkb(rows["geometry"].to_numpy())

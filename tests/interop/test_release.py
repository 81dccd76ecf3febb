"""A release tells the truth about itself: manifest, latest, report and rejects agree with the files."""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def test_latest_names_the_release_and_seals_its_manifest(release: Path, store: Path):
    latest = json.loads((store / "public" / "latest.json").read_text())
    assert (store / "public" / "releases" / latest["release"]).resolve() == release
    assert latest["manifest_sha256"] == sha256(release / "manifest.json")


def test_the_manifest_lists_every_file_but_itself(release: Path, manifest: dict):
    files = {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}
    assert files - {"manifest.json"} == set(manifest)


def test_every_file_is_as_the_manifest_says(release: Path, manifest: dict):
    for path, entry in manifest.items():
        assert (release / path).stat().st_size == entry["bytes"], path
        assert sha256(release / path) == entry["sha256"], path
        if path.endswith(".parquet"):
            assert pq.read_metadata(release / path).num_rows == entry["rows"], path


def test_every_layer_of_the_pipeline_is_reported_and_here(release: Path, report: dict, pipeline: dict):
    assert [layer["id"] for layer in report["layers"]] == [layer["id"] for layer in pipeline["layer"]]
    present = {layer["id"] for layer in report["layers"] if layer["status"] != "absent"}
    assert present == {path.name for path in (release / "layers").iterdir()}


def test_no_row_is_lost(release: Path, report: dict, tables: dict[str, pa.Table]):
    for layer in present(report):
        rejects = pq.read_table(release / "rejects" / f"{layer['id']}.parquet")
        assert layer["rows_read"] == layer["rows_written"] + layer["rows_rejected"], layer["id"]
        assert layer["rows_written"] == tables[layer["id"]].num_rows, layer["id"]
        assert layer["rows_rejected"] == rejects.num_rows, layer["id"]
        assert layer["rejects_by_reason"] == Counter(rejects["reason"].to_pylist()), layer["id"]


def test_flags_are_of_published_rows_and_counted(release: Path, report: dict, tables: dict[str, pa.Table]):
    for layer in present(report):
        flags = pq.read_table(release / "quality" / "flags" / f"{layer['id']}.parquet")
        counted = Counter(zip(flags["flag"].to_pylist(), flags["field"].to_pylist(), strict=True))
        told = {(flag, field): n for flag, fields in layer["flags"].items() for field, n in fields.items()}
        assert layer["flags_truncated"] or counted == told, layer["id"]
        published = set(tables[layer["id"]]["facility_id"].to_pylist())
        assert set(flags["facility_id"].to_pylist()) <= published, layer["id"]
        # By its code and by its name a county may be told twice.
        rows = zip(flags["flag"].to_pylist(), flags["facility_id"].to_pylist(), strict=True)
        mismatches = {facility for flag, facility in rows if flag == "county_mismatch"}
        assert len(mismatches) == layer["located"]["county_mismatch"], layer["id"]


def test_counts_of_the_report_are_counts_of_the_rows(
    release: Path, report: dict, tables: dict[str, pa.Table]
):
    for layer in present(report):
        rows, located = tables[layer["id"]], dict(layer["located"])
        mismatches, successions = located.pop("county_mismatch"), located.pop("county_succession")
        assert mismatches == rows["is_county_mismatch"].to_pylist().count(True), layer["id"]
        assert successions == rows["county_claim"].to_pylist().count("agrees_by_succession"), layer["id"]
        methods = Counter(rows["location_method"].to_pylist())
        assert {method: count for method, count in located.items() if count} == methods, layer["id"]
        states = Counter(code or "unassigned" for code in rows["state_code"].to_pylist())
        assert layer["rows_by_state"] == states, layer["id"]
        tiles = list((release / "layers" / layer["id"] / "data").rglob("*.parquet"))
        assert layer["tiles"] == len(tiles), layer["id"]
        assert layer["bytes_out"] == sum(tile.stat().st_size for tile in tiles), layer["id"]


def test_the_inventory_repeats_the_core_columns_of_its_layers(
    report: dict, pipeline: dict, tables: dict[str, pa.Table]
):
    taken = {layer["id"] for layer in pipeline["layer"] if layer.get("inventory", True)}
    layers = [tables[layer["id"]] for layer in present(report) if layer["id"] in taken]
    inventory = tables["facilities"]
    core = [name for name in inventory.column_names if name not in ("geometry", "bbox")]
    expected = pa.concat_tables(layer.select(core) for layer in layers).sort_by("facility_id")
    assert inventory.num_rows == report["inventory_rows"] == expected.num_rows
    different = [name for name in core if not inventory[name].equals(expected[name])]
    assert not different, f"the inventory differs from the layers in {different}"


def test_the_size_of_the_inventory_is_reported(release: Path, report: dict):
    tiles = (release / "facilities" / "data").rglob("*.parquet")
    assert report["inventory_bytes"] == sum(tile.stat().st_size for tile in tiles)


def test_facility_ids_are_unique_and_name_their_layer(product: Path, tables: dict[str, pa.Table]):
    ids, layers = (tables[product.name][name].to_pylist() for name in ("facility_id", "layer"))
    assert not [facility for facility, count in Counter(ids).items() if count > 1]
    assert all(facility.startswith(f"{layer}:") for facility, layer in zip(ids, layers, strict=True))


def present(report: dict) -> list[dict]:
    """Layers of the report that have rows in the release."""
    return [layer for layer in report["layers"] if layer["status"] != "absent"]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

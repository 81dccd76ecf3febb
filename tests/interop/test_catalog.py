"""The STAC catalog is valid, complete and leads to files that are as it says."""

import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import geopandas
import pyarrow as pa
import pytest
import rustac

REMOTE = {"http", "https"}
# What a profile wants beyond the standard: files beside each collection, thumbnails, a host, its own schema.
POLICY = ("PTL-CNF", "PTL-FIL", "PTL-COL-001", "PTL-PRO", "PTL-PRV", "PTL-VIZ", "PTL-DAT-017")


@pytest.fixture(scope="module")
def objects(release: Path) -> dict[Path, dict]:
    """Every STAC object that can be reached from the root, by its file."""
    found, waiting = {}, [release / "catalog.json"]
    while waiting:
        path = waiting.pop()
        found[path] = json.loads(path.read_text())
        down = (link["href"] for link in found[path]["links"] if link["rel"] in ("child", "item"))
        waiting += [target for target in (resolve(path, href) for href in down) if target not in found]
    return found


def test_every_object_is_valid_stac(objects: dict[Path, dict], tmp_path: Path):
    validator = Path(sys.executable).with_name("rustac")
    items = [dict(found, stac_extensions=[]) for found in objects.values() if found["type"] == "Feature"]
    others = [dict(found, stac_extensions=[]) for found in objects.values() if found["type"] != "Feature"]
    # With extensions named it would fetch their schemas; it validates a collection of items in one go.
    for number, found in enumerate([*others, {"type": "FeatureCollection", "features": items}]):
        file = tmp_path / f"{number}.json"
        file.write_text(json.dumps(found))
        run = subprocess.run([validator, "validate", file], capture_output=True, text=True)
        assert run.returncode == 0, f"{found.get('id', 'items')}: {run.stdout}{run.stderr}"


def test_every_object_keeps_the_schemas_of_its_extensions(release: Path):
    rashid = Path(sys.executable).with_name("rashid")
    # Without network: the schemas come with it. `--data-scope local` reads the tiles, too.
    check = [rashid, "check", "--structural", "--extensions", "--data-scope", "local", "--json", release]
    told = json.loads(subprocess.run(check, capture_output=True, text=True).stdout)
    findings = [found for found in told["findings"] if not found["rule_id"].startswith(POLICY)]
    assert not findings, findings[:5]
    assert told["files_checked"] > 0


def test_collections_tell_whose_and_of_when_they_are(objects: dict[Path, dict], store: Path, report: dict):
    digest = json.loads((store / "public" / "latest.json").read_text())["data_sha256"]
    collections = [found for found in objects.values() if found["type"] == "Collection"]
    for found in collections:
        assert digest in found["sci:citation"], found["id"]
        assert "https://stac-extensions.github.io/scientific/v1.0.0/schema.json" in found["stac_extensions"]
        roles = [provider["roles"] for provider in found["providers"]]
        assert roles == [["producer"]] * (len(roles) - 1) + [["processor"]], found["id"]
        assert found["created"] == report["started"], found["id"]
        links = {link["rel"] for link in found["links"]}
        assert (found["license"] == "other") == ("license" in links), found["id"]
    intervals = {found["id"]: found["extent"]["temporal"]["interval"] for found in collections}
    dates = {layer["id"]: layer["dates"] for layer in report["quality"]["layers"]}
    dated = {name for name, found in dates.items() if found}
    assert dated, "some layer has dates"
    for name in dated:
        expected = [f"{dates[name][side]}T00:00:00Z" for side in ("oldest", "newest")]
        assert intervals[name] == [expected], name


def test_every_object_is_stac_1_1_and_can_be_reached(objects: dict[Path, dict], release: Path):
    assert {found["stac_version"] for found in objects.values()} == {"1.1.0"}
    written = {release / "catalog.json", *release.rglob("collection.json"), *release.rglob("stac/*.json")}
    assert set(objects) == written


def test_there_is_a_collection_per_product_and_an_item_per_tile(product: Path, objects: dict[Path, dict]):
    collection = objects[product / "collection.json"]
    items = {path: found for path, found in objects.items() if path.parent == product / "stac"}
    assert {item["collection"] for item in items.values()} == {collection["id"]}
    tiles = [tile for path, item in items.items() for tile in data_of(path, item)]
    folders = [product / "data", product / "crossing"]
    assert sorted(tiles) == sorted(tile for folder in folders for tile in folder.rglob("*.parquet"))
    assert len(items) == len(tiles)


def test_every_href_resolves_inside_the_release(objects: dict[Path, dict], release: Path):
    for path, found in objects.items():
        hrefs = [link["href"] for link in found["links"]]
        hrefs += [asset["href"] for asset in found.get("assets", {}).values()]
        for target in (resolve(path, href) for href in hrefs if urlsplit(href).scheme not in REMOTE):
            assert target.is_relative_to(release), f"{path}: {target}"
            assert target.is_file(), f"{path}: {target}"


def test_items_lead_back_to_their_collection_and_root(objects: dict[Path, dict], release: Path):
    for path, found in objects.items():
        up = {link["rel"]: resolve(path, link["href"]) for link in found["links"] if link["rel"] != "item"}
        assert up["root"] == release / "catalog.json", path
        if found["type"] == "Feature":
            assert up["collection"] == up["parent"] == path.parent.parent / "collection.json", path


def test_sizes_and_checksums_are_those_of_the_bytes(objects: dict[Path, dict], release: Path, manifest: dict):
    for path, found in objects.items():
        for asset in found.get("assets", {}).values():
            entry = manifest[resolve(path, asset["href"]).relative_to(release).as_posix()]
            if found["type"] == "Feature" or "file:size" in asset:
                assert asset["file:size"] == entry["bytes"], path
                # A multihash: 0x12 is SHA-256, 0x20 its length.
                assert asset["file:checksum"] == "1220" + entry["sha256"], path


def test_items_table_has_a_row_per_tile(product: Path, objects: dict[Path, dict]):
    items = {found["id"]: found for path, found in objects.items() if path.parent == product / "stac"}
    read = {item["id"]: item for item in rustac.read_sync(str(product / "items.parquet"))["features"]}
    assert set(read) == set(items)
    for name, item in read.items():
        assert list(item["bbox"]) == items[name]["bbox"]
        assert item["collection"] == items[name]["collection"]
        assert item["properties"]["datetime"] == items[name]["properties"]["datetime"]
        assert data_of(product / "items.parquet", item) == data_of(
            product / "stac" / f"{name}.json", items[name]
        )


def test_items_table_is_geoparquet(product: Path, objects: dict[Path, dict]):
    rows = geopandas.read_parquet(product / "items.parquet")
    assert len(rows) == sum(path.parent == product / "stac" for path in objects)
    assert rows.geometry.is_valid.all()


def test_extents_hold_every_row(product: Path, objects: dict[Path, dict], tables: dict[str, pa.Table]):
    west, south, east, north = objects[product / "collection.json"]["extent"]["spatial"]["bbox"][0]
    box = tables[product.name]["bbox"].combine_chunks()
    for name, limit, sign in (("xmin", west, 1), ("ymin", south, 1), ("xmax", east, -1), ("ymax", north, -1)):
        # The boxes of rows are rounded outward to 32 bits, the extent is exact.
        slack = (box.field(name).to_numpy().astype(float) - limit) * sign
        assert slack.min() >= -2e-5, f"{product.name}: {name} lies {slack.min()} degrees outside"


def resolve(path: Path, href: str) -> Path:
    """File that an href in `path` means."""
    return (path.parent / unquote(href)).resolve()


def data_of(path: Path, item: dict) -> set[Path]:
    """Tiles that an item in `path` points to."""
    return {
        resolve(path, asset["href"]) for asset in item["assets"].values() if "data" in asset.get("roles", [])
    }

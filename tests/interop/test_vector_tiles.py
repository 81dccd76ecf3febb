"""Archives of vector tiles, opened by PyPI's `pmtiles` and decoded by `mapbox-vector-tile`, neither of which is ours."""

import gzip
import json
import subprocess
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import mapbox_vector_tile
import pyarrow as pa
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression, TileType

DEEPEST = 14
CEILING = 500_000
EXTENT = 4096
TILE = shapely.box(0, 0, EXTENT, EXTENT)
MOST_LATITUDE = 85.0511
MOST_MADE_AGAIN = 60_000  # tiles: a debug build takes minutes for more


@cache
def archive(path: Path) -> dict[tuple[int, int, int], list[dict]]:
    """Features of every tile."""
    # Within an area thousands of tiles are the same.
    decoded: dict[bytes, list[dict]] = {}
    tiles = {}
    for tile, packed in all_tiles(MemorySource(path.read_bytes())):
        if packed not in decoded:
            decoded[packed] = features_of(gzip.decompress(packed))
        tiles[tile] = decoded[packed]
    return tiles


def features_of(tile: bytes) -> list[dict]:
    """Features of the one layer."""
    (layer,) = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True}).values()
    assert layer["extent"] == EXTENT
    return layer["features"]


def features_at(path: Path, zoom: int) -> Iterator[tuple[tuple[int, int, int], dict]]:
    for tile, features in archive(path).items():
        if tile[0] == zoom:
            yield from ((tile, feature) for feature in features)


@pytest.fixture
def path(product: Path, release: Path) -> Path:
    return release / "map" / f"{product.name}.pmtiles"


def test_header_and_metadata_say_what_the_archive_is(path: Path, product: Path):
    reader = Reader(MemorySource(path.read_bytes()))
    header = reader.header()
    assert (header["version"], header["clustered"], header["tile_type"]) == (3, True, TileType.MVT)
    assert header["tile_compression"] == Compression.GZIP
    assert (header["min_zoom"], header["max_zoom"]) == (0, DEEPEST)
    assert header["addressed_tiles_count"] == len(archive(path))
    metadata = reader.metadata()
    (layer,) = metadata["vector_layers"]
    assert layer["id"] == product.name
    assert set(layer["fields"].values()) <= {"String", "Number", "Boolean"}
    assert metadata["attribution"] and metadata["cikr"]["rule"]


def test_every_facility_is_at_the_deepest_zoom_with_its_attributes(path: Path, product: Path, tables: dict[str, pa.Table]):
    rows = {row["facility_id"]: row for row in tables[product.name].drop_columns(["bbox", "region"]).to_pylist()}
    seen = set()
    for _, feature in features_at(path, DEEPEST):
        told = feature["properties"]
        row = rows[told["facility_id"]]
        expected = {key: as_attribute(value) for key, value in row.items() if value is not None and key != "geometry"}
        assert told == expected
        seen.add(told["facility_id"])
    on_square = {id for id, row in rows.items() if abs(shapely.from_wkb(row["geometry"]).centroid.y) < MOST_LATITUDE}
    assert seen == on_square


def as_attribute(value: object) -> object:
    if isinstance(value, list):
        return ";".join(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def test_points_are_where_they_are(path: Path, product: Path, tables: dict[str, pa.Table]):
    shapes = dict(zip(tables[product.name]["facility_id"].to_pylist(), shapely.from_wkb(tables[product.name]["geometry"].to_numpy()), strict=True))
    for (zoom, x, y), feature in features_at(path, DEEPEST):
        shape = shapes[feature["properties"]["facility_id"]]
        if shape.geom_type == "Point":
            units = EXTENT * 2**zoom
            left, top = feature["geometry"]["coordinates"]
            assert abs((shape.x + 180) / 360 * units - (x * EXTENT + left)) <= 1
            mercator = math.asinh(math.tan(math.radians(shape.y)))
            assert abs((0.5 - mercator / (2 * math.pi)) * units - (y * EXTENT + top)) <= 1


def test_what_a_zoom_shows_every_deeper_one_shows(path: Path):
    deeper = {feature["properties"]["facility_id"] for _, feature in features_at(path, DEEPEST)}
    for zoom in range(DEEPEST - 1, -1, -1):
        shown = {feature["properties"]["facility_id"] for _, feature in features_at(path, zoom)}
        assert shown <= deeper, f"zoom {zoom}"
        deeper = shown


def test_areas_and_lines_are_valid_and_cover_what_they_are_of(path: Path, product: Path, tables: dict[str, pa.Table]):
    shapes = dict(zip(tables[product.name]["facility_id"].to_pylist(), shapely.from_wkb(tables[product.name]["geometry"].to_numpy()), strict=True))
    found: dict[str, float] = {}
    of_tile: dict[int, list[tuple[str, float]]] = {}
    for (zoom, _, _), features in archive(path).items():
        if zoom == DEEPEST:
            # Tiles that are the same have one list, and where a tile lies changes no size.
            if id(features) not in of_tile:
                of_tile[id(features)] = sizes_in(features)
            for facility, size in of_tile[id(features)]:
                found[facility] = found.get(facility, 0.0) + size
    for facility, size in found.items():
        world = shapely.transform(shapes[facility], to_units)
        expected, least = (world.area, 4) if world.area else (world.length, 2)
        assert abs(size - expected) <= max(0.02 * expected, 100 * least), facility


def sizes_in(features: list[dict]) -> list[tuple[str, float]]:
    """Area or length of each feature within its tile, in its units; points have none."""
    sizes = []
    for feature in features:
        drawn = shapely.geometry.shape(feature["geometry"])
        if drawn.geom_type in ("Polygon", "MultiPolygon"):
            sizes.append((feature["properties"]["facility_id"], sum(area_in(area) for area in getattr(drawn, "geoms", [drawn]))))
        elif drawn.geom_type != "Point":
            sizes.append((feature["properties"]["facility_id"], shapely.intersection(drawn, TILE).length))
    return sizes


def area_in(area: shapely.Polygon) -> float:
    """Ring by ring: where a tile cuts through a hole, its ring runs along the outer one, and GEOS would fill it."""
    outer, *holes = (shapely.intersection(shapely.make_valid(shapely.Polygon(ring)), TILE).area for ring in (area.exterior, *area.interiors))
    return outer - sum(holes)


def to_units(degrees):
    units = EXTENT * 2**DEEPEST
    return [
        [(x + 180) / 360 * units, (0.5 - math.asinh(math.tan(math.radians(y))) / (2 * math.pi)) * units] for x, y in degrees
    ]


def test_tiles_above_the_deepest_zoom_are_under_the_ceiling(path: Path, product: Path, report: dict):
    sizes = {tile: len(gzip.decompress(packed)) for tile, packed in all_tiles(MemorySource(path.read_bytes()))}
    assert max((size for (zoom, _, _), size in sizes.items() if zoom < DEEPEST), default=0) <= CEILING
    told = report["products"]["map"]["archives"][product.name]
    assert told["tiles"] == len(sizes)
    assert told["largest_tile"]["bytes"] == max(sizes.values())


def test_a_command_makes_the_same_tiles(path: Path, product: Path, release: Path, program: Path, tmp_path: Path):
    if len(archive(path)) > MOST_MADE_AGAIN:
        pytest.skip("a debug build takes minutes for as many tiles; the other layers are made again")
    made = tmp_path / "made.pmtiles"
    subprocess.run([program, "tiles", release, "--layer", product.name, "-o", made, "--quiet"], check=True)
    own, others = ({tile: packed for tile, packed in all_tiles(MemorySource(file.read_bytes()))} for file in (made, path))
    assert own == others


def test_the_catalog_links_to_the_archive(product: Path, release: Path):
    collection = json.loads((product / "collection.json").read_text())
    (link,) = [link for link in collection["links"] if link["rel"] == "pmtiles"]
    assert (product / link["href"]).resolve() == release / "map" / f"{product.name}.pmtiles"
    assert link["pmtiles:layers"] == [product.name]

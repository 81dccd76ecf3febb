"""Which jurisdictions lines and areas lie in, and with which share, computed a second time by GeoPandas and pyproj."""

import json
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from pyproj import Geod
from test_locate import boundaries

# Shares of edges that are straight in longitude and latitude: cut into pieces this short, geodesics follow them.
PIECE_DEGREES = 0.005
SHARE = 1e-6
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def extents(release: Path) -> geopandas.GeoDataFrame:
    """Every facility of the layers of lines and areas."""
    found = [
        geopandas.read_parquet(tile)[["facility_id", "layer", "region_code", "state_fips", "county_fips", "geometry"]]
        for tile in sorted(release.glob("layers/*/data/*/*.parquet"))
    ]
    rows = pd.concat(found, ignore_index=True)
    rows = rows[rows.geom_type.isin(["LineString", "MultiLineString", "Polygon", "MultiPolygon"])]
    assert len(rows) > 100
    return rows


def links(release: Path, kind: str) -> pd.DataFrame:
    folder = release / "links" / "facility_jurisdiction" / f"kind={kind}"
    return pd.concat([pq.ParquetFile(file).read().to_pandas() for file in sorted(folder.glob("*.parquet"))])


def measure(shape: shapely.Geometry) -> float:
    """Square metres of surfaces, else metres of lines."""
    dense = shapely.segmentize(shape, PIECE_DEGREES)
    if dense.geom_type in ("Polygon", "MultiPolygon"):
        return abs(GEOD.geometry_area_perimeter(shapely.geometry.polygon.orient(dense) if dense.geom_type == "Polygon" else shapely.MultiPolygon([shapely.geometry.polygon.orient(part) for part in dense.geoms]))[0])
    if dense.geom_type in ("LineString", "MultiLineString"):
        return GEOD.geometry_length(dense)
    if dense.geom_type == "GeometryCollection":
        return sum(measure(part) for part in dense.geoms)
    return 0.0


def shares(extents: geopandas.GeoDataFrame, polygons: geopandas.GeoDataFrame) -> dict[tuple[str, str], float]:
    """Share of each facility in each polygon that holds a part of it."""
    # As the program has it, which takes a ring that crosses itself by the even-odd rule.
    polygons = polygons.assign(geometry=shapely.make_valid(polygons.geometry.to_numpy()))
    shapes = extents.assign(geometry=shapely.make_valid(extents.geometry.to_numpy())).reset_index(drop=True)
    pairs = geopandas.sjoin(shapes[["facility_id", "geometry"]], polygons, predicate="intersects")
    found = {}
    for place, code, polygon in zip(pairs.index, pairs["code"], pairs["index_right"]):
        shape = shapes.geometry[place]
        whole = measure(shape)
        if whole > 0:
            part = measure(shape.intersection(polygons.geometry[polygon])) / whole
            key = (shapes["facility_id"][place], code)
            found[key] = found.get(key, 0.0) + part
    return found


@pytest.mark.parametrize("kind", ["state", "county"])
def test_shares_are_those_of_an_overlay(
    kind: str, release: Path, extents: geopandas.GeoDataFrame, pipeline: dict, pipeline_folder: Path
):
    truth = shares(extents, boundaries(kind, pipeline, pipeline_folder))
    table = links(release, kind)
    table = table[table["share"].notna()]
    told = {(row.facility_id, row.jurisdiction_id): row.share for row in table.itertuples()}
    # A facility whose column tells all has its whole in one jurisdiction.
    column = {"state": "state_fips", "county": "county_fips"}[kind]
    linked = set(table["facility_id"])
    for facility, code in zip(extents["facility_id"], extents[column]):
        if facility not in linked and code is not None:
            told.setdefault((facility, code), 1.0)
    for key, share in truth.items():
        if share > 10 * SHARE:
            assert key in told, f"{key} has a share of {share}"
    by_column = {key for key in told if key not in truth}
    for key, share in told.items():
        if key in truth:
            assert share == pytest.approx(truth[key], abs=SHARE), key
    # What is in no polygon at all has its code from the nearest, or from its county.
    assert all(sum(share for (id, _), share in truth.items() if id == key[0]) < 10 * SHARE for key in by_column)


def test_the_primary_is_the_largest_share(release: Path, extents: geopandas.GeoDataFrame):
    table = links(release, "county")
    first = table[table["is_primary"] & table["share"].notna()].set_index("facility_id")["jurisdiction_id"]
    largest = table.sort_values("share").groupby("facility_id").tail(1).set_index("facility_id")["share"]
    own = extents.set_index("facility_id")["county_fips"]
    assert len(first) > 50
    assert (own.reindex(first.index) == first).all()
    shares_of_first = table[table["rank"] == 1].set_index("facility_id")["share"].dropna()
    assert (largest.reindex(shares_of_first.index) == shares_of_first).all()


def test_a_facility_stands_again_in_every_region_it_reaches_into(
    release: Path, extents: geopandas.GeoDataFrame
):
    crossing = {
        (id, tile.parent.name.removeprefix("region="))
        for tile in release.glob("layers/*/crossing/*/*.parquet")
        for id in pq.ParquetFile(tile).read(["facility_id"])["facility_id"].to_pylist()
    }
    regions = pq.ParquetFile(release / "reference" / "regions.parquet").read().to_pandas()
    states = pq.ParquetFile(release / "reference" / "states.parquet").read().to_pandas()
    region_of = regions.merge(states, on="state_code").set_index("state_fips")["region_code"]
    own = extents.set_index("facility_id")["region_code"]
    touched = links(release, "state")
    touched = touched[touched["facility_id"].isin(own.index)]
    counties = links(release, "county").assign(jurisdiction_id=lambda rows: rows["jurisdiction_id"].str[:2])
    touched = pd.concat([touched, counties[counties["facility_id"].isin(own.index)]])
    expected = {
        (row.facility_id, region_of[row.jurisdiction_id])
        for row in touched.itertuples()
        if row.jurisdiction_id in region_of.index and region_of[row.jurisdiction_id] != own[row.facility_id]
    }
    assert crossing == expected and len(crossing) > 10
    # A reader of `data/` alone counts nothing twice.
    report = json.loads((release / "report.json").read_text())
    assert sum(layer.get("rows_crossing", 0) for layer in report["layers"]) == len(crossing)


def test_every_utility_that_holds_a_facility_is_told(release: Path, pipeline: dict, pipeline_folder: Path):
    (named,) = (entry for entry in pipeline["jurisdiction"] if entry["kind"] == "utility_territory")
    territories = geopandas.read_file(pipeline_folder / named["source"]["ogr"]["path"])
    territories = territories[territories.geometry.notna() & ~territories.geometry.is_empty]
    territories = territories[territories.geom_type.isin(["Polygon", "MultiPolygon"])]
    points = pd.concat(
        [geopandas.read_parquet(tile)[["facility_id", "geometry"]] for tile in release.glob("layers/*/data/*/*.parquet")],
        ignore_index=True,
    )
    points = points[points.geom_type == "Point"]
    pairs = geopandas.sjoin(points, territories.set_crs("OGC:CRS84", allow_override=True), predicate="intersects")
    truth = set(zip(pairs["facility_id"], pairs[named["code"]]))
    table = links(release, "utility_territory")
    ids = set(points["facility_id"])
    told = {(row.facility_id, row.jurisdiction_id) for row in table.itertuples() if row.facility_id in ids}
    assert told == truth and len(truth) > 100

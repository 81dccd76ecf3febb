"""Where facilities lie, computed a second time by GeoPandas from the boundaries that the pipeline names."""

from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pytest

COLUMNS = {"state": "state_fips", "county": "county_fips"}


@pytest.fixture(scope="module")
def points(tables: dict[str, pa.Table]) -> geopandas.GeoDataFrame:
    """The inventory: a point for every facility, with the codes that cikr computed."""
    rows = tables["facilities"].select(["facility_id", "location_method", *COLUMNS.values()]).to_pandas()
    geometry = geopandas.GeoSeries.from_wkb(tables["facilities"]["geometry"].to_numpy(), crs="OGC:CRS84")
    return geopandas.GeoDataFrame(rows, geometry=geometry)


@pytest.mark.parametrize("kind", COLUMNS)
def test_codes_are_those_of_a_point_in_polygon_join(
    kind: str, points: geopandas.GeoDataFrame, pipeline: dict, pipeline_folder: Path
):
    # A line or an area that spans several is where most of it is, which a point of it can't tell.
    points = points[points["location_method"] != "overlap"]
    truth = holding(points, boundaries(kind, pipeline, pipeline_folder))
    # A point on a common border is in both polygons; the rule is the lowest code.
    found = points.assign(computed=points[COLUMNS[kind]], expected=truth.groupby(level=0).min())

    held = found[found["expected"].notna()]
    assert len(held) > 0.9 * len(found)
    wrong = held[held["computed"] != held["expected"]]
    assert wrong.empty, f"{len(wrong)} of {len(held)} differ:\n{wrong.head(20)}"


def test_methods_tell_inside_from_outside(
    points: geopandas.GeoDataFrame, pipeline: dict, pipeline_folder: Path
):
    # The method is the weaker of the two steps, and the sets may be of two vintages.
    held = [
        points.index.isin(holding(points, boundaries(kind, pipeline, pipeline_folder)).index)
        for kind in COLUMNS
    ]
    inside = held[0] & held[1]
    methods = points["location_method"]
    assert set(methods[inside]) <= {"within", "overlap"}
    assert not set(methods[~inside]) & {"within"}
    assert points["state_fips"][methods == "none"].isna().all()
    assert points["state_fips"][methods.isin(["within", "nearest"])].notna().all()


def test_airports_lie_in_the_state_that_holds_them(
    points: geopandas.GeoDataFrame, pipeline: dict, pipeline_folder: Path
):
    airports = points[points["facility_id"].str.startswith("airports:")]
    if airports.empty:
        pytest.skip("this pipeline has no airports")
    truth = holding(airports, boundaries("state", pipeline, pipeline_folder)).groupby(level=0).min()
    inside = airports[airports["location_method"] == "within"]
    assert len(inside) > 0
    assert (inside["state_fips"] == truth.reindex(inside.index)).all()
    assert set(truth.index) == set(inside.index), (
        "an airport inside a state is flagged as outside, or the reverse"
    )


def holding(points: geopandas.GeoDataFrame, polygons: geopandas.GeoDataFrame) -> pd.Series:
    """Code of each polygon that holds a point, one row per pair."""
    return geopandas.sjoin(points[["geometry"]], polygons, predicate="intersects")["code"]


def boundaries(kind: str, pipeline: dict, pipeline_folder: Path) -> geopandas.GeoDataFrame:
    """The pipeline's polygons of a kind, with their codes."""
    (named,) = (entry for entry in pipeline["jurisdiction"] if entry["kind"] == kind)
    ((form, source),) = named["source"].items()
    path = pipeline_folder / source["path"]
    options = {"layer": source["layer"]} if form == "ogr" and "layer" in source else {}
    polygons = geopandas.read_file(path, **options)
    # NAD83 and WGS 84 are one here by decree, so no grid of the machine can move a border.
    assert polygons.crs is None or polygons.crs.is_geographic
    polygons = polygons.set_crs("OGC:CRS84", allow_override=True)
    return polygons[["geometry"]].assign(code=polygons[named["code"]].astype(str))

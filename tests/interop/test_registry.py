"""The registry of jurisdictions opens in GeoPandas and DuckDB, and what it says is what the release's own tiles say."""

from pathlib import Path

import duckdb
import geopandas
import pytest

SETS = ("state", "county")


@pytest.mark.parametrize("name", SETS)
def test_geopandas_and_duckdb_see_the_same_outlines(name: str, release: Path):
    file = release / "jurisdictions" / f"{name}.parquet"
    frame = geopandas.read_parquet(file)
    assert frame.crs == "OGC:CRS84"
    drawn = frame[frame["has_polygon"]]
    assert drawn.geometry.is_valid.all()
    assert frame[~frame["has_polygon"]].geometry.isna().all()
    assert set(drawn.geometry.geom_type) <= {"Polygon", "MultiPolygon"}
    with duckdb.connect() as connection:
        rows = connection.sql(
            f"SELECT code, ST_AsWKB(geometry) FROM '{file}' WHERE has_polygon ORDER BY code"
        ).fetchall()
    outlines = drawn.geometry.to_wkb(byte_order=1)
    assert [(code, bytes(wkb)) for code, wkb in rows] == list(zip(drawn["code"], outlines, strict=True))


@pytest.mark.parametrize("name", SETS)
def test_areas_are_those_of_the_boundaries(name: str, release: Path):
    frame = geopandas.read_parquet(release / "jurisdictions" / f"{name}.parquet")
    drawn = frame[frame["has_polygon"]]
    # Equal-area, of outlines that are simplified: within a few in a hundred, the smallest islands and cities aside.
    large = drawn[drawn["area_km2"] > 1000].to_crs("EPSG:6933")
    assert len(large) > 40
    ratio = large.geometry.area / 1e6 / large["area_km2"]
    assert ratio.between(0.97, 1.03).mean() > 0.98, ratio.describe()


@pytest.mark.parametrize("name,column", [("state", "state_fips"), ("county", "county_fips")])
def test_facilities_are_those_of_the_inventory(name: str, column: str, release: Path):
    file = release / "jurisdictions" / f"{name}.parquet"
    tiles = f"read_parquet('{release}/facilities/data/*/*.parquet')"
    with duckdb.connect() as connection:
        told = connection.sql(f"SELECT code, facilities FROM '{file}' WHERE facilities > 0 ORDER BY code").fetchall()
        found = connection.sql(
            f"SELECT {column}, count(*) FROM {tiles} WHERE {column} IS NOT NULL GROUP BY ALL ORDER BY 1"
        ).fetchall()
        by_sector = connection.sql(f"SELECT sum(facilities_by_sector['HLPH']) FROM '{file}'").fetchall()
        hospitals = connection.sql(
            f"SELECT count(*) FROM {tiles} WHERE sector_code = 'HLPH' AND {column} IS NOT NULL"
        ).fetchall()
    assert told == found
    assert by_sector == hospitals


def test_the_scorecard_s_states_add_up_to_the_nation(release: Path):
    cells = f"'{release}/scorecard/cells.parquet'"
    sums = "sum(facilities), sum(dated), sum(current), sum(claimed), sum(agreeing)"
    with duckdb.connect() as connection:
        kinds = connection.sql(f"SELECT kind, {sums} FROM {cells} GROUP BY kind ORDER BY kind").fetchall()
        unknown = connection.sql(
            f"SELECT count(*) FROM {cells} WHERE facilities IS NULL AND reason IS NULL"
        ).fetchall()
    assert [kind for kind, *_ in kinds] == ["county", "national", "region", "state"]
    assert len({tuple(counts) for _, *counts in kinds}) == 1
    assert unknown == [(0,)]

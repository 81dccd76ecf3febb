"""Every facility in every sector scheme, read by DuckDB from the memberships of its class and the reference tables."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

DATED = {"2003": 14, "2006": 17, "2009": 18, "2013": 16, "2024": 16}


@pytest.fixture
def release_tables(release: Path):
    """A connection with the release's memberships, links by facility, facilities and reference tables as views."""
    with duckdb.connect() as connection:
        views = {
            "membership": "links/sector_membership.parquet",
            "features": "layers/*/data/**/*.parquet",
            "totals": "links/sector_totals.parquet",
            "facilities": "facilities/data/**/*.parquet",
        }
        views |= {path.stem: f"reference/{path.name}" for path in (release / "reference").glob("*.parquet")}
        for name, files in views.items():
            connection.execute(
                f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{release / files}', union_by_name = true)"
            )
        connection.execute(
            "CREATE VIEW links AS SELECT facility_id, membership.* FROM features JOIN membership USING (sector_class)"
        )
        yield connection


def test_each_scheme_has_the_sectors_its_document_counts(release_tables: duckdb.DuckDBPyConnection):
    counted = release_tables.execute(
        "SELECT scheme, count(DISTINCT sector) FROM scheme_sectors GROUP BY scheme"
    ).fetchall()
    assert dict(counted) == DATED
    told = release_tables.execute("SELECT scheme, sectors::INT FROM sector_schemes").fetchall()
    assert dict(told) == DATED


def test_every_facility_has_a_place_or_a_reason_in_every_scheme(release_tables: duckdb.DuckDBPyConnection):
    (missing,) = release_tables.execute(
        "SELECT count(*) FROM (SELECT facility_id, scheme FROM facilities, "
        "(SELECT scheme FROM sector_schemes UNION ALL VALUES ('ncf'), ('lifeline')) "
        "EXCEPT SELECT facility_id, scheme FROM links WHERE is_primary AND (code IS NULL) = (reason IS NOT NULL))"
    ).fetchone()
    assert missing == 0
    # Layers that stay out of the inventory have links too.
    (facilities,) = release_tables.execute("SELECT count(DISTINCT facility_id) FROM links").fetchone()
    (primary,) = release_tables.execute("SELECT count(*) FROM links WHERE is_primary").fetchone()
    assert primary == 7 * facilities > 7 * 10_000


def test_a_class_is_named_after_its_values(release_tables: duckdb.DuckDBPyConnection):
    columns = "sector_class, layer, sector_code, subsector, sector_also, naics_code, lifeline"
    classes = release_tables.execute(f"SELECT DISTINCT {columns} FROM membership").fetchall()
    for name, layer, *values in classes:
        text = json.dumps(["" if value is None else value for value in values], separators=(",", ":"), ensure_ascii=False)
        assert name == f"{layer}:{hashlib.sha256(text.encode()).hexdigest()[:12]}", values
    assert len({name for name, *_ in classes}) == len(classes) > 10
    (strange,) = release_tables.execute(
        "SELECT count(*) FROM features ANTI JOIN membership ON features.sector_class = membership.sector_class "
        "AND features.layer = membership.layer AND features.sector_code = membership.sector_code "
        "AND features.subsector IS NOT DISTINCT FROM membership.subsector "
        "AND features.sector_also = membership.sector_also "
        "AND coalesce(features.naics_code, '') = coalesce(membership.naics_code, '') "
        "AND features.lifeline IS NOT DISTINCT FROM membership.lifeline"
    ).fetchone()
    assert strange == 0


def test_codes_and_leads_are_those_of_the_reference_tables(release_tables: duckdb.DuckDBPyConnection):
    strange = release_tables.execute(
        "SELECT links.* FROM links ANTI JOIN scheme_sectors AS cell ON links.scheme = cell.scheme "
        "AND links.code = cell.code AND links.lead_agency = cell.lead_agency "
        "AND links.note IS NOT DISTINCT FROM cell.note "
        "WHERE links.scheme NOT IN ('ncf', 'lifeline') AND links.code IS NOT NULL"
    ).fetchall()
    assert not strange
    strange = release_tables.execute(
        "SELECT DISTINCT code FROM links WHERE scheme = 'ncf' AND code IS NOT NULL "
        "AND code NOT IN (SELECT function_code FROM critical_functions) UNION "
        "SELECT DISTINCT code FROM links WHERE scheme = 'lifeline' AND code IS NOT NULL "
        "AND code NOT IN (SELECT lifeline || '/' || component FROM lifelines)"
    ).fetchall()
    assert not strange


def test_a_schema_s_lifeline_and_todays_lead_are_kept(release_tables: duckdb.DuckDBPyConnection):
    (differ,) = release_tables.execute(
        "SELECT count(*) FROM facilities JOIN membership AS links USING (sector_class) "
        "WHERE is_primary AND (scheme = 'lifeline' AND facilities.lifeline <> code OR scheme = '2024' AND facilities.lead_agency <> links.lead_agency)"
    ).fetchone()
    assert differ == 0


def test_totals_are_counts_of_the_links(release_tables: duckdb.DuckDBPyConnection):
    columns = "layer, scheme, code, facilities, further_facilities"
    told = release_tables.execute(f"SELECT {columns} FROM totals ORDER BY ALL").fetchall()
    counted = release_tables.execute(
        "SELECT split_part(facility_id, ':', 1) AS layer, scheme, code, "
        "count(*) FILTER (is_primary) AS facilities, count(*) FILTER (NOT is_primary) AS further_facilities "
        "FROM links GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    assert told == counted


def test_the_way_between_schemes_is_the_same_in_the_facilities(release_tables: duckdb.DuckDBPyConnection):
    """What two schemes say of the same facility is a way of the crosswalk."""
    strange = release_tables.execute(
        "SELECT DISTINCT a.scheme, a.code, b.scheme, b.code FROM links AS a JOIN links AS b USING (facility_id) "
        "ANTI JOIN scheme_crosswalk AS way ON way.from_scheme = a.scheme AND way.from_code = a.code "
        "AND way.to_scheme = b.scheme AND way.to_code IS NOT DISTINCT FROM b.code "
        "WHERE a.scheme <> b.scheme AND a.is_primary AND b.is_primary AND a.code IS NOT NULL "
        "AND a.scheme LIKE '20%' AND b.scheme LIKE '20%'"
    ).fetchall()
    assert not strange

"""The quality tables, counted a second time by DuckDB from the tiles."""

import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest


def present(report: dict) -> list[dict]:
    """Layers of the report that have rows in the release."""
    return [layer for layer in report["layers"] if layer["status"] != "absent"]


@pytest.fixture(scope="module")
def layers(report: dict) -> list[str]:
    return [layer["id"] for layer in present(report)]


def rows_of(release: Path, table: str, columns: str, order: str) -> list[tuple]:
    """Rows of a quality table."""
    return duckdb.sql(
        f"SELECT {columns} FROM read_parquet('{release}/quality/{table}.parquet') ORDER BY {order}"
    ).fetchall()


def tiles(release: Path, layer: str) -> str:
    """A layer's tiles, as a table of DuckDB."""
    return f"read_parquet('{release}/layers/{layer}/data/*/*.parquet', hive_partitioning = false)"


def test_coverage(release: Path, report: dict, layers: list[str]):
    started = report["started"]
    days = dict(rows_of(release, "layers", "layer, current_days", "1"))
    for layer in layers:
        counted = duckdb.sql(
            f"""
            WITH checked AS (
                SELECT *,
                    source_date BETWEEN '{started}'::TIMESTAMPTZ::DATE - {days[layer]}
                        AND '{started}'::TIMESTAMPTZ::DATE AS is_current
                FROM {tiles(release, layer)}
            )
            SELECT coalesce(state_code, 'unassigned') AS state, sector_code, count(*),
                count(*) FILTER (location_method = 'within'),
                count(*) FILTER (location_method = 'nearest'),
                count(*) FILTER (location_method = 'overlap'),
                count(*) FILTER (location_method = 'none'),
                count(*) FILTER (location_method = 'within') / count(*),
                count(*) FILTER (location_method = 'nearest') / count(*),
                count(*) FILTER (location_method = 'overlap') / count(*),
                count(*) FILTER (location_method = 'none') / count(*),
                count(*) FILTER (is_state_mismatch IS NOT NULL OR is_county_mismatch IS NOT NULL),
                count(*) FILTER (
                    (is_state_mismatch IS NOT NULL OR is_county_mismatch IS NOT NULL)
                    AND is_state_mismatch IS NOT TRUE AND is_county_mismatch IS NOT TRUE),
                count(source_date), count(*) FILTER (is_current)
            FROM checked GROUP BY ALL ORDER BY 1, 2
            """
        ).fetchall()
        told = duckdb.sql(
            f"SELECT * EXCLUDE layer FROM read_parquet('{release}/quality/coverage.parquet') "
            f"WHERE layer = '{layer}' ORDER BY state_code, sector_code"
        ).fetchall()
        assert told == counted, layer
    assert set(layers) == {layer for (layer,) in rows_of(release, "coverage", "DISTINCT layer", "1")}


def test_fields(release: Path, layers: list[str]):
    for layer in layers:
        names = [
            name
            for name in pq.read_schema(first_tile(release, layer)).names
            if name not in ("geometry", "bbox")
        ]
        nulls = ", ".join(f'count(*) - count("{name}")' for name in names)
        ((total, *counted),) = duckdb.sql(f"SELECT count(*), {nulls} FROM {tiles(release, layer)}").fetchall()
        told = duckdb.sql(
            f"SELECT field, rows, nulls, share_null FROM read_parquet('{release}/quality/fields.parquet') "
            f"WHERE layer = '{layer}'"
        ).fetchall()
        assert told == [(name, total, n, n / total) for name, n in zip(names, counted, strict=True)], layer


def test_claims(release: Path, layers: list[str]):
    counted = []
    for layer in layers:
        has_names = "county_name_claimed" in duckdb.sql(f"FROM {tiles(release, layer)} LIMIT 0").columns
        name = "county_name_claimed" if has_names else "NULL::VARCHAR"
        by_code = "county_fips_claimed IS NOT NULL AND county_fips_claimed IS DISTINCT FROM county_fips"
        places = {
            "state": ("state_code_claimed", "state_code"),
            "county": (
                f"CASE WHEN {by_code} THEN county_fips_claimed ELSE {name} END",
                f"CASE WHEN {by_code} THEN county_fips ELSE county_name END",
            ),
        }
        for kind, (claimed, computed) in places.items():
            pairs = duckdb.sql(
                f"""
                SELECT '{layer}', '{kind}', {claimed}, {computed}, count(*), min(facility_id)
                FROM {tiles(release, layer)} WHERE is_{kind}_mismatch GROUP BY ALL
                """
            )
            counted += pairs.fetchall()
    columns = "layer, kind, claimed, computed, rows, example"
    told = duckdb.sql(f"SELECT {columns} FROM read_parquet('{release}/quality/claims.parquet')").fetchall()
    assert set(told) == set(counted) and len(told) == len(counted)
    assert [row[4] for row in told] == sorted((row[4] for row in told), reverse=True), "the worst first"


def test_layers(release: Path, report: dict, layers: list[str]):
    told = {row[0]: row[1:] for row in rows_of(
        release,
        "layers",
        "layer, rows_written, suspected_duplicates, state_claimed, state_agreeing, county_claimed, "
        "county_agreeing, dated, source_date_oldest, source_date_median, source_date_newest, newest_age_days",
        "1",
    )}
    started = report["started"]
    for layer in layers:
        (counted,) = duckdb.sql(
            f"""
            SELECT count(*),
                count(*) FILTER (name IS NOT NULL) - count(DISTINCT (name, bbox)) FILTER (name IS NOT NULL),
                count(is_state_mismatch), count(*) FILTER (NOT is_state_mismatch),
                count(is_county_mismatch), count(*) FILTER (NOT is_county_mismatch),
                count(source_date), min(source_date), quantile_disc(source_date, 0.5), max(source_date),
                '{started}'::TIMESTAMPTZ::DATE - max(source_date)
            FROM {tiles(release, layer)}
            """
        ).fetchall()
        assert told[layer] == counted, layer


def known_codes(release: Path) -> dict[str, set[str]]:
    """States by their letters and counties by their FIPS codes, of which the release has polygons."""
    rows = duckdb.sql(
        f"""
        SELECT set, coalesce(states.state_code, code)
        FROM '{release}/reference/jurisdictions.parquet'
        LEFT JOIN '{release}/reference/states.parquet' AS states ON set = 'state' AND code = state_fips
        """
    ).fetchall()
    return {kind: {code for of, code in rows if of == kind} for kind in ("state", "county")}


def test_mismatches_are_what_the_codes_say(release: Path, layers: list[str]):
    """A point lies in one state and one county; a line or a surface may claim any that it touches. Of a claim that the set
    lacks nothing is known, unless another polygon holds the row."""
    known = known_codes(release)
    for layer in layers:
        for kind, claimed, computed in (
            ("state", "state_code_claimed", "state_code"),
            ("county", "county_fips_claimed", "county_fips"),
        ):
            rows = duckdb.sql(
                f"""
                SELECT is_{kind}_mismatch, {claimed}, {computed}, geometry::VARCHAR NOT LIKE 'POINT%'
                FROM {tiles(release, layer)} WHERE {claimed} IS NOT NULL
                """
            ).fetchall()
            for told, claim, code, is_shape in rows:
                is_open = code is None and claim not in known[kind]
                assert (told is None) == is_open, (layer, claim, code)
                differs = claim != code
                # By its name a county may be another although its code agrees.
                assert is_open or told == differs or (is_shape and differs) or (kind == "county" and told), layer


def test_claims_are_those_that_were_flagged(report: dict, release: Path):
    """Counted when the rows were made, and again from the tiles."""
    claims = dict(
        ((layer, f"{kind}_mismatch"), rows)
        for layer, kind, rows in duckdb.sql(
            f"SELECT layer, kind, sum(rows)::BIGINT FROM read_parquet('{release}/quality/claims.parquet') GROUP BY ALL"
        ).fetchall()
    )
    # A county may be flagged by its code and by its name.
    flagged = duckdb.sql(
        f"""
        SELECT split_part(facility_id, ':', 1) AS layer, flag, count(DISTINCT facility_id)
        FROM read_parquet('{release}/quality/flags/*.parquet') WHERE flag IN ('state_mismatch', 'county_mismatch')
        GROUP BY ALL
        """
    ).fetchall()
    assert claims == {(layer, flag): rows for layer, flag, rows in flagged}


def test_flags_are_counted_by_field(report: dict, release: Path):
    told = rows_of(release, "flags", "layer, flag, field, rows", "1, 2, 3")
    assert told == sorted(
        (layer["id"], flag, field, rows)
        for layer in present(report)
        for flag, fields in layer["flags"].items()
        for field, rows in fields.items()
    )


def test_the_report_repeats_the_scores(release: Path, report: dict):
    scores = {
        (layer, score): (numerator, denominator, share)
        for layer, score, numerator, denominator, share in rows_of(
            release, "scores", "layer, score, numerator, denominator, share", "1, 2"
        )
    }
    coverage = {
        layer: (agreeing, claimed, current, rows)
        for layer, agreeing, claimed, current, rows in duckdb.sql(
            f"SELECT layer, sum(agreeing)::BIGINT, sum(claimed)::BIGINT, sum(current)::BIGINT, sum(rows)::BIGINT "
            f"FROM read_parquet('{release}/quality/coverage.parquet') GROUP BY ALL"
        ).fetchall()
    }
    for layer in report["quality"]["layers"]:
        for score in ("completeness", "currency", "accuracy", "filled"):
            told = tuple(layer[score][key] for key in ("numerator", "denominator", "share"))
            assert told == scores[layer["id"], score], (layer["id"], score)
            assert (layer[score]["share"] is None) == (layer[score]["reason"] is not None)
        agreeing, claimed, current, rows = coverage[layer["id"]]
        if layer["accuracy"]["share"] is not None:
            assert (layer["accuracy"]["numerator"], layer["accuracy"]["denominator"]) == (agreeing, claimed)
        if layer["currency"]["share"] is not None:
            assert (layer["currency"]["numerator"], layer["currency"]["denominator"]) == (current, rows)


def test_expectations_are_about_the_rows_found(release: Path, report: dict, layers: list[str]):
    found = {
        (layer, state): rows
        for layer, state, rows in rows_of(release, "expected", "layer, state_code, found", "1, 2")
    }
    states = {}
    for layer in report["layers"]:
        states[layer["id"], "*"] = layer["rows_written"]
        states |= {(layer["id"], state): rows for state, rows in layer["rows_by_state"].items()}
    # A state that is expected and not there has a row of its own.
    assert {key: rows for key, rows in found.items() if rows or key[1] == "*"} == states


def test_the_airports_claims_hold(report: dict):
    """Real coordinates with a real state beside them: the oracle of the point-in-polygon join."""
    airports = next((layer for layer in report["quality"]["layers"] if layer["id"] == "airports"), None)
    if airports is None:
        pytest.skip("this pipeline has no airports")
    assert airports["accuracy"]["denominator"] > 12_000
    assert airports["accuracy"]["share"] > 0.998, json.dumps(airports["worst_claims"], indent=1)


def first_tile(release: Path, layer: str) -> Path:
    return min((release / "layers" / layer / "data").rglob("*.parquet"))

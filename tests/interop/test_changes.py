"""What the program says has changed between two vintages of a real file is what other readers find in its tables.

The vintages are cut from the EIA's power plants (tests/fixtures/README.md): every OBJECTID differs, plant codes stay.
"""

import csv
import json
import re
import subprocess
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import duckdb
import pyarrow.parquet as pq
import pytest

from conftest import REPOSITORY, jurisdiction

VINTAGES = [REPOSITORY / f"tests/fixtures/eia/power_plants_{month}.csv" for month in ("202305", "202311")]
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def nights(program: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Releases of the two vintages, one after the other in one store."""
    folder = tmp_path_factory.mktemp("changes")
    (folder / "eia.toml").write_text(f"""
id = "eia"
title = "Power plants & more"
store = "store"
schemas = "{REPOSITORY}/schemas"

{jurisdiction("state")}
[[layer]]
id = "power_plants"
source.csv = {{ path = "plants.csv", x = "Longitude", y = "Latitude", crs = "EPSG:4326" }}
""")
    releases = []
    for vintage in VINTAGES:
        (folder / "plants.csv").write_bytes(vintage.read_bytes())
        subprocess.run([program, "run", folder / "eia.toml", "--quiet"], check=True, capture_output=True)
        latest = json.loads((folder / "store/public/latest.json").read_text())["release"]
        releases.append(folder / "store/public/releases" / latest)
    subprocess.run([program, "verify", releases[-1]], check=True, capture_output=True)
    return releases


@pytest.fixture(scope="module")
def told(nights: list[Path]) -> dict:
    """What the report of the second night says."""
    (layer,) = json.loads((nights[1] / "report.json").read_text())["layers"]
    return layer["changes"]


def table(nights: list[Path]) -> Path:
    return nights[1] / "changes/power_plants.parquet"


def test_the_first_night_is_compared_with_nothing(nights: list[Path]):
    assert not (nights[0] / "changes").exists()


def test_the_counts_are_those_of_the_table(nights: list[Path], told: dict):
    with duckdb.connect() as connection:
        rows = connection.sql(f"""
            SELECT change, field, count(DISTINCT facility_id), count(*) FROM '{table(nights)}' GROUP BY ALL
        """).fetchall()
        changed = connection.sql(f"""
            SELECT count(DISTINCT facility_id) FROM '{table(nights)}' WHERE change = 'changed'
        """).fetchall()
    whole = {change: count for change, field, count, _ in rows if field is None}
    assert whole == {"added": told["added"], "removed": told["removed"]}
    fields = {field: count for change, field, count, _ in rows if change in ("changed", "recomputed")}
    assert fields == told["fields"]
    assert [field for change, field, *_ in rows if change == "every_row"] == ["period"]
    assert changed == [(told["changed"],)]
    assert pq.read_metadata(table(nights)).num_rows == sum(row[3] for row in rows)


def test_the_table_is_the_difference_of_the_tiles(nights: list[Path], told: dict):
    """Both releases' tiles, joined by another engine."""
    before, after = (f"read_parquet('{night}/layers/power_plants/data/**/*.parquet')" for night in nights)
    with duckdb.connect() as connection:
        shared = f"{before} AS before JOIN {after} AS after USING (facility_id)"
        for field, count in told["fields"].items():
            differing = f"SELECT facility_id FROM {shared} WHERE before.{field} IS DISTINCT FROM after.{field}"
            listed = f"SELECT facility_id FROM '{table(nights)}' WHERE field = '{field}'"
            found = connection.sql(f"{differing} ORDER BY ALL").fetchall()
            assert found == connection.sql(f"{listed} ORDER BY ALL").fetchall(), field
            assert len(found) == count, field
        for change, here, there in (("added", after, before), ("removed", before, after)):
            known = f"SELECT facility_id FROM {there}"
            alone = connection.sql(f"SELECT facility_id FROM {here} WHERE facility_id NOT IN ({known}) ORDER BY 1")
            listed = f"SELECT facility_id FROM '{table(nights)}' WHERE change = '{change}' ORDER BY 1"
            assert alone.fetchall() == connection.sql(listed).fetchall()
        total = connection.sql(f"SELECT count(*) FROM {shared}").fetchall()
    assert total == [(told["changed"] + told["recomputed"] + told["unchanged"],)]


def test_the_values_are_those_of_the_two_files(nights: list[Path]):
    old, new = ({row["Plant_Code"]: row for row in csv.DictReader(v.open(encoding="utf-8"))} for v in VINTAGES)
    rows = pq.read_table(table(nights)).to_pylist()
    named = {row["facility_id"].split(":")[1]: row for row in rows if row["field"] == "utility_name"}
    assert named
    for code, row in named.items():
        assert (row["old"], row["new"]) == tuple(night[code]["Utility_Name"] or None for night in (old, new))
    moved = [row for row in rows if row["field"] == "geometry"]
    assert moved
    for row in moved:
        stated = new[row["facility_id"].split(":")[1]]
        assert row["new"] == f"POINT ({float(stated['Longitude']):.10g} {float(stated['Latitude']):.10g})"
        assert row["distance_m"] > 0


def test_the_catalog_leads_to_the_table(nights: list[Path]):
    collection = nights[1] / "layers/power_plants/collection.json"
    asset = json.loads(collection.read_text())["assets"]["changes"]
    file = (collection.parent / asset["href"]).resolve()
    assert file == table(nights).resolve() and asset["file:size"] == file.stat().st_size
    assert asset["table:row_count"] == pq.read_metadata(file).num_rows
    assert "assets" in json.loads((nights[0] / "layers/power_plants/collection.json").read_text())


def test_the_query_of_the_readme_runs(nights: list[Path], monkeypatch: pytest.MonkeyPatch):
    (query,) = re.findall(r"^```duckdb\n(.*?)^```$", (REPOSITORY / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(nights[1])
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchall()


def test_the_feed_is_atom(nights: list[Path]):
    """RFC 4287: what a feed and its entries must have, once, and where their links lead."""
    store = nights[0].parents[1]
    feed = ElementTree.parse(store / "feed.xml").getroot()
    assert feed.tag == f"{ATOM}feed"
    entries = feed.findall(f"{ATOM}entry")
    for element in (feed, *entries):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(ATOM + name)
            assert found.text
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", element.findtext(f"{ATOM}id"))
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated")).tzinfo
        alternates = [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert len(alternates) == 1
        for link in element.findall(f"{ATOM}link"):
            assert not urlsplit(link.get("href")).scheme
            assert (store / link.get("href")).is_file(), link.get("href")
    assert feed.findtext(f"{ATOM}author/{ATOM}name")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids) == 2
    assert [entry.findtext(f"{ATOM}title").split()[-1] for entry in entries] == [night.name for night in reversed(nights)]
    assert feed.findtext(f"{ATOM}updated") == entries[0].findtext(f"{ATOM}updated")
    marked = [[c.get("term") for c in entry.findall(f"{ATOM}category")] for entry in entries]
    assert marked == [["latest"], []]
    assert "24 added, 19 removed" in entries[0].findtext(f"{ATOM}summary")
    (content,) = entries[0].findall(f"{ATOM}content")
    assert content.get("type") == "xhtml" and content[0].tag == "{http://www.w3.org/1999/xhtml}div"

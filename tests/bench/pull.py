"""Times pulls of the same layers from the same Koop by this program and by others, and prints a table.

usage: pull.py CIKR TOOLS [--repeat N] [--switch "--latency 200"] [GEOJSON …]

TOOLS is the folder with the programs of requirements.txt; ogr2ogr is GDAL's. Without files, the airports of the sample
data (12,588 points) are pulled. Every pull starts from nothing. Wall time is the median; the server's own time is
the processor time that Koop took for the pull of that median: what no puller can be faster than, but for idling.
"""

import argparse
import csv
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import measure

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests/interop"))
from koop import Koop  # noqa: E402  (found by the line above)


@dataclass
class Pull:
    """One pull by one tool."""

    seconds: float
    rows: int | None
    queries: int
    server: float
    peak_mb: float
    why: str = ""


class Cikr:
    """`cikr fetch`: pulls, checks that the rows add up, and lands."""

    name = "cikr fetch"

    def __init__(self, program: Path):
        self.program = program
        self.geometry = "point"

    def command(self, url: str, folder: Path) -> list:
        (folder / "schemas").mkdir()
        (folder / "schemas/bench.toml").write_text(SCHEMA.format(geometry=self.geometry))
        (folder / "pipeline.toml").write_text(PIPELINE.format(samples=REPOSITORY / "sample-data", url=url))
        return [self.program, "fetch", folder / "pipeline.toml", "--quiet"]

    def rows(self, folder: Path) -> int:
        lists = list((folder / "store/landing/bench").glob("*.esri.json"))
        return sum(page["rows"] for page in json.loads(lists[0].read_text())["pages"])


class Esridump:
    """`esri2geojson`: pages one after the other, with pauses."""

    name = "esridump 1.13.0"

    def __init__(self, tools: Path):
        self.tools = tools

    def command(self, url: str, folder: Path) -> list:
        return [self.tools / "esri2geojson", "--jsonlines", url, folder / "rows.geojsonl"]

    def rows(self, folder: Path) -> int:
        return sum(1 for _ in (folder / "rows.geojsonl").open())


class Ogr2ogr:
    """GDAL's ESRIJSON driver, which pages by itself."""

    name = "ogr2ogr ESRIJSON"

    def command(self, url: str, folder: Path) -> list:
        query = f"ESRIJSON:{url}/query?where=1%3D1&outFields=*&f=json&orderByFields=OBJECTID&resultRecordCount=2000"
        return ["ogr2ogr", "-f", "GeoJSONSeq", folder / "rows.geojsonl", query]

    rows = Esridump.rows


class Gpio:
    """`gpio extract arcgis`: pages as GeoJSON, to GeoParquet."""

    name = "gpio extract arcgis --workers 4"

    def __init__(self, tools: Path):
        self.tools = tools
        # It loads DuckDB's spatial extension from the home folder, where this installs it from a package.
        self.environment = os.environ | {"HOME": str(tools.parent / "home")}
        Path(self.environment["HOME"]).mkdir(exist_ok=True)
        subprocess.run([tools / "python", "-c", SPATIAL], env=self.environment, check=True)

    def command(self, url: str, folder: Path) -> list:
        return [self.tools / "gpio", "extract", "arcgis", "--workers", "4", url, folder / "rows.parquet"]

    def rows(self, folder: Path) -> int:
        code = "import pyarrow.parquet as pq, sys; print(pq.ParquetFile(sys.argv[1]).metadata.num_rows)"
        counted = [self.tools / "python", "-c", code, folder / "rows.parquet"]
        return int(subprocess.run(counted, check=True, capture_output=True, text=True).stdout)


SPATIAL = """
import duckdb, duckdb_extension_spatial, pathlib
folder = pathlib.Path(duckdb_extension_spatial.__file__).parent
file, = folder.rglob("spatial.duckdb_extension")
duckdb.connect().execute(f"INSTALL '{file}'")
"""

SCHEMA = """
title = "Bench"
description = "A layer to be pulled"
agency = "none"
licence = "CC0-1.0"
key = ["object_id"]
geometry = "{geometry}"

[sector]
code = "HLPH"
subsector = "Direct Patient Care"
lifeline = "Health and Medical/Medical Care"

[[field]]
name = "object_id"
from = ["OBJECTID"]
description = "key"
"""

PIPELINE = """
id = "bench"
title = "Bench"
store = "store"
schemas = "schemas"
reference = "{samples}/../schemas/reference"

[[jurisdiction]]
id = "state"
kind = "state"
vintage = "2017"
source.ogr = {{ path = "{samples}/us_states.zip" }}
code = "GEOID"
name = "NAME"
agency = "US Census Bureau"
licence = "public domain"

[[jurisdiction]]
id = "county"
kind = "county"
vintage = "2017"
source.ogr = {{ path = "{samples}/us_counties.gpkg", layer = "counties" }}
code = "GEOID"
name = "NAME"
agency = "US Census Bureau"
licence = "public domain"

[[layer]]
id = "bench"
source.arcgis = {{ url = "{url}" }}
"""


def pull(tool, koop: Koop, service: str) -> Pull:
    """Runs a tool once on an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = tool.command(koop.layer(service), folder)
        koop.reset()
        environment = getattr(tool, "environment", None)
        took = measure.run(command, environment)
        spent, rows = koop.spent(), None if took.code else tool.rows(folder)
        return Pull(took.seconds, rows, spent["queries"], spent["milliseconds"] / 1000, took.peak_mb, took.why())


def airports() -> list[dict]:
    with (REPOSITORY / "sample-data/airports.csv").open(encoding="utf-8", newline="") as file:
        return [
            {
                "type": "Feature",
                # All text: Koop calls a column of fractions whole when the first is, and gpio then gives up.
                "properties": row,
                "geometry": {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]},
            }
            for row in csv.DictReader(file)
        ]


def numbered(features: list[dict]) -> list[dict]:
    """The features with a row number each, as a database has them: else Koop makes ids up on every query, at length."""
    for number, feature in enumerate(features, start=1):
        feature["properties"] = {"OBJECTID": number} | (feature["properties"] or {}) | {"OBJECTID": number}
    return features


def geometry(features: list[dict]) -> str:
    """What a schema calls the layer's geometry."""
    kind = next(row["geometry"]["type"] for row in features if row["geometry"])
    return {"Point": "point", "LineString": "line", "Polygon": "polygon"}[kind.removeprefix("Multi")]


def median(pulls: list[Pull]) -> Pull:
    """The pull whose time is the median one; a failed pull before any other."""
    failed = [pull for pull in pulls if pull.why]
    middle = statistics.median_low([pull.seconds for pull in pulls])
    return failed[0] if failed else next(pull for pull in pulls if pull.seconds == middle)


def table(service: str, total: int, results: dict[str, Pull]) -> str:
    first = next(iter(results.values()))

    def ratio(one: Pull) -> str:
        return f"{one.seconds / first.seconds:.1f}" if not one.why and not first.why else ""

    lines = [
        f"### {service}: {total:,} rows",
        "| puller | wall s | × cikr | rows obtained | queries | server's own s | peak MB | |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    for name, one in results.items():
        rows = "none" if one.rows is None else f"{one.rows:,}"
        figures = f"{one.seconds:.2f} | {ratio(one)} | {rows} | {one.queries}"
        note = one.why or ("" if one.rows == total else "**incomplete**")
        lines.append(f"| {name} | {figures} | {one.server:.2f} | {one.peak_mb:.0f} | {note} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--switch", default="", help="switches of tests/koop/server.mjs")
    parser.add_argument("layers", nargs="*", type=Path)
    options = parser.parse_intermixed_args()
    tools = [Cikr(options.cikr.resolve()), Esridump(options.tools), Ogr2ogr(), Gpio(options.tools)]
    services = {path.stem: json.loads(path.read_text())["features"] for path in options.layers}
    services = {name: numbered(features) for name, features in (services or {"Airports": airports()}).items()}
    scratch = Path(tempfile.mkdtemp())
    for service in services:
        (scratch / f"{service}.meta.json").write_text('{"idField": "OBJECTID"}')
    try:
        with Koop(scratch, services, *options.switch.split()) as koop:
            for service, features in services.items():
                tools[0].geometry = geometry(features)
                pulls = {tool.name: [pull(tool, koop, service) for _ in range(options.repeat)] for tool in tools}
                results = {name: median(of_tool) for name, of_tool in pulls.items()}
                print(table(service, len(features), results), flush=True)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()

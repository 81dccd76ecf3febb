"""Times archives of vector tiles made by this program and by others of the same points, and prints a table.

usage: map.py CIKR TOOLS [--rows N] [--runs N] [--data DIR] [--memory SIZE]

- cikr: `cikr tiles` of a release of the points: zooms 0 to 14, twelve attributes at all zooms and all columns at 14.
- freestiler: the same rows of the release's tiles with the same columns, zooms 0 to 14, every attribute at all zooms.
- tippecanoe, where it is installed: the same rows as GeoJSON, a line each, which is written before the clock starts.

TOOLS is the folder with the Python of requirements.txt. Seconds and peak memory are those of the whole process.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import data
import pyarrow as pa
import pyarrow.parquet as pq

import measure
from contenders import Cikr, clear
from pipelines import Work
from tiles import data_folder, warm

COLUMNS = ["facility_id", "name", "layer", "sector_code", "lifeline", "state_code", "county_fips", "region_code", "status"]
COLUMNS += ["location_method", "geometry"]

FREESTILER = """
import sys, freestiler
freestiler.freestile_file(sys.argv[1], sys.argv[2], layer_name="sites", tile_format="mvt", min_zoom=0, max_zoom=14)
"""


@dataclass
class Made:
    """An archive, and what it took."""

    program: str
    seconds: float
    cpu: float
    peak_mb: float
    size_mb: float


def make(name: str, command: list, archive: Path) -> Made:
    archive.unlink(missing_ok=True)
    spent = measure.run(command)
    if spent.code != 0:
        sys.exit(f"map.py: {name}: {spent.why()}")
    made = Made(name, spent.seconds, spent.cpu, spent.peak_mb, archive.stat().st_size / 1e6)
    print(f"{name}: {made.seconds:.1f} s, {made.peak_mb:.0f} MiB, {made.size_mb:.1f} MB", file=sys.stderr)
    return made


def single_file(tiles: list[Path], file: Path) -> Path:
    """All rows of the tiles in one GeoParquet file, for programs that read one."""
    rows = pa.concat_tables(pq.ParquetFile(tile).read(columns=COLUMNS) for tile in tiles)
    geo = {"version": "1.1.0", "primary_column": "geometry"}
    geo["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": ["Point"]}}
    pq.write_table(rows.replace_schema_metadata({"geo": json.dumps(geo)}), file)
    return warm(file)


def geojson_lines(program: Path, release: Path, file: Path) -> Path:
    command = [program, "query", release, "--layer", "sites", "--columns", ",".join(COLUMNS[:-1]), "--format", "geojsonl", "-o", file]
    if measure.run(command).code != 0:
        sys.exit("map.py: the rows can't be written as GeoJSON")
    return warm(file)


def commands(options: argparse.Namespace, release: Path, scratch: Path) -> dict[str, tuple[list, Path]]:
    tiles = sorted((release / "layers/sites/data").glob("*/*.parquet"))
    for tile in tiles:
        warm(tile)
    program = options.cikr.resolve()
    archives = {name: scratch / f"{name}.pmtiles" for name in ["cikr", "freestiler", "tippecanoe"]}
    own = [program, "tiles", release, "--layer", "sites", "-o", archives["cikr"], "--memory", options.memory, "--quiet"]
    peer = [options.tools / "python", "-c", FREESTILER, single_file(tiles, scratch / "sites.parquet"), archives["freestiler"]]
    found = {"cikr": (own, archives["cikr"]), "freestiler": (peer, archives["freestiler"])}
    if tippecanoe := shutil.which("tippecanoe"):
        lines = geojson_lines(program, release, scratch / "sites.geojsonl")
        switches = ["-z14", "-P", "-l", "sites", "--drop-densest-as-needed", "--force", "-q"]
        found["tippecanoe"] = ([tippecanoe, *switches, "-o", archives["tippecanoe"], lines], archives["tippecanoe"])
    return found


def table(rounds: dict[str, list[Made]]) -> str:
    own = statistics.median(made.seconds for made in rounds["cikr"])
    lines = ["| | s, median | × cikr | CPU s | peak MiB | MB |", "|---" * 6 + "|"]
    for name, runs in rounds.items():
        median = {key: statistics.median(getattr(made, key) for made in runs) for key in ["seconds", "cpu", "peak_mb", "size_mb"]}
        cells = [name, f"{median['seconds']:.1f}", f"{median['seconds'] / own:.2f}"]
        cells += [f"{median[key]:.0f}" for key in ["cpu", "peak_mb", "size_mb"]]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--memory", default="512MiB")
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="work-", dir=options.data))
    try:
        work = Work("sites", [data.facilities(options.data, options.rows)], data.boundaries(options.data), tiles_only=True)
        Cikr(options.cikr.resolve(), scratch / "cikr").first_night("cikr", work)
        public = scratch / "cikr/store/public"
        release = public / "releases" / json.loads((public / "latest.json").read_text())["release"]
        contenders = commands(options, release, scratch)
        rounds: dict[str, list[Made]] = {name: [] for name in contenders}
        for _ in range(options.runs):
            for name, (command, archive) in contenders.items():
                rounds[name].append(make(name, command, archive))
    finally:
        clear(scratch)
    print(f"### Vector tiles of {options.rows:,} points, zooms 0 to 14", table(rounds), sep="\n\n", flush=True)


if __name__ == "__main__":
    main()

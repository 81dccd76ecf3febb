"""Times questions to a release by this program and by others on the same tiles, and prints tables.

usage: query.py CIKR TOOLS [--rows N] [--windows N] [--data DIR] [--json FILE]

- windows: squares around random facilities, each as wide as it takes to hold 1 % of the rows; all columns of the rows in
  them are decoded and counted. Every program must find the rows that a look at every coordinate finds.
- nearest: the ten nearest facilities to random places. This program's must be those of geodesic distances to all rows; the
  others order by whatever distance they are fastest with.
- by HTTP: the same windows from a server on this machine that answers 50 ms later: requests and bytes.

TOOLS is the folder with the Python of requirements.txt. A peer's time is that of its question, in a session that has answered one
before. This program's is that of the whole process, and beside it that of the question alone; of windows also that of questions
in such a session, by the program of windows.rs, which lies in `examples` beside CIKR (`cargo build --release --example windows`).
"""

import argparse
import functools
import http.server
import json
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import data
import numpy as np
import pyarrow.parquet as pq
import pyproj

import measure
from contenders import Cikr, clear
from pipelines import Work
from query_peers import PEERS, Tiles
from tiles import data_folder, warm

SHARE = 0.01  # of the rows, in a window
NEAREST = 10
LATENCY = 0.05  # seconds
SEED = 11


@dataclass
class Asked:
    """One question by one program: seconds of all of it, of the question alone, and what came."""

    program: str
    question: str
    seconds: float
    inner: float
    rows: int
    bytes_read: int = 0
    bytes_all: int = 0
    requests: int = 0


class Facilities:
    """Ids and coordinates of every row of the tiles, in their order: what is looked at by force."""

    def __init__(self, tiles: list[Path]):
        tables = [pq.ParquetFile(tile).read(columns=["facility_id", "geometry"]) for tile in tiles]
        self.ids = np.concatenate([table["facility_id"].to_numpy(zero_copy_only=False) for table in tables])
        wkb = b"".join(b"".join(table["geometry"].to_pylist()) for table in tables)
        points = np.frombuffer(wkb, dtype=[("head", "u1", 5), ("x", "<f8"), ("y", "<f8")])
        self.x, self.y = points["x"].copy(), points["y"].copy()

    def window(self, random: np.random.Generator) -> list[float]:
        """A square of degrees around a random facility that holds about so many of them."""
        at = random.integers(len(self.x))
        away = np.maximum(np.abs(self.x - self.x[at]), np.abs(self.y - self.y[at]))
        half = float(np.partition(away, int(len(away) * SHARE))[int(len(away) * SHARE)])
        x, y = float(self.x[at]), float(self.y[at])
        return [max(x - half, -180.0), max(y - half, -90.0), min(x + half, 180.0), min(y + half, 90.0)]

    def within(self, window: list[float]) -> set[str]:
        west, south, east, north = window
        return set(self.ids[(self.x >= west) & (self.x <= east) & (self.y >= south) & (self.y <= north)])

    def nearest(self, place: tuple[float, float]) -> list[str]:
        """By geodesics to all that a sphere doesn't rule out."""
        x, y = np.radians(place)
        sine = np.sin((np.radians(self.y) - y) / 2) ** 2 + np.cos(y) * np.cos(np.radians(self.y)) * np.sin((np.radians(self.x) - x) / 2) ** 2
        sphere = 2 * 6_371_008.8 * np.arcsin(np.sqrt(sine))
        some = np.flatnonzero(sphere <= np.partition(sphere, NEAREST)[NEAREST] * 1.02)
        lon, lat = np.full(len(some), place[0]), np.full(len(some), place[1])
        metres = pyproj.Geod(ellps="WGS84").inv(lon, lat, self.x[some], self.y[some])[2]
        return list(self.ids[some[np.lexsort((some, metres))[:NEAREST]]])


SESSION = "cikr in a session"


def in_session(cikr: Path, release: str, windows: list[list[float]]) -> list[Asked]:
    """This program's windows as peers are asked for them; none where windows.rs isn't built."""
    program = cikr.parent / "examples/windows"
    if not program.is_file():
        print(f"query.py: no {program}, so that no session of this program is timed", file=sys.stderr)
        return []
    spent = measure.run([program, release, "sites", *(sides(window) for window in windows)])
    if spent.code != 0:
        sys.exit(f"query.py: {spent.why()}")
    told = [line.split() for line in spent.out.splitlines()]
    return [Asked(SESSION, "window", float(seconds), float(seconds), int(rows)) for seconds, rows in told]


class Program:
    """This program, a process a question."""

    def __init__(self, program: Path, release: str):
        self.program, self.release = program, release

    def ask(self, name: str, question: list[str]) -> Asked:
        spent = measure.run([self.program, "query", self.release, "--layer", "sites", *question, "--explain", "--format", "json"])
        if spent.code != 0:
            sys.exit(f"query.py: {spent.why()}")
        told = json.loads(spent.out)
        return Asked("cikr", name, spent.seconds, told["seconds"], told["answered"], told["bytes"]["read"], told["bytes"]["of"], told["requests"])

    def ids(self, question: list[str]) -> list[str]:
        command = [self.program, "query", self.release, "--layer", "sites", *question, "--columns", "facility_id", "--format", "csv"]
        return measure.run(command).out.split()[1:]


class Ranges(http.server.SimpleHTTPRequestHandler):
    """Files by ranges, each answer so much later."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        time.sleep(LATENCY)
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        size = path.stat().st_size
        wanted = self.headers.get("Range", f"bytes=0-{size - 1}").removeprefix("bytes=").split("-")
        first, last = int(wanted[0]), min(int(wanted[1]), size - 1)
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
        self.end_headers()
        with path.open("rb") as file:
            file.seek(first)
            self.wfile.write(file.read(last - first + 1))


def served(public: Path) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Ranges, directory=str(public)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def sides(window: list[float]) -> str:
    return ",".join(repr(float(side)) for side in window)


def bbox(window: list[float]) -> str:
    return "--bbox=" + sides(window)


def near(place: tuple[float, float]) -> list[str]:
    return [f"--near={place[0]!r},{place[1]!r}", "--k", str(NEAREST)]


def ask_windows(cikr: Program, peers: list, facilities: Facilities, windows: list[list[float]]) -> list[Asked]:
    results = []
    for number, window in enumerate(windows):
        expected = facilities.within(window)
        if set(cikr.ids([bbox(window)])) != expected:
            sys.exit(f"query.py: a look at every row finds other rows in {window}")
        results.append(cikr.ask("window", [bbox(window)]))
        for peer in peers:
            seconds, rows = peer.window(window)
            results.append(Asked(peer.name, "window", seconds, seconds, rows))
        for asked in results[-1 - len(peers) :]:
            if asked.rows != len(expected):
                sys.exit(f"query.py: {asked.program} finds {asked.rows} rows of {len(expected)} in {window}")
        print(f"window {number + 1}: " + ", ".join(f"{a.program} {a.seconds:.3f} s" for a in results[-1 - len(peers) :]), file=sys.stderr)
    return results


def ask_nearest(cikr: Program, peers: list, facilities: Facilities, places: list[tuple[float, float]]) -> list[Asked]:
    results = []
    for number, place in enumerate(places):
        if cikr.ids(near(place)) != facilities.nearest(place):
            sys.exit(f"query.py: geodesics to all rows find others near {place}")
        results.append(cikr.ask("nearest", near(place)))
        for peer in peers:
            seconds, rows = peer.nearest(place, NEAREST)
            results.append(Asked(peer.name, "nearest", seconds, seconds, rows))
        print(f"nearest {number + 1}: " + ", ".join(f"{a.program} {a.seconds:.3f} s" for a in results[-1 - len(peers) :]), file=sys.stderr)
    return results


def table(results: list[Asked], question: str) -> str:
    """The ratios are those of a program's seconds to this one's for the same question, by its process and in a session."""
    of = {}
    for asked in results:
        if asked.question == question:
            of.setdefault(asked.program, []).append(asked)
    own = [name for name in ["cikr", SESSION] if name in of]
    heads = ["", "s: min, median, max", "question alone, s", *(f"× {name}: min, median, max" for name in own), "rows, median"]
    lines = [row(heads), "|---" * len(heads) + "|"]
    for name, runs in of.items():
        ratios = [spread([run.seconds / base.seconds for run, base in zip(runs, of[by], strict=True)]) for by in own]
        seconds = [spread([run.seconds for run in runs]), spread([run.inner for run in runs])]
        lines.append(row([name, *seconds, *ratios, f"{statistics.median(run.rows for run in runs):,.0f}"]))
    return "\n".join(lines)


def row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def reads(runs: list[Asked]) -> str:
    shares = [run.bytes_read / run.bytes_all * 100 for run in runs]
    requests = [run.requests for run in runs]
    return f"bytes read, % of the tiles: {spread(shares)}; requests: {spread(requests)} (min, median, max)"


def spread(values: list[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in (min(values), statistics.median(values), max(values)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--windows", type=int, default=20, help="and places")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--store", type=Path, help="folder of a pipeline that has run, in place of a new one")
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = options.store or Path(tempfile.mkdtemp(prefix="work-", dir=options.data)) / "cikr"
    program = options.cikr.resolve()
    try:
        if not (scratch / "store").exists():
            work = Work("sites", [data.facilities(options.data, options.rows)], data.boundaries(options.data), tiles_only=True)
            print(f"made a release in {Cikr(program, scratch).first_night('cikr', work).seconds:.1f} s", file=sys.stderr)
        ask(options, program, scratch / "store/public")
    finally:
        if not options.store:
            clear(scratch.parent)


def ask(options: argparse.Namespace, program: Path, public: Path) -> None:
    release = public / "releases" / json.loads((public / "latest.json").read_text())["release"]
    tiles = sorted((release / "layers/sites/data").glob("*/*.parquet"))
    for tile in tiles:
        warm(tile)
    facilities = Facilities(tiles)
    random = np.random.default_rng(SEED)
    windows = [facilities.window(random) for _ in range(options.windows)]
    places = [(float(random.uniform(-124, -67)), float(random.uniform(25, 49))) for _ in range(options.windows)]
    cikr = Program(program, str(release))
    peers = [peer(Tiles(release / "layers/sites/data", tiles)) for peer in PEERS]
    for peer in peers:
        peer.window(windows[0])
        peer.nearest(places[0], NEAREST)
    results = ask_windows(cikr, peers, facilities, windows) + ask_nearest(cikr, peers, facilities, places)
    session = in_session(program, str(release), windows)
    if session and [asked.rows for asked in session] != [asked.rows for asked in results if asked.program == "cikr" and asked.question == "window"]:
        sys.exit("query.py: a session finds other rows than a process")
    results += session
    by_http = [Program(program, served(public)).ask("window by HTTP", [bbox(window)]) for window in windows]
    own = [asked for asked in results if asked.program == "cikr"]
    print(f"### Windows with 1 % of {len(facilities.x):,} rows", table(results, "window"), reads([a for a in own if a.question == "window"]), sep="\n\n")
    print(f"\n### The {NEAREST} nearest of {len(facilities.x):,} rows", table(results, "nearest"), reads([a for a in own if a.question == "nearest"]), sep="\n\n")
    print("\n### The windows by HTTP, each answer 50 ms later", f"s: {spread([a.seconds for a in by_http])}; {reads(by_http)}, and one for `latest.json`", sep="\n\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(asked) for asked in results + by_http], indent=1))


if __name__ == "__main__":
    main()

"""Times `cikr serve` under load, and prints a table.

usage: serve.py CIKR TOOLS [--rows N] [--seconds N] [--connections N] [--data DIR] [--json FILE]

One release of facilities, on this machine, by as many connections for as many seconds each:

- items: pages of 100 facilities in windows around random ones, at a constant rate; the same once more while three releases are
  published beneath the server.
- tiles that are made: of a release without archives, zooms 6 to 14 around random facilities, each asked once before.
- tiles of an archive: the same tiles of a release with `map = true`, as fast as they come, by `wrk` (Debian) where it is installed.

Latency is counted from the moment at which a request was due. Memory is the server's peak (VmHWM).
"""

import argparse
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import data
import numpy as np
import pipelines
from contenders import Cikr, clear
from load import Load, constant_rate
from pipelines import Work
from query import Facilities
from tiles import data_folder, warm

SEED = 5
PLACES = 2_000
HALF_WINDOW = 0.25  # degrees
ITEMS_RATE = 100  # a second
MADE_RATE = 100
ZOOMS = range(6, 15)
NIGHTS = 3


@contextmanager
def server(program: Path, store: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    command = [program, "--quiet", "serve", store, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        yield running.stdout.readline().strip(), running
        running.terminate()


def peak_mb(process: subprocess.Popen) -> float:
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def items_path(x: float, y: float) -> str:
    sides = [x - HALF_WINDOW, y - HALF_WINDOW, x + HALF_WINDOW, y + HALF_WINDOW]
    return "/collections/sites/items?limit=100&bbox=" + ",".join(f"{side:.4f}" for side in sides)


def tile_path(x: float, y: float, zoom: int) -> str:
    across = 2**zoom
    column = int((x + 180) / 360 * across)
    row = int((1 - math.asinh(math.tan(math.radians(y))) / math.pi) / 2 * across)
    return f"/tiles/sites/{zoom}/{column}/{row}.mvt"


def wrk(url: str, paths: list[str], seconds: int, connections: int, scratch: Path) -> str:
    """Requests a second as fast as they come; what wrk prints."""
    script = scratch / "paths.lua"
    listed = ",".join(json.dumps(path) for path in paths)
    script.write_text(
        f"local paths = {{{listed}}}\nlocal at = 0\n"
        'wrk.headers["Accept-Encoding"] = "gzip"\n'
        "function request()\n  at = at % #paths + 1\n  return wrk.format(nil, paths[at])\nend\n"
    )
    command = ["wrk", "--latency", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def publish_beneath(program: Path, folder: Path, nights: list[Path]) -> None:
    """Publishes a release for each file, one after the other."""
    for night in nights:
        pipelines.replace(folder, Work("sites", [night], ()))
        run = [program, "--quiet", "--threads", "1", "run", folder / pipelines.NAME]
        subprocess.run(run, check=True, stdout=subprocess.DEVNULL)


def measure_items(options: argparse.Namespace, url: str, paths: list[str]) -> Load:
    constant_rate(url, paths, ITEMS_RATE, 2, options.connections)
    return constant_rate(url, paths, ITEMS_RATE, options.seconds, options.connections)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="work-", dir=options.data))
    try:
        measure(options, options.cikr.resolve(), scratch)
    finally:
        clear(scratch)


def measure(options: argparse.Namespace, program: Path, scratch: Path) -> None:
    folder = scratch / "cikr"
    first, second = data.facilities(options.data, options.rows), data.second_night(options.data, options.rows)
    work = Work("sites", [first], data.boundaries(options.data), tiles_only=True)
    print(f"made a release in {Cikr(program, folder).first_night('cikr', work).seconds:.1f} s", file=sys.stderr)
    store = folder / "store"
    paths = Paths(store)
    lines, failed = [], 0
    with server(program, store) as (url, running):
        items = measure_items(options, url, paths.items)
        constant_rate(url, paths.tiles, MADE_RATE, len(paths.tiles) / MADE_RATE, options.connections)
        made = constant_rate(url, paths.tiles, MADE_RATE, options.seconds, options.connections)
        publisher = threading.Thread(target=publish_beneath, args=(program, folder, [second, first, second][:NIGHTS]))
        publisher.start()
        beneath = Load()
        while publisher.is_alive():
            more = constant_rate(url, paths.items, ITEMS_RATE / 4, 10, options.connections)
            beneath.seconds += more.seconds
            beneath.took += more.took
            for status, count in more.statuses.items():
                beneath.statuses[status] = beneath.statuses.get(status, 0) + count
        lines += [f"items by bbox: {items.told()}", f"tiles that are made, warm: {made.told()}"]
        lines += [f"items while {NIGHTS} releases are published on the same cores: {beneath.told()}", f"peak memory: {peak_mb(running):.0f} MiB"]
        failed += items.failed() + made.failed() + beneath.failed()
    text = (folder / pipelines.NAME).read_text()
    (folder / pipelines.NAME).write_text(text.replace("[output]\n", "[output]\nmap = true\n"))
    publish_beneath(program, folder, [first])
    with server(program, store) as (url, running):
        if shutil.which("wrk"):
            lines.append("tiles of an archive, by wrk:\n" + wrk(url, paths.tiles, options.seconds, options.connections, scratch))
        archive = constant_rate(url, paths.tiles, 1_000, options.seconds, options.connections)
        lines += [f"tiles of an archive, 1,000 a second: {archive.told()}", f"peak memory: {peak_mb(running):.0f} MiB"]
        failed += archive.failed()
    print(f"### {options.rows:,} rows, {options.connections} connections, {options.seconds} s each\n", *lines, sep="\n", flush=True)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1))
    if failed:
        sys.exit(f"serve.py: {failed} requests failed")


class Paths:
    """What is asked for: pages around random facilities, and the tiles that they are in."""

    def __init__(self, store: Path):
        latest = json.loads((store / "public/latest.json").read_text())["release"]
        tiles = sorted((store / "public/releases" / latest / "layers/sites/data").glob("*/*.parquet"))
        for tile in tiles:
            warm(tile)
        facilities = Facilities(tiles)
        random = np.random.default_rng(SEED)
        places = [int(at) for at in random.integers(len(facilities.x), size=PLACES)]
        xy = [(float(facilities.x[at]), float(facilities.y[at])) for at in places]
        self.items = [items_path(x, y) for x, y in xy]
        self.tiles = [tile_path(x, y, ZOOMS[number % len(ZOOMS)]) for number, (x, y) in enumerate(xy)]


if __name__ == "__main__":
    main()

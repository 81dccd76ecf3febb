"""Measures what comes over the wire when a store is filled from another one, and prints a table.

usage: sync.py CIKR TOOLS [--rows N] [--data DIR]

Two nights of generated facilities, the second with 0.9 % of the rows changed, moved, gone or new, all over the country. A store
behind a server on this machine is taken over after each, with the product `deltas` and without. What was taken over is compared,
byte for byte, with what was published.
"""

import argparse
import filecmp
import functools
import http.server
import json
import sys
import tempfile
import threading
from pathlib import Path

import data

import measure
from contenders import Cikr, clear
from pipelines import Work
from tiles import data_folder


class Files(http.server.SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def served(public: Path) -> str:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(public)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def taken_over(program: Path, url: str, mirror: Path) -> tuple[dict, measure.Spent]:
    spent = measure.run([program, "sync", url, mirror, "--format", "json", "--quiet"])
    if spent.code != 0:
        sys.exit(f"sync.py: {spent.why()}")
    return json.loads(spent.out), spent


def release_of(store: Path) -> Path:
    public = store / "public"
    return public / "releases" / json.loads((public / "latest.json").read_text())["release"]


def compare(store: Path, mirror: Path) -> None:
    there, here = release_of(store), release_of(mirror)
    paths = [file["path"] for file in json.loads((there / "manifest.json").read_text())["files"]]
    _, different, absent = filecmp.cmpfiles(there, here, paths, shallow=False)
    if different or absent:
        sys.exit(f"sync.py: not as published: {[*different, *absent][:5]}")


def two_nights(program: Path, scratch: Path, options: argparse.Namespace, deltas: bool) -> list[str]:
    boundaries = data.boundaries(options.data)
    first, second = data.facilities(options.data, options.rows), data.second_night(options.data, options.rows)
    cikr, mirror = Cikr(program, scratch / "cikr"), scratch / "mirror"
    clear(mirror)
    nights = [Work("sites", [file], boundaries, tiles_only=options.tiles_only, deltas=deltas) for file in (first, second)]
    lines = []
    for number, work in enumerate(nights):
        run = cikr.later_night("cikr", work) if number else cikr.first_night("cikr", work)
        if run.why:
            sys.exit(f"sync.py: {run.why}")
        told, spent = taken_over(program, served(scratch / "cikr/store/public"), mirror)
        compare(scratch / "cikr/store", mirror)
        share = told["bytes_fetched"] / told["bytes"] * 100
        cells = [f"{'with' if deltas else 'without'} deltas, night {number + 1}", f"{run.seconds:.1f}", f"{told['bytes'] / 1e6:,.1f}"]
        cells += [f"{told['bytes_fetched'] / 1e6:,.1f}", f"{share:.2f} %", f"{told['files_fetched']} of {told['files']}", f"{told['files_made']}"]
        lines.append("| " + " | ".join([*cells, f"{spent.seconds:.1f}", f"{spent.peak_mb:.0f}"]) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--tiles-only", action="store_true", help="no products but the tiles of the layer")
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="work-", dir=options.data))
    try:
        lines = [line for deltas in (True, False) for line in two_nights(options.cikr.resolve(), scratch, options, deltas)]
    finally:
        clear(scratch)
    print(f"### A store filled from another: {options.rows:,} facilities, 0.9 % of them other on the second night\n")
    print("| | s of the run | MB of the release | MB fetched | share | files fetched | files made | s of sync | peak MiB of sync |", "|---" * 9 + "|", *lines, sep="\n")


if __name__ == "__main__":
    main()

"""Times the join alone, by this program and by others, alternately, on the same files, and prints tables.

usage: join.py CIKR TOOLS [--rows N …] [--sets NAME …] [--set NAME=FILE …] [--runs N] [--data DIR] [--json FILE]

Work: read points and polygons from GeoParquet, index, join, count the points of each polygon; nothing is written. Points are
the facilities of data.py, of which every program reads the geometry alone. Sets are `counties`, the sample data's; `cells`,
30,000 polygons with 10.8 million vertices; and any GeoParquet file with a column GEOID that --set names. This program runs
twice: with the set indexed in the run, and with an index kept from the run before. Then `kinds`: ten sets at once beside one.
TOOLS is the folder with the Python of requirements.txt. This program's time is that of the whole process, a peer's that of
its work, without starting Python and loading libraries. Every program must find as many points in polygons; one on a border
is in one polygon here, in two there.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import data
import measure
from tiles import data_folder, warm

HERE = Path(__file__).resolve().parent
PEERS = {"duckdb": "DuckDB + spatial", "sedona": "SedonaDB", "geopandas": "GeoPandas", "pycanopy": "PyCanopy"}
OURS = {"cikr": "cikr, index built", "kept": "cikr, index kept"}
BORDER = 1e-4  # share of the points that may lie on a border
KINDS = 10


@dataclass
class Run:
    """One run of one program; `why` says what went wrong."""

    seconds: float
    cpu: float
    peak_mb: float
    matches: int
    why: str = ""


def this_program(program: Path, points: Path, sets: list[str], kept: Path | None = None) -> Run:
    command = [program, "locate", points, "--to", ",".join(sets), "--format", "json", "--quiet"]
    command += ["--kept-sets", kept] if kept else []
    spent = measure.run(command)
    if spent.code != 0:
        return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())
    return Run(spent.seconds, spent.cpu, spent.peak_mb, json.loads(spent.out)["sets"][0]["within"])


def peer(python: Path, name: str, points: Path, polygons: Path) -> Run:
    spent = measure.run([python, HERE / "join_peers.py", name, points, polygons])
    if spent.code != 0:
        return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())
    told = json.loads(spent.out.splitlines()[-1])
    return Run(told["seconds"], told["cpu"], spent.peak_mb, told["matches"])


def rounds_of(options: argparse.Namespace, points: Path, polygons: Path) -> list[dict[str, Run]]:
    """Each program once a round, another one first each time."""
    names, program = [*OURS, *PEERS], options.cikr.resolve()
    rounds = []
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        this_program(program, points, [f"areas={polygons}"], Path(folder))
        for number in range(options.runs):
            done = {}
            for name in names[number % len(names) :] + names[: number % len(names)]:
                if name in OURS:
                    kept = Path(folder) if name == "kept" else None
                    done[name] = this_program(program, points, [f"areas={polygons}"], kept)
                else:
                    done[name] = peer(options.tools / "python", name, points, polygons)
            rounds.append(done)
            brief = ", ".join(f"{name}: {done[name].why or f'{done[name].seconds:.2f} s'}" for name in names)
            print(f"round {number + 1} of {options.runs}: {brief}", file=sys.stderr)
    return rounds


def kinds(options: argparse.Namespace, points: Path, polygons: Path) -> str:
    """One set, and ten sets of which each is read and indexed for itself."""
    seconds = {1: [], KINDS: []}
    for _ in range(options.runs):
        for count, found in seconds.items():
            sets = [f"kind_{number}={polygons}" for number in range(count)]
            found.append(this_program(options.cikr.resolve(), points, sets).seconds)
    ratios = [many / one for one, many in zip(seconds[1], seconds[KINDS], strict=True)]
    return f"{KINDS} sets at once take {spread(ratios)} times as long as one (min, median, max): {spread(seconds[KINDS])} s."


def check_matches(rounds: list[dict[str, Run]], rows: int) -> None:
    found = {name: run.matches for name, run in rounds[-1].items() if not run.why}
    if max(found.values()) - min(found.values()) > rows * BORDER:
        sys.exit(f"join.py: the programs don't find the same: {found}")


def table(rounds: list[dict[str, Run]]) -> str:
    """The ratio is that of a program's seconds to this one's in the same round."""
    lines = ["| | wall s: min, median, max | CPU s | peak MB | × cikr: min, median, max | in polygons | |", "|---" * 7 + "|"]
    for name in rounds[0]:
        runs = [done[name] for done in rounds]
        ratios = [done[name].seconds / done["cikr"].seconds for done in rounds]
        cells = [
            (OURS | PEERS)[name],
            spread([run.seconds for run in runs]),
            f"{statistics.median(run.cpu for run in runs):.2f}",
            f"{max(run.peak_mb for run in runs):,.0f}",
            spread(ratios),
            f"{runs[-1].matches:,}",
            next((run.why for run in runs if run.why), ""),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def fastest(rounds: list[dict[str, Run]]) -> str:
    """This program beside the fastest of the others, round by round."""
    others = [min(run.seconds for name, run in done.items() if name in PEERS and not run.why) for done in rounds]
    built, kept = (
        [other / done[name].seconds for other, done in zip(others, rounds, strict=True)] for name in OURS
    )
    return (
        f"The fastest of the others takes {spread(built)} times as long as with the index built, {spread(kept)} times as long"
        " as with it kept (min, median, max)."
    )


def spread(values: list[float]) -> str:
    return f"{min(values):.2f}, {statistics.median(values):.2f}, {max(values):.2f}"


def sets_of(options: argparse.Namespace) -> dict[str, Path]:
    made = {"counties": lambda: data.boundaries(options.data)[1], "cells": lambda: data.cells(options.data)}
    named = dict(named.split("=", 1) for named in options.set)
    return {name: warm(made[name]()) for name in options.sets} | {name: warm(Path(file)) for name, file in named.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 20_000_000])
    parser.add_argument("--sets", nargs="*", choices=["counties", "cells"], default=["counties", "cells"])
    parser.add_argument("--set", metavar="NAME=FILE", nargs="*", default=[], help="GeoParquet with a column GEOID")
    parser.add_argument("--runs", type=int, default=5, help="of each program")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    results = []
    for name, polygons in sets_of(options).items():
        for rows in options.rows:
            points = warm(data.facilities(options.data, rows))
            rounds = rounds_of(options, points, polygons)
            check_matches(rounds, rows)
            title = f"### Join alone: {rows:,} points to {name}, {options.runs} runs each"
            print(title, table(rounds), fastest(rounds), sep="\n\n", end="\n\n", flush=True)
            results += [{"set": name, "rows": rows, "round": number, "program": program} | vars(run) for number, done in enumerate(rounds, start=1) for program, run in done.items()]
            if options.json:
                options.json.write_text(json.dumps(results, indent=1))
    points = warm(data.facilities(options.data, options.rows[0]))
    print(f"### {KINDS} kinds at once: {options.rows[0]:,} points to counties", kinds(options, points, data.boundaries(options.data)[1]), sep="\n\n")


if __name__ == "__main__":
    main()

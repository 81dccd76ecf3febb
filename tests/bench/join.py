"""Times the join alone, by this program and by others, alternately, on the same files, and prints a table.

usage: join.py CIKR TOOLS [--rows N …] [--runs N] [--data DIR] [--json FILE]

Work: read points and counties from GeoParquet, index, join, count the points of each county; nothing is written. Points are
the facilities of data.py, of which every program reads the geometry alone. TOOLS is the folder with the Python of
requirements.txt. This program's time is that of the whole process, a peer's that of its work, without starting Python and
loading libraries. Every program must find as many points in counties; one on a border is in one county here, in two there.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

import data
import measure
from tiles import data_folder, warm

HERE = Path(__file__).resolve().parent
PEERS = {"duckdb": "DuckDB + spatial", "sedona": "SedonaDB", "geopandas": "GeoPandas", "pycanopy": "PyCanopy"}
BORDER = 1e-4  # share of the points that may lie on a border


@dataclass
class Run:
    """One run of one program; `why` says what went wrong."""

    seconds: float
    cpu: float
    peak_mb: float
    matches: int
    why: str = ""


def this_program(program: Path, facilities: Path, counties: Path) -> Run:
    command = [program, "locate", facilities, "--to", f"counties={counties}", "--format", "json", "--quiet"]
    spent = measure.run(command)
    if spent.code != 0:
        return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())
    return Run(spent.seconds, spent.cpu, spent.peak_mb, json.loads(spent.out)["sets"][0]["within"])


def peer(python: Path, name: str, facilities: Path, counties: Path) -> Run:
    spent = measure.run([python, HERE / "join_peers.py", name, facilities, counties])
    if spent.code != 0:
        return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())
    told = json.loads(spent.out.splitlines()[-1])
    return Run(told["seconds"], told["cpu"], spent.peak_mb, told["matches"])


def rounds_of(options: argparse.Namespace, facilities: Path, counties: Path) -> list[dict[str, Run]]:
    """Each program once a round, another one first each time."""
    names = ["cikr", *PEERS]
    rounds = []
    for number in range(options.runs):
        done = {}
        for name in names[number % len(names) :] + names[: number % len(names)]:
            if name == "cikr":
                done[name] = this_program(options.cikr.resolve(), facilities, counties)
            else:
                done[name] = peer(options.tools / "python", name, facilities, counties)
        rounds.append(done)
        brief = ", ".join(f"{name}: {done[name].why or f'{done[name].seconds:.2f} s'}" for name in names)
        print(f"round {number + 1} of {options.runs}: {brief}", file=sys.stderr)
    return rounds


def check_matches(rounds: list[dict[str, Run]], rows: int) -> None:
    found = {name: run.matches for name, run in rounds[-1].items() if not run.why}
    if max(found.values()) - min(found.values()) > rows * BORDER:
        sys.exit(f"join.py: the programs don't find the same: {found}")


def table(rounds: list[dict[str, Run]]) -> str:
    """The ratio is that of a program's seconds to this one's in the same round."""
    lines = ["| | wall s: min, median, max | CPU s | peak MB | × cikr: min, median, max | in counties | |", "|---" * 7 + "|"]
    for name in rounds[0]:
        runs = [done[name] for done in rounds]
        ratios = [done[name].seconds / done["cikr"].seconds for done in rounds]
        cells = [
            PEERS.get(name, name),
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
    ratios = [min(run.seconds for name, run in done.items() if name != "cikr" and not run.why) for done in rounds]
    ratios = [other / done["cikr"].seconds for other, done in zip(ratios, rounds, strict=True)]
    return f"The fastest of the others takes {spread(ratios)} times as long (min, median, max)."


def spread(values: list[float]) -> str:
    return f"{min(values):.2f}, {statistics.median(values):.2f}, {max(values):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 20_000_000])
    parser.add_argument("--runs", type=int, default=5, help="of each program")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    counties = warm(data.boundaries(options.data)[1])
    results = []
    for rows in options.rows:
        facilities = warm(data.facilities(options.data, rows))
        rounds = rounds_of(options, facilities, counties)
        check_matches(rounds, rows)
        print(f"### Join alone: {rows:,} points, {options.runs} runs each", table(rounds), fastest(rounds), sep="\n\n", end="\n\n", flush=True)
        results += [{"rows": rows, "round": number, "program": name} | vars(run) for number, done in enumerate(rounds, start=1) for name, run in done.items()]
        if options.json:
            options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()

"""Times shares of lines by this program and by GeoPandas, alternately, on the same files, and prints a table.

usage: shares.py CIKR TOOLS [--lines FILE] [--rows N] [--runs N] [--data DIR]

Work: read lines and counties, cut the lines at the counties' borders, measure the geodesic length of every piece, write each
line's shares. Lines are those of data.py, or of any file that both programs read. GeoPandas overlays and measures by pyproj;
its time is that of the work, this program's that of the whole process. Shares are compared line by line: edges are straight in
longitude and latitude here, geodesics there, so that a long edge differs by more than rounding.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import data
import measure
from join import Run, spread
from tiles import data_folder, warm

HERE = Path(__file__).resolve().parent


def this_program(program: Path, lines: Path, counties: Path, out: Path) -> Run:
    command = [program, "locate", lines, "--to", f"counties={counties}", "--lines-shares", "-o", out, "--force"]
    spent = measure.run([*command, "--format", "json", "--quiet"])
    return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())


def geopandas(python: Path, lines: Path, counties: Path, out: Path) -> Run:
    spent = measure.run([python, HERE / "shares_peer.py", lines, counties, out])
    if spent.code != 0:
        return Run(spent.seconds, spent.cpu, spent.peak_mb, 0, spent.why())
    told = json.loads(spent.out.splitlines()[-1])
    return Run(told["seconds"], told["cpu"], spent.peak_mb, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--lines", type=Path, help="any file of lines [default: those of data.py]")
    parser.add_argument("--rows", type=int, default=33_642)
    parser.add_argument("--runs", type=int, default=5, help="of each program")
    parser.add_argument("--data", type=Path, default=data_folder())
    options = parser.parse_intermixed_args()
    options.data.mkdir(parents=True, exist_ok=True)
    counties = warm(data.boundaries(options.data)[1])
    lines = warm(options.lines or data.lines(options.data, options.rows))
    runs: dict[str, list[Run]] = {"cikr": [], "GeoPandas": []}
    with tempfile.TemporaryDirectory(dir=options.data) as folder:
        ours, theirs = Path(folder) / "cikr.parquet", Path(folder) / "geopandas.parquet"
        for _ in range(options.runs):
            runs["cikr"].append(this_program(options.cikr.resolve(), lines, counties, ours))
            runs["GeoPandas"].append(geopandas(options.tools / "python", lines, counties, theirs))
        for run in (run for of_program in runs.values() for run in of_program if run.why):
            sys.exit(f"shares.py: {run.why}")
        compared = measure.run([options.tools / "python", HERE / "shares_peer.py", "--compare", ours, theirs])
    print(f"### Shares: {lines.name} in counties, {options.runs} runs each\n")
    print("| | wall s: min, median, max | CPU s | peak MB |", "|---" * 4 + "|", sep="\n")
    for name, of_program in runs.items():
        cpu = sorted(run.cpu for run in of_program)[len(of_program) // 2]
        peak = max(run.peak_mb for run in of_program)
        print(f"| {name} | {spread([run.seconds for run in of_program])} | {cpu:.2f} | {peak:,.0f} |")
    ratios = [theirs.seconds / ours.seconds for ours, theirs in zip(*runs.values(), strict=True)]
    print(f"\nGeoPandas takes {spread(ratios)} times as long (min, median, max). {compared.out.strip()}\n")


if __name__ == "__main__":
    main()

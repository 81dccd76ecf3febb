"""Times the tile job by this program and by others, alternately, on the same files at zstd 3, and prints tables.

usage: tiles.py CIKR TOOLS [--only PART,…] [--rows N …] [--runs N] [--large] [--data DIR] [--json FILE]

- tiles: products off, the tiles of one layer alone, beside DuckDB with spatial, SedonaDB and GeoPandas;
- nights: every default product, beside DuckDB's bare tile job: a first night, one with 1 % of the rows changed, and
  one without a change;
- memory: the peak against `--memory`, every default product on; with --large also at 50 million rows;
- join: points to counties by the others, nothing written; only where it is named.

TOOLS is the folder with the Python of requirements.txt. Data are made once and kept in DIR. This program's time is that
of the whole process, a peer's that of its job, without starting Python and loading libraries.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import data
import tables
from contenders import CORES, HERE, Cikr, Peer, Run
from pipelines import Work

FEW_RUNS = 3
MANY_ROWS = 5_000_000  # with so many, few runs are enough
PEERS = {"duckdb": "DuckDB + spatial", "sedona": "SedonaDB", "geopandas": "GeoPandas"}


class Bench:
    """The programs, the data and the results."""

    def __init__(self, options: argparse.Namespace, scratch: Path):
        self.options, self.results = options, []
        self.boundaries = data.boundaries(options.data)
        self.cikr = Cikr(options.cikr.resolve(), scratch / "cikr")
        self.peers = [Peer(name, label, options.tools / "python", scratch / name) for name, label in PEERS.items()]

    def tiles(self, rows: int) -> None:
        facilities = warm(data.facilities(self.options.data, rows))
        work = Work("sites", [facilities], self.boundaries, tiles_only=True)
        contenders = [lambda: self.cikr.first_night("cikr", work), *self.jobs("tiles", rows, facilities)]
        rounds = self.alternate(contenders, self.runs(rows))
        told = [tables.compared(rounds), tables.stages(rounds, "cikr")]
        self.tell("tiles", f"Tiles alone: {rows:,} rows", rounds, *told)

    def nights(self, rows: int) -> None:
        first = warm(data.facilities(self.options.data, rows))
        second = warm(data.second_night(self.options.data, rows))
        names = ["first night", "1 % changed", "no change"]
        contenders = [
            lambda: self.cikr.first_night(names[0], Work("sites", [first], self.boundaries)),
            lambda: self.cikr.later_night(names[1], Work("sites", [second], self.boundaries)),
            lambda: self.cikr.night(names[2]),
            self.jobs("tiles", rows, first)[0],
        ]
        rounds = self.alternate(contenders, self.runs(rows), turn=False)
        by_stage = [tables.stages(rounds, name) for name in names]
        self.tell("nights", f"Every default product: {rows:,} rows", rounds, tables.compared(rounds), *by_stage)

    def join(self, rows: int) -> None:
        facilities = warm(data.facilities(self.options.data, rows))
        rounds = self.alternate(self.jobs("join", rows, facilities), self.runs(rows))
        matches = ", ".join(f"{run.name} {run.matches or 0:,}" for run in rounds[-1])
        self.tell("join", f"Points to counties: {rows:,} rows", rounds, tables.compared(rounds), f"Matches: {matches}")

    def memory(self) -> None:
        if not self.cikr.has("--memory"):
            print("### Peak memory\n\nskipped: `cikr run` has no --memory\n")
            return
        contenders = [
            self.bounded(name, work, budget) for name, work, budgets in self.memory_works() for budget in budgets
        ]
        rounds = self.alternate(contenders, min(FEW_RUNS, self.options.runs), turn=False)
        self.tell("memory", "Peak memory, every default product", rounds, tables.memory(rounds))

    def memory_works(self) -> Iterator[tuple[str, Work, list[str]]]:
        """Each with its name and the budgets to try; the default one tells what a row costs where memory is enough."""
        folder, (few, *more) = self.options.data, self.options.rows
        for rows in [few, *more, *[50_000_000] * self.options.large]:
            points = Work("sites", [data.facilities(folder, rows)], self.boundaries)
            yield f"{rows:,} points", points, ["default", *tables.MB_OF] if rows == few else list(tables.MB_OF)
        national = Work("sites", [data.facilities(folder, few)], self.boundaries, national=True)
        lines = Work("lines", [data.lines(folder, 33_642 * 60)], self.boundaries)
        layers = Work("sites", data.layers(folder, 40, 50_000), self.boundaries)
        yield f"{few:,} points, national.parquet too", national, list(tables.MB_OF)
        yield "33,642 × 60 lines", lines, list(tables.MB_OF)
        yield "40 layers of 50,000 points", layers, list(tables.MB_OF)

    def bounded(self, name: str, work: Work, budget: str) -> Callable[[], Run]:
        switches = [] if budget == "default" else ["--memory", budget]
        return lambda: self.cikr.first_night(f"{name}, {budget}", work, *switches)

    def jobs(self, job: str, rows: int, facilities: Path) -> list[Callable[[], Run]]:
        """The job by every other program that memory is enough for."""
        counties = self.boundaries[1]
        return [lambda peer=peer: peer.run(job, facilities, counties) for peer in self.peers if peer.fits(rows)]

    def runs(self, rows: int) -> int:
        return min(FEW_RUNS, self.options.runs) if rows >= MANY_ROWS else self.options.runs

    def alternate(self, contenders: list[Callable[[], Run]], runs: int, turn: bool = True) -> tables.Rounds:
        """Rounds of all contenders; another one begins each time, unless their order matters."""
        rounds = []
        for number in range(runs):
            places = [(place + number * turn) % len(contenders) for place in range(len(contenders))]
            done = {place: contenders[place]() for place in places}
            rounds.append([done[place] for place in sorted(done)])
            brief = ", ".join(f"{run.name}: {run.why or f'{run.seconds:.2f} s'}" for run in rounds[-1])
            print(f"round {number + 1} of {runs}: {brief}", file=sys.stderr)
        return rounds

    def tell(self, part: str, title: str, rounds: tables.Rounds, *told: str) -> None:
        """Prints a part, and keeps all that was measured at once: the next part may be stopped."""
        print(f"### {title}, {len(rounds)} runs each", *told, sep="\n\n", end="\n\n", flush=True)
        for number, runs in enumerate(rounds, start=1):
            self.results += [{"part": part, "title": title, "round": number} | asdict(run) for run in runs]
        if self.options.json:
            self.options.json.write_text(json.dumps({"cores": CORES, "runs": self.results}, indent=1))


def warm(path: Path) -> Path:
    """Reads the file, so that none of the programs is the one to wait for the disk."""
    with path.open("rb") as file:
        while file.read(1 << 24):
            pass
    return path


def data_folder() -> Path:
    """Outside the checkout, named after the program that makes the data: another one makes others."""
    key = hashlib.sha256((HERE / "data.py").read_bytes()).hexdigest()[:12]
    return Path.home() / f".cache/cikr/bench-{key}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cikr", type=Path)
    parser.add_argument("tools", type=Path)
    parser.add_argument("--only", default="tiles,nights,memory", help="parts, by commas: tiles, nights, memory, join")
    parser.add_argument("--rows", type=int, nargs="+", default=[2_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=5, help="of each program; three at most where rows are many")
    parser.add_argument("--large", action="store_true", help="50 million rows too, in the part `memory`")
    parser.add_argument("--data", type=Path, default=data_folder())
    parser.add_argument("--json", type=Path, help="file for all that was measured")
    options = parser.parse_intermixed_args()
    parts = options.only.split(",")
    options.data.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="work-", dir=options.data))
    try:
        bench = Bench(options, scratch)
        by_rows = [part for part in ["tiles", "nights", "join"] if part in parts]
        for rows in options.rows:
            for part in by_rows:
                getattr(bench, part)(rows)
        if "memory" in parts:
            bench.memory()
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()

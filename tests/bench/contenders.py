"""One run of one program: this one on a pipeline, or another on the same files; what it took, and what it wrote."""

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq

import measure
import pipelines

HERE = Path(__file__).resolve().parent
CORES = len(os.sched_getaffinity(0))


@dataclass
class Run:
    """One run. `why` says what went wrong; `tiles_mb` is the size of the layers' tiles, `all_mb` of the release."""

    name: str
    seconds: float
    cpu: float
    peak_mb: float
    why: str = ""
    rows: int = 0
    columns: int = 0
    tiles_mb: float = 0
    all_mb: float = 0
    matches: int | None = None
    busy_between: float | None = None
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def busy(self) -> float:
        """The share of the cores that was used."""
        return self.cpu / (CORES * self.seconds)


class Cikr:
    """This program, on the pipeline in a folder."""

    def __init__(self, program: Path, folder: Path):
        self.program, self.folder = program, folder

    def first_night(self, name: str, work: pipelines.Work, *switches: str) -> Run:
        clear(self.folder)
        pipelines.write(self.folder, work)
        return self.night(name, *switches)

    def later_night(self, name: str, work: pipelines.Work, *switches: str) -> Run:
        pipelines.replace(self.folder, work)
        return self.night(name, *switches)

    def night(self, name: str, *switches: str) -> Run:
        os.sync()  # or this run waits for what the one before wrote
        pipeline = self.folder / pipelines.NAME
        spent = measure.run([self.program, "run", pipeline, "--log-format", "json", *switches])
        run = Run(name, spent.seconds, spent.cpu, spent.peak_mb, spent.why())
        if not run.why:
            store = self.folder / "store"
            release = store / "public" / "releases" / json.loads((store / "public" / "latest.json").read_text())["release"]
            weigh(run, release.glob("layers/*/data/*/*.parquet"))
            run.all_mb = sum(file.stat().st_size for file in release.rglob("*") if file.is_file()) / 1e6
            run.stages, run.busy_between = stages(spent.lines)
        return run

    def has(self, switch: str) -> bool:
        return switch in measure.run([self.program, "run", "--help"]).out


class Peer:
    """Another program, in a process of peers.py."""

    def __init__(self, name: str, label: str, python: Path, folder: Path):
        self.name, self.label, self.python, self.folder = name, label, python, folder

    def run(self, job: str, facilities: Path, counties: Path) -> Run:
        clear(self.folder)
        os.sync()
        spent = measure.run([self.python, HERE / "peers.py", self.name, job, facilities, counties, self.folder])
        if spent.code != 0:
            return Run(self.label, spent.seconds, spent.cpu, spent.peak_mb, spent.why())
        of_job = json.loads(spent.out.splitlines()[-1])
        run = Run(self.label, of_job["seconds"], of_job["cpu"], spent.peak_mb, matches=of_job["matches"])
        weigh(run, self.folder.rglob("*.parquet"))
        clear(self.folder)
        return run

    def fits(self, rows: int) -> bool:
        """Whether memory is enough: GeoPandas holds all rows, at more than 1 kB each."""
        return self.name != "geopandas" or rows * 1500 < available_memory()


def stages(lines: list[measure.Line]) -> tuple[dict[str, tuple[float, float]], float | None]:
    """Seconds and CPU seconds by stage, and the share of the cores used from the last landing to the publication.

    A line of the log stands at the end of what it tells of, so the time since the line before it is its stage's.
    """
    spent: dict[str, tuple[float, float]] = {}
    before = measure.Line(0.0, 0.0, "")
    ends: dict[str, measure.Line] = {}
    for line in lines:
        stage = stage_of(line.text)
        if stage is None:
            continue
        wall, cpu = spent.get(stage, (0.0, 0.0))
        spent[stage] = (wall + line.seconds - before.seconds, cpu + line.cpu - before.cpu)
        ends[stage] = before = line
    if not {"fetch", "publish"} <= ends.keys():
        return spent, None
    wall = ends["publish"].seconds - ends["fetch"].seconds
    return spent, (ends["publish"].cpu - ends["fetch"].cpu) / (CORES * wall)


def stage_of(line: str) -> str | None:
    try:
        return json.loads(line)["fields"].get("stage")
    except (ValueError, KeyError, TypeError):
        return None  # no line of the log


def weigh(run: Run, tiles: Iterable[Path]) -> None:
    """Counts what stands in the tiles."""
    for tile in tiles:
        file = pq.ParquetFile(tile)
        run.rows += file.metadata.num_rows
        run.columns = len(file.schema_arrow.names)
        run.tiles_mb += tile.stat().st_size / 1e6


def clear(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def available_memory() -> int:
    """Bytes that a new program can have."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return 0

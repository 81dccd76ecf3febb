"""Tables in Markdown of what was measured: a round holds one run of each contender."""

import statistics
from collections.abc import Iterable

from contenders import Run

Rounds = list[list[Run]]

MB_OF = {"512MiB": 512, "1GiB": 1024}  # the budgets that are tried
OVER = 1.25  # a peak may be so many times its budget


def by_name(rounds: Rounds) -> dict[str, list[Run]]:
    return {run.name: [of_round[place] for of_round in rounds] for place, run in enumerate(rounds[0])}


def compared(rounds: Rounds) -> str:
    """All contenders; the ratio is that of a run's seconds to those of DuckDB in the same round."""
    runs_of = by_name(rounds)
    base = next((runs for name, runs in runs_of.items() if name.startswith("DuckDB")), [])
    rows = []
    for name, runs in runs_of.items():
        last = runs[-1]
        ratios = [run.seconds / other.seconds for run, other in zip(runs, base, strict=False)]
        written = [f"{last.rows:,}", last.columns, f"{last.tiles_mb:,.1f}"] if last.rows else ["", "", ""]
        whole = f"{last.all_mb:,.1f}" if last.all_mb else ""
        rows.append([name, *times(runs), spread(ratios), *use(runs), *written, whole, why(runs)])
    head = ["", *TIMES, "× DuckDB: min, median, max", *USE, "rows", "columns", "MB of tiles", "MB in all", ""]
    return markdown(head, rows)


def memory(rounds: Rounds) -> str:
    """Peaks against budgets; a run's name is `work, budget`."""
    rows = []
    for name, runs in by_name(rounds).items():
        work, _, budget = name.rpartition(", ")
        share = max(run.peak_mb for run in runs) / MB_OF[budget] if budget in MB_OF else None
        of_budget = "" if share is None else f"{share:.0%}{' **over**' if share > OVER else ''}"
        last = runs[-1]
        per_row = f"{middle(runs, 'seconds') / last.rows * 1e6:.2f}" if last.rows else ""
        rows.append([work, budget, *use(runs), of_budget, *times(runs), per_row, f"{last.rows:,}", why(runs)])
    return markdown(["work", "--memory", *USE, "of the budget", *TIMES, "µs a row", "rows", ""], rows)


def stages(rounds: Rounds, name: str) -> str:
    """Where this program's time went, and how busy it kept the cores from the landing to the publication."""
    runs = by_name(rounds)[name]
    rows = []
    for stage in runs[0].stages:
        spent = [run.stages.get(stage, (0.0, 0.0)) for run in runs]
        rows.append([stage, *(f"{statistics.median(column):.2f}" for column in zip(*spent, strict=True))])
    busy = [run.busy_between for run in runs if run.busy_between is not None]
    told = f"\n\nCores used from fetch to publish: {statistics.median(busy):.0%}" if busy else ""
    return markdown([f"{name}, by stage", "wall s", "CPU s"], rows) + told


TIMES = ["wall s: min, median, max", "CPU s"]
USE = ["cores used", "peak MB"]


def times(runs: list[Run]) -> list[str]:
    return [spread([run.seconds for run in runs]), f"{middle(runs, 'cpu'):.2f}"]


def use(runs: list[Run]) -> list[str]:
    return [f"{middle(runs, 'busy'):.0%}", f"{max(run.peak_mb for run in runs):,.0f}"]


def why(runs: list[Run]) -> str:
    return next((run.why for run in runs if run.why), "")


def middle(runs: list[Run], name: str) -> float:
    return statistics.median(getattr(run, name) for run in runs)


def spread(values: list[float]) -> str:
    return f"{min(values):.2f}, **{statistics.median(values):.2f}**, {max(values):.2f}" if values else ""


def markdown(head: list[str], rows: Iterable[list]) -> str:
    """The first column is words, the others are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)

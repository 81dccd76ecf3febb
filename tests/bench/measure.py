"""Runs a program and says what it took: `run(command)`. Uses nothing but the standard library.

The program is started by a small process of its own (this file), for a child's peak memory begins with its parent's,
and a parent that holds the layers would be measured for it.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Line:
    """A line that the program wrote to stderr, and what it had taken until then."""

    seconds: float
    cpu: float
    text: str


@dataclass
class Spent:
    """What a run of a program took; `cpu` is user and system seconds of all its threads, `peak_mb` VmHWM in MiB."""

    seconds: float
    cpu: float
    peak_mb: float
    code: int
    out: str
    lines: list[Line]

    def why(self) -> str:
        """The last thing it said, where it failed."""
        if self.code == 0:
            return ""
        said = [line.text for line in self.lines] or self.out.strip().splitlines() or [""]
        return f"exit code {self.code}: {said[-1][:90]}"


def run(command: list, environment: dict[str, str] | None = None) -> Spent:
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "spent.json"
        watch = [sys.executable, __file__, result, *command]
        subprocess.run(watch, env=environment, check=True)
        spent = json.loads(result.read_text())
        return Spent(**(spent | {"lines": [Line(*line) for line in spent["lines"]]}))


def watch(result: Path, command: list[str]) -> None:
    with tempfile.TemporaryFile("w+", errors="replace") as out:
        start = time.monotonic()
        pipe = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": subprocess.PIPE}
        child = subprocess.Popen(command, text=True, errors="replace", **pipe)
        lines = [(time.monotonic() - start, cpu_until_now(child.pid), line.rstrip("\n")) for line in child.stderr]
        _, status, usage = os.wait4(child.pid, 0)
        spent = {
            "seconds": time.monotonic() - start,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak_mb": usage.ru_maxrss / 1024,
            "code": os.waitstatus_to_exitcode(status),
            "lines": lines,
        }
        out.seek(0)
        result.write_text(json.dumps(spent | {"out": out.read()}))


def cpu_until_now(pid: int) -> float:
    """User and system seconds of all threads, those that are gone included: fields 14 and 15 of proc(5)'s stat."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    watch(Path(sys.argv[1]), sys.argv[2:])

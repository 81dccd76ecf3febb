"""The README's recipe for reading over HTTP, against a server that knows ranges; and what such a server can't give away."""

import http.client
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import REPOSITORY, folder
from test_readme import blocks

README = REPOSITORY / "README.md"
KOOP = REPOSITORY / "tests/koop"


@contextmanager
def served_with_ranges(root: Path) -> Iterator[int]:
    """A folder behind Express, on a free port of this machine."""
    installed = subprocess.run([KOOP / "install.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    command = ["node", KOOP / "static.mjs", root]
    with subprocess.Popen(command, cwd=installed, stdout=subprocess.PIPE, text=True) as server:
        yield int(server.stdout.readline().strip().rpartition(":")[2])
        server.kill()


@contextmanager
def served_without_ranges(root: Path) -> Iterator[int]:
    """A folder behind Python's own server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        for _ in range(100):
            try:
                get(port, "/latest.json")
                break
            except OSError:
                time.sleep(0.1)
        yield port
        server.kill()


def get(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def recipe(store: Path, port: int) -> tuple[list[str], str]:
    """The command that lists the tiles, for this store and port, and the Python that reads them."""
    (listing,) = [text for language, text in blocks(README) if language == "sh" and "tiles.txt" in text]
    (reading,) = [text for language, text in blocks(README) if language == "python" and "tiles.txt" in text]
    listing = listing.replace("out/demo", str(store)).replace("localhost:8000", f"127.0.0.1:{port}")
    return shlex.split(listing), reading


def test_the_recipe_runs_as_written(program: Path, tmp_path: Path):
    store = folder("CIKR_STORE")
    with served_with_ranges(store / "public") as port:
        listing, reading = recipe(store, port)
        assert listing[0] == "cikr" and listing[-2:] == [">", "tiles.txt"]
        run = subprocess.run([program, *listing[1:-2]], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        (tmp_path / "tiles.txt").write_text(run.stdout)
        assert all(get(port, re.sub(r"^http://[^/]+", "", url)) == 200 for url in run.stdout.split()[:5])
        run = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert "state_code" in run.stdout


def test_a_server_without_ranges_is_told_of_as_the_readme_says(program: Path, tmp_path: Path):
    store = folder("CIKR_STORE")
    assert "`Range request not supported`" in README.read_text()
    with served_without_ranges(store / "public") as port:
        listing, reading = recipe(store, port)
        run = subprocess.run([program, *listing[1:-2]], capture_output=True, text=True)
        (tmp_path / "tiles.txt").write_text(run.stdout)
        run = subprocess.run([sys.executable, "-c", reading], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode != 0 and "Range request not supported" in run.stderr, run.stderr


@pytest.mark.parametrize("private", ["landing", "work", "log", "gate", "tallies", "lock", "checked.json"])
def test_nothing_private_is_below_what_is_served(private: str):
    store = folder("CIKR_STORE")
    assert (store / private).exists()
    assert not [path for path in (store / "public").rglob(private) if path.parent.name != "layers"]
    links = [path for path in (store / "public").rglob("*") if path.is_symlink()]
    assert links and all((store / "public").resolve() in path.resolve().parents for path in links)

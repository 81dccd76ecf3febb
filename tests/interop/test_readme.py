"""What the two READMEs tell people to paste runs as written, and what they describe is there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from conftest import REPOSITORY, folder

RUNNABLE = {"sql", "python"}


def blocks(readme: Path) -> list[tuple[str, str]]:
    """Language and text of each fenced block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", readme.read_text(), flags=re.MULTILINE | re.DOTALL)


def snippets(readme: Path) -> list[tuple[str, str]]:
    """Queries of a README; they are meant to be run in the folder of the release."""
    found = [block for block in blocks(readme) if block[0] in RUNNABLE] if readme.exists() else []
    # What reads over HTTP needs a server: `test_http` runs it.
    return [block for block in found if "tiles.txt" not in block[1]]


def readmes() -> dict[str, Path]:
    return {"release": folder("CIKR_RELEASE") / "README.md", "repository": REPOSITORY / "README.md"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "snippet" in metafunc.fixturenames:
        found = [
            pytest.param(*block, id=f"{name}-{number}-{block[0]}")
            for name, readme in readmes().items()
            for number, block in enumerate(snippets(readme))
        ]
        metafunc.parametrize(("language", "snippet"), found)


@pytest.mark.parametrize("name", ["release", "repository"])
def test_each_readme_has_queries(name: str):
    assert {language for language, _ in snippets(readmes()[name])} == RUNNABLE


def test_queries_run_as_written(language: str, snippet: str, release: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(release)
    if language == "sql":
        with duckdb.connect() as connection:
            rows = connection.execute(snippet).fetchall()
        assert rows, "the query finds nothing"
    else:
        run = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert run.stdout.strip(), "the snippet prints nothing"


def test_the_release_describes_every_layer_and_column(release: Path, tables: dict[str, pa.Table]):
    text = (release / "README.md").read_text()
    assert not [name for name in tables if name not in text]
    columns = {column for rows in tables.values() for column in rows.column_names if column != "region"}
    undescribed = sorted(column for column in columns if not re.search(rf"\b{column}\b", text))
    assert not undescribed, f"no word about {undescribed}"


def test_the_worked_example_is_a_pipeline_without_mistakes(program: Path, tmp_path: Path):
    written = 0
    for language, text in blocks(REPOSITORY / "README.md"):
        named = re.match(r"# ((?:pipelines|schemas)/\w+\.toml)\n", text)
        if language == "toml" and named:
            (tmp_path / named[1]).parent.mkdir(exist_ok=True)
            (tmp_path / named[1]).write_text(text)
            written += 1
    assert written == 2, "the README shows one pipeline and one schema"
    os.symlink(REPOSITORY / "schemas" / "reference", tmp_path / "schemas" / "reference")
    (pipeline,) = (tmp_path / "pipelines").iterdir()
    run = subprocess.run([program, "check", pipeline], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr

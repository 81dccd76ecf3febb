"""How a release is cited and described to programs: digest, CITATION.cff, Data Package, footers of its tables."""

import json
import re
import subprocess
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY
from frictionless import Checklist, Package

INTEROP = REPOSITORY / "tests" / "interop"


@pytest.fixture(scope="module")
def digest(store: Path) -> str:
    return json.loads((store / "public" / "latest.json").read_text())["data_sha256"]


@pytest.fixture(scope="module")
def package(release: Path) -> dict:
    return json.loads((release / "datapackage.json").read_text())


@pytest.fixture(scope="module")
def recipes(release: Path) -> list[str]:
    """What the README tells to do in a shell: to make the digest again, and to check the files."""
    text = (release / "README.md").read_text().split("## How to cite")[1]
    return re.findall(r"^```sh\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def shell(command: str, folder: Path) -> str:
    run = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=folder, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_digest_is_made_again_as_the_readme_says(release: Path, recipes: list[str], digest: str):
    digest_again, check = recipes
    assert shell(digest_again, release) == f"{digest}  -\n"
    assert shell(check, release) == ""


def test_the_digest_is_told_wherever_a_release_is_cited(release: Path, program: Path, digest: str):
    for name in ("README.md", "CITATION.cff", "datapackage.json", "catalog.json"):
        assert digest in (release / name).read_text(), name
    verified = subprocess.run([program, "verify", release], capture_output=True, text=True, check=True)
    assert f"data sha256: {digest}" in verified.stdout


def test_the_citation_file_is_valid(release: Path, tmp_path: Path):
    # In an environment of its own: it wants another jsonschema than everybody else.
    venv = shell(f"'{INTEROP}/venv.sh' '{INTEROP}/cff.txt'", tmp_path).strip()
    cffconvert = [f"{venv}/bin/cffconvert", "--infile", release / "CITATION.cff"]
    subprocess.run([*cffconvert, "--validate"], check=True)
    cited = subprocess.run([*cffconvert, "--format", "apalike"], capture_output=True, text=True, check=True)
    assert release.name in cited.stdout


def test_frictionless_takes_the_package(release: Path):
    # Raises where the descriptor is not valid. Of long tables it reads the first rows, which it does one by one.
    found = Package(str(release / "datapackage.json"))
    report = found.validate(Checklist(), limit_rows=100)
    assert report.valid, report.flatten(["name", "type", "message"])[:10]
    states = found.get_resource("reference.states").read_rows()
    assert len(states) == pq.read_metadata(release / "reference" / "states.parquet").num_rows


def test_the_package_has_every_table(package: dict, manifest: dict):
    named = [path for table in package["resources"] for path in paths(table)]
    tables = {path for path in manifest if path.endswith(".parquet") and not path.endswith("/items.parquet")}
    assert len(named) == len(set(named)) and set(named) == tables
    for table in package["resources"]:
        if "hash" in table:
            assert table["hash"] == "sha256:" + manifest[table["path"]]["sha256"], table["name"]


def test_the_package_has_every_column_with_its_meaning(package: dict, release: Path):
    for table in package["resources"]:
        fields = {field["name"]: field for field in table["schema"]["fields"]}
        for path in paths(table):
            assert pq.read_schema(release / path).names == list(fields), path
        bare = [name for name, field in fields.items() if not field["description"] or not field["arrow_type"]]
        assert not bare, f"{table['name']}: no word about {bare}"
    units = {field.get("unit") for table in package["resources"] for field in table["schema"]["fields"]}
    assert {"m", "MW", "ft", "degree"} <= units


def test_footers_say_what_the_package_says(package: dict, release: Path):
    for table in package["resources"]:
        said = {field["name"]: (field["description"], field.get("unit")) for field in table["schema"]["fields"]}
        for path in paths(table):
            notes = json.loads(pq.read_metadata(release / path).metadata[b"columns"])
            assert list(notes) == pq.read_schema(release / path).names, path
            told = {name: (note["description"], note.get("unit")) for name, note in notes.items()}
            assert told == said, path


def test_duckdb_reads_the_footers(release: Path):
    tile = next((release / "facilities" / "data").rglob("*.parquet"))
    with duckdb.connect() as connection:
        query = f"SELECT decode(value) FROM parquet_kv_metadata('{tile}') WHERE decode(key) = 'columns'"
        ((notes,),) = connection.execute(query).fetchall()
    assert json.loads(notes)["location_distance_m"]["unit"] == "m"


def paths(table: dict) -> list[str]:
    """Files of a table of the package."""
    return table["path"] if isinstance(table["path"], list) else [table["path"]]

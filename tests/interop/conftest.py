"""What the tests read: a release made by the real program, named by the environment.

CIKR_RELEASE   folder of the release
CIKR_STORE     store it stands in
CIKR_PIPELINE  pipeline it was made from (its boundaries are the independent truth for locations)
CIKR_BIN       the program

`run.sh` sets all four. Nothing here writes below the release.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
VARIABLES = ("CIKR_RELEASE", "CIKR_STORE", "CIKR_PIPELINE", "CIKR_BIN")

BOUNDARIES = {"state": "us_states.zip", "county": "us_counties.gpkg"}


def jurisdiction(kind: str) -> str:
    """TOML of a polygon set of the sample data."""
    return f"""
[[jurisdiction]]
id = "{kind}"
kind = "{kind}"
vintage = "2017"
source.ogr = {{ path = "{REPOSITORY}/sample-data/{BOUNDARIES[kind]}" }}
code = "GEOID"
name = "NAME"
nearest-m = 20000
agency = "US Census Bureau"
licence = "public domain"
"""


def pytest_configure(config: pytest.Config) -> None:
    absent = [name for name in VARIABLES if name not in os.environ]
    if absent:
        raise pytest.UsageError(f"{', '.join(absent)} not set: start these tests with `make interop`")


def folder(variable: str) -> Path:
    """Folder or file that an environment variable names."""
    return Path(os.environ[variable]).resolve()


def product_folders(release: Path) -> list[Path]:
    """Every product: the inventory and one folder per layer."""
    return [release / "facilities", *sorted((release / "layers").glob("*"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "product" in metafunc.fixturenames:
        products = product_folders(folder("CIKR_RELEASE"))
        metafunc.parametrize("product", products, ids=[path.name for path in products], scope="session")


@pytest.fixture(scope="session")
def release() -> Path:
    return folder("CIKR_RELEASE")


@pytest.fixture(scope="session")
def store() -> Path:
    return folder("CIKR_STORE")


@pytest.fixture(scope="session")
def report(release: Path) -> dict:
    return json.loads((release / "report.json").read_text())


@pytest.fixture(scope="session")
def manifest(release: Path) -> dict[str, dict]:
    """Entry of each file, by its path below the release."""
    files = json.loads((release / "manifest.json").read_text())["files"]
    return {entry["path"]: entry for entry in files}


@pytest.fixture(scope="session")
def pipeline() -> dict:
    """The pipeline as written; paths in it are relative to `pipeline_folder`."""
    return tomllib.loads(folder("CIKR_PIPELINE").read_text())


@pytest.fixture(scope="session")
def pipeline_folder() -> Path:
    return folder("CIKR_PIPELINE").parent


@pytest.fixture(scope="session")
def program() -> Path:
    return folder("CIKR_BIN")


@pytest.fixture(scope="session")
def served(program: Path) -> Iterator[str]:
    """The address of `cikr serve` of the store, on a free port."""
    command = [program, "serve", folder("CIKR_STORE"), "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        yield server.stdout.readline().strip()
        server.terminate()
        assert server.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def tables(release: Path, manifest: dict) -> dict[str, pa.Table]:
    """Rows of each product by facility: tile by tile as the manifest lists them, with the path's region.

    The reference that every reader is compared with: it uses no reader's folder discovery.
    """
    found = {}
    for product in product_folders(release):
        data = product.relative_to(release).as_posix() + "/data/"
        tiles = [path for path in sorted(manifest) if path.startswith(data)]
        assert tiles, f"the manifest lists no tile below {data}"
        rows = [with_region(pq.ParquetFile(release / path).read(), path) for path in tiles]
        found[product.name] = pa.concat_tables(rows).sort_by("facility_id")
    return found


def with_region(rows: pa.Table, path: str) -> pa.Table:
    """Rows of a tile with the region that its path names, and without metadata."""
    region = path.split("/region=")[1].split("/")[0]
    return rows.append_column("region", pa.array([region] * len(rows))).replace_schema_metadata()

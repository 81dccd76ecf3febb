"""What `cikr locate` says of each row is what DuckDB's spatial extension and GeoPandas say of it, row by row."""

import json
import subprocess
from pathlib import Path

import geopandas
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import REPOSITORY

HERE = Path(__file__).resolve().parent
SAMPLES = REPOSITORY / "sample-data"
SETS = {"counties": "us_counties.gpkg", "states": "us_states.zip"}
# Points alone: others place a line by other points on it.
FILES = ("airports.csv", "state_capitals.geojson", "substations.gdb.zip", "cellular_towers.geojsonl", "local_law_enforcement")


@pytest.fixture(scope="module", params=FILES)
def located(request, program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample, joined to both sets and written as GeoParquet."""
    out = tmp_path_factory.mktemp("located") / "rows.parquet"
    locate(program, SAMPLES / request.param, "-o", out)
    return out


@pytest.fixture(scope="module")
def polygons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The sets as GeoParquet; NAD83 is taken for WGS 84, as the program does."""
    folder = tmp_path_factory.mktemp("polygons")
    found = {}
    for name, file in SETS.items():
        frame = geopandas.read_file(SAMPLES / file)[["GEOID", "geometry"]]
        found[name] = folder / f"{name}.parquet"
        frame.set_crs("OGC:CRS84", allow_override=True).to_parquet(found[name])
    return found


@pytest.fixture(scope="module")
def spatial_python() -> Path:
    """Python with a DuckDB that has its spatial extension."""
    made = subprocess.run([HERE / "venv.sh", HERE / "spatial.txt"], check=True, capture_output=True, text=True)
    return Path(made.stdout.strip()) / "bin/python"


def locate(program: Path, file: Path, *more: str | Path) -> dict:
    sets = ",".join(f"{name}={SAMPLES / path}" for name, path in SETS.items())
    command = [program, "locate", file, "--to", sets, "--format", "json", "--quiet", *more]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def codes(located: Path, name: str) -> pd.Series:
    return pq.read_table(located, columns=[f"{name}_code"]).column(0).to_pandas()


def same(ours: pd.Series, theirs: pd.Series) -> None:
    """A point on a common border is in several polygons: the lowest code is the rule."""
    both = pd.DataFrame({"ours": ours, "theirs": theirs.reindex(ours.index)}).astype(object)
    both = both.where(both.notna(), None)
    wrong = both[both["ours"] != both["theirs"]]
    wrong = wrong[wrong.notna().any(axis=1)]
    assert wrong.empty, f"{len(wrong)} of {len(both)} differ:\n{wrong.head(20)}"


@pytest.mark.parametrize("name", SETS)
def test_geopandas_assigns_the_same(name: str, located: Path, polygons: dict[str, Path]):
    points = geopandas.read_parquet(located)[["geometry"]].reset_index(drop=True)
    areas = geopandas.read_parquet(polygons[name])
    joined = geopandas.sjoin(points, areas.to_crs(points.crs), predicate="intersects")
    same(codes(located, name), joined.groupby(level=0)["GEOID"].min())


@pytest.mark.parametrize("name", SETS)
def test_duckdb_assigns_the_same(
    name: str, located: Path, polygons: dict[str, Path], spatial_python: Path, tmp_path: Path
):
    rows, out = tmp_path / "rows.parquet", tmp_path / "codes.parquet"
    geometry = pq.read_table(located, columns=["geometry"]).column(0).combine_chunks()
    pq.write_table(pa.table({"row": range(len(geometry)), "wkb": geometry}), rows)
    subprocess.run([spatial_python, HERE / "duckdb_join.py", rows, polygons[name], out], check=True)
    same(codes(located, name), pq.read_table(out).to_pandas().set_index("row")["code"])


def test_counts_are_those_of_the_rows(located: Path, program: Path):
    summary = locate(program, located, "--to", f"again={SAMPLES / SETS['counties']}")
    counted = {row["code"]: row["rows"] for row in summary["sets"][-1]["jurisdictions"]}
    assert counted == codes(located, "counties").value_counts().to_dict()

"""Makes the rows that the program and others are timed on: the same bytes for the same versions of NumPy and PyArrow.

usage: data.py FOLDER [--rows N …] [--second N …] [--lines N …] [--layers N …]

Facilities are points about the middle of a random county, some of them out at sea, with eight attributes of the kind
HIFLD Open had. Their sector follows from their type, and of 2 % the NAICS code says another. Files that are there
already stay as they are: they are named after all that they depend on, and appear only when whole.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyogrio
import shapely

REPOSITORY = Path(__file__).resolve().parents[2]
SEED = 7
CHUNK = 1_000_000  # rows made at a time: what bounds the memory of this program
GROUP = 131_072  # rows of a row group, as other writers have them

WORDS = ["NORTH", "SOUTH", "MERCY", "COUNTY", "REGIONAL", "MEMORIAL", "CENTRAL", "VALLEY"]
WORDS += ["RIVER", "LAKE", "GENERAL", "MARY", "UNION", "CITY", "PINE", "OAK"]
# Type and NAICS code; schemas/sites.toml has the sectors.
KINDS = {
    "HOSPITAL": "622110",
    "CLINIC": "622110",
    "SUBSTATION": "221122",
    "PLANT": "221122",
    "SCHOOL": "611110",
    "STATION": "922160",
    "TERMINAL": "424710",
    "DEPOT": "424710",
}
STATUSES = ["OPEN", "CLOSED", "NOT AVAILABLE"]
MISCODED = 0.02


def facilities(folder: Path, rows: int) -> Path:
    """A first night: rows 0 to `rows` - 1."""
    chunks = (facility_chunk(folder, start, min(CHUNK, rows - start)) for start in range(0, rows, CHUNK))
    return write(folder / f"facilities_{rows}.parquet", chunks, "Point")


def second_night(folder: Path, rows: int) -> Path:
    """The same facilities a night later: of 1,000, six have other beds, two have moved, one is gone and one is new."""
    first = pq.ParquetFile(facilities(folder, rows))
    return write(folder / f"facilities_{rows}_second.parquet", changed(folder, rows, first), "Point")


def changed(folder: Path, rows: int, first: pq.ParquetFile) -> Iterator[pa.Table]:
    for group in range(first.num_row_groups):
        table = first.read_row_group(group)
        turn = pc.cast(table["id"], pa.int64()).to_numpy() % 1000
        beds = table["BEDS"].to_numpy() + (turn < 6)
        points = shapely.from_wkb(table["geometry"].to_numpy(zero_copy_only=False))
        moved = np.where((turn >= 6) & (turn < 8), shapely.transform(points, lambda xy: xy * 0.9999), points)
        table = table.set_column(table.schema.get_field_index("BEDS"), "BEDS", pa.array(beds.astype("int32")))
        table = table.set_column(table.schema.get_field_index("geometry"), "geometry", pa.array(shapely.to_wkb(moved)))
        yield table.filter(pa.array(turn != 8))
    yield facility_chunk(folder, rows, rows // 1000)


def facility_chunk(folder: Path, start: int, rows: int) -> pa.Table:
    random = np.random.default_rng([SEED, start])
    kind = random.integers(0, len(KINDS), rows)
    coded = np.where(random.random(rows) < MISCODED, (kind + random.integers(2, 7, rows)) % len(KINDS), kind)
    types = np.array(list(KINDS))
    days = np.datetime64("2018-01-01") + random.integers(0, 2000, rows).astype("timedelta64[D]")
    numbers = random.integers(0, 9999, rows).astype(str)
    houses = random.integers(0, 20_000, rows).astype(str)
    return pa.table(
        {
            "id": np.arange(start, start + rows),
            "NAME": joined(some(random, WORDS, rows), some(random, WORDS, rows), types[kind], numbers),
            "ADDRESS": joined(houses, some(random, WORDS, rows), np.full(rows, "ST")),
            "CITY": some(random, WORDS, rows),
            "TYPE": types[kind],
            "STATUS": some(random, STATUSES, rows),
            "BEDS": random.integers(0, 900, rows).astype("int32"),
            "NAICS_CODE": np.array(list(KINDS.values()))[coded],
            "SOURCEDATE": days.astype("datetime64[ms]"),
            "geometry": shapely.to_wkb(shapely.points(*places(folder, random, rows))),
        }
    )


def lines(folder: Path, rows: int) -> Path:
    """Pipelines that wander off from where a facility could stand; most have two vertices, some a hundred."""
    chunks = (line_chunk(folder, start, min(CHUNK // 10, rows - start)) for start in range(0, rows, CHUNK // 10))
    return write(folder / f"lines_{rows}.parquet", chunks, "LineString")


def line_chunk(folder: Path, start: int, rows: int) -> pa.Table:
    random = np.random.default_rng([SEED, 1, start])
    vertices = 2 + (0.6 * random.pareto(1.3, rows)).clip(max=200).astype(int)
    of_line = np.repeat(np.arange(rows), vertices)
    x, y = places(folder, random, rows)
    steps = np.cumsum(random.normal(0, 0.01, (len(of_line), 2)), axis=0)
    steps -= np.repeat(steps[np.cumsum(vertices) - vertices], vertices, axis=0)
    wandered = steps + np.column_stack([x, y])[of_line]
    wandered = np.column_stack([wandered[:, 0].clip(-180, 180), wandered[:, 1].clip(-90, 90)])
    return pa.table(
        {
            "id": np.arange(start, start + rows),
            "OPERATOR": joined(some(random, WORDS, rows), some(random, WORDS, rows), np.full(rows, "PIPELINE COMPANY")),
            "TYPEPIPE": some(random, ["Interstate", "Intrastate", "Gathering"], rows),
            "STATUS": some(random, STATUSES, rows),
            "geometry": shapely.to_wkb(shapely.linestrings(wandered, indices=of_line)),
        }
    )


def layers(folder: Path, count: int, rows: int) -> list[Path]:
    """Many layers of few rows each, with different rows."""
    return [
        write(folder / f"layers_{rows}/layer_{n:02}.parquet", [facility_chunk(folder, n * rows, rows)], "Point")
        for n in range(count)
    ]


def places(folder: Path, random: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Points about the middle of random counties, farther off the larger the county is."""
    county = shapely.from_wkb(pq.read_table(boundaries(folder)[1])["geometry"].to_numpy())
    middle, box = shapely.get_coordinates(shapely.point_on_surface(county)), shapely.bounds(county)
    spread = (box[:, 2:] - box[:, :2]).clip(max=3)
    chosen = random.integers(0, len(county), rows)
    x, y = (middle[chosen] + random.normal(0, 0.35, (rows, 2)) * spread[chosen]).T
    return x.clip(-180, 180), y.clip(-90, 90)


def boundaries(folder: Path) -> tuple[Path, Path]:
    """The sample data's states and counties as GeoParquet with their FEMA regions, which peers can't look up."""
    regions = csv_columns("regions-fema.csv", "state_code", "region_code")
    states = csv_columns("states.csv", "state_fips", "state_code")
    paths = []
    for name, file in [("states", "us_states.zip"), ("counties", "us_counties.gpkg")]:
        _, _, shapes, (codes, names) = pyogrio.raw.read(REPOSITORY / "sample-data" / file, columns=["GEOID", "NAME"])
        columns = {"GEOID": codes.astype(str), "NAME": names.astype(str)}
        columns["region"] = pa.array([regions.get(states[code[:2]]) for code in codes], pa.string())
        # NAD83 is taken for WGS 84, as the program does.
        table = pa.table(columns | {"geometry": pa.array(shapes, pa.binary())})
        paths.append(write(folder / f"{name}.parquet", [table], "MultiPolygon", "Polygon"))
    return paths[0], paths[1]


def cells(folder: Path, columns: int = 200, rows: int = 150, vertices: int = 90) -> Path:
    """A coverage of cells, by default 30,000 with 10.8 million vertices: a lattice over the 48 states whose edges of so many
    vertices wander, each the same from both sides and near to its axis, so that none meets another."""
    return write(folder / f"cells_{columns}x{rows}x{vertices}.parquet", cell_tables(columns, rows, vertices), "Polygon")


def cell_tables(columns: int, rows: int, vertices: int) -> Iterator[pa.Table]:
    random = np.random.default_rng([SEED, 2])
    x = np.linspace(-125, -66, columns + 1)
    y = np.linspace(24, 50, rows + 1)
    along = np.arange(vertices) / vertices
    amplitude = 0.1 * np.sin(np.pi * along) * min(x[1] - x[0], y[1] - y[0])
    # Of each level edge its latitudes, of each upright one its longitudes, at the same places along.
    level = y[:, None, None] + amplitude * random.uniform(-1, 1, (rows + 1, columns, vertices))
    upright = x[:, None, None] + amplitude * random.uniform(-1, 1, (columns + 1, rows, vertices))
    for row in range(rows):
        rings = [cell_ring(x, y, level, upright, column, row, along) for column in range(columns)]
        codes = [f"{row:04}{column:04}" for column in range(columns)]
        shapes = shapely.to_wkb([shapely.Polygon(ring) for ring in rings])
        yield pa.table({"GEOID": codes, "NAME": [f"Cell {code}" for code in codes], "geometry": shapes})


def cell_ring(x, y, level, upright, column: int, row: int, along: np.ndarray) -> np.ndarray:
    eastward = x[column] + along * (x[column + 1] - x[column])
    northward = y[row] + along * (y[row + 1] - y[row])
    south = np.column_stack([eastward, level[row, column]])
    east = np.column_stack([upright[column + 1, row], northward])
    # Northern and western edges run backwards, from the corner that they end at.
    corner = [[x[column + 1], y[row + 1]]], [[x[column], y[row + 1]]]
    north = np.concatenate([corner[0], np.column_stack([eastward, level[row + 1, column]])[:0:-1]])
    west = np.concatenate([corner[1], np.column_stack([upright[column, row], northward])[:0:-1]])
    return np.concatenate([south, east, north, west, south[:1]])


def csv_columns(name: str, key: str, value: str) -> dict[str, str]:
    with (REPOSITORY / "schemas/reference" / name).open(encoding="utf-8", newline="") as file:
        return {row[key]: row[value] for row in csv.DictReader(file)}


def some(random: np.random.Generator, values: list[str], rows: int) -> np.ndarray:
    return np.array(values)[random.integers(0, len(values), rows)]


def joined(*words: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(*(pa.array(word) for word in words), " ")


def write(path: Path, tables: Iterator[pa.Table] | list[pa.Table], *kinds: str) -> Path:
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part, writer = path.with_suffix(".part"), None
    geo = {"version": "1.1.0", "primary_column": "geometry"}
    geo["columns"] = {"geometry": {"encoding": "WKB", "geometry_types": list(kinds)}}
    for table in tables:
        schema = table.schema.with_metadata({"geo": json.dumps(geo)})
        writer = writer or pq.ParquetWriter(part, schema, compression="snappy")
        writer.write_table(table.cast(schema), row_group_size=GROUP)
    writer.close()
    print(f"made {path}", file=sys.stderr)
    return part.rename(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, nargs="*", default=[], help="facilities")
    parser.add_argument("--second", type=int, nargs="*", default=[], help="facilities of a second night")
    parser.add_argument("--lines", type=int, nargs="*", default=[])
    parser.add_argument("--layers", type=int, nargs="*", default=[], help="layers of 50,000 facilities each")
    options = parser.parse_args()
    boundaries(options.folder)
    for rows in options.rows:
        facilities(options.folder, rows)
    for rows in options.second:
        second_night(options.folder, rows)
    for rows in options.lines:
        lines(options.folder, rows)
    for count in options.layers:
        layers(options.folder, count, 50_000)


if __name__ == "__main__":
    main()

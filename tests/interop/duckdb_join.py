"""Points to polygons by DuckDB's spatial extension: `duckdb_join.py ROWS POLYGONS OUT`, run by the Python of spatial.txt.

ROWS has the columns `row` and `wkb`, POLYGONS is GeoParquet with `GEOID`; OUT gets the lowest code of each row that has one.
"""

import sys
from pathlib import Path

import duckdb
import duckdb_extension_spatial

rows, polygons, out = sys.argv[1:]
(extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
session = duckdb.connect()
session.load_extension(str(extension))
session.sql(f"""
    COPY (
        SELECT a.row, min(b.GEOID) AS code
        FROM '{rows}' a JOIN '{polygons}' b ON st_intersects(b.geometry, st_geomfromwkb(a.wkb))
        GROUP BY a.row
    ) TO '{out}' (FORMAT parquet)""")

"""Makes the sample data: real boundaries, airports and capitals repackaged, HIFLD-style layers made up.

    python3 sample-data/make.py FOLDER

FOLDER is what fetch.sh filled. Everything random comes from one seed (synthetic.py). Each made-up layer carries planted
defects: what the program must find is counted as the rows are made and goes to defects.json, which a test compares
with the program's report. The same versions (requirements.txt) give the same bytes.
"""

import csv
import json
import sys
import tempfile
from pathlib import Path

import pyogrio
from shapely.geometry import MultiPolygon, Polygon

import layers
from formats import HERE, write_csv, write_ogr, write_text, write_zip
from synthetic import Country

TERRITORIES = {"GU": "Guam", "AS": "American Samoa", "MP": "Northern Mariana Islands"}


def topology(path):
    """Polygons of the TopoJSON: unclosed rings closed, rings that collapsed dropped, no coordinate changed."""
    atlas = json.loads(path.read_text())
    (sx, sy), (tx, ty) = atlas["transform"]["scale"], atlas["transform"]["translate"]
    arcs = []
    for arc in atlas["arcs"]:
        x = y = 0
        points = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            points.append((x * sx + tx, y * sy + ty))
        arcs.append(points)

    def ring(indexes):
        points = []
        for i in indexes:
            arc = arcs[i] if i >= 0 else arcs[~i][::-1]
            points += arc[1:] if points else arc
        return points if points[0] == points[-1] else [*points, points[0]]

    sets = {}
    for name in ("states", "counties"):
        rows = []
        for feature in sorted(atlas["objects"][name]["geometries"], key=lambda f: f["id"]):
            polygons = [feature["arcs"]] if feature["type"] == "Polygon" else feature["arcs"]
            polygons = [[r for r in map(ring, p) if len(r) >= 4] for p in polygons]
            shape = MultiPolygon([Polygon(p[0], p[1:]) for p in polygons if p])
            if shape.is_empty:
                print(f"{name}: {feature['id']} {feature['properties']['name']} has no area at this scale, left out")
            else:
                rows.append({"GEOID": feature["id"], "NAME": feature["properties"]["name"], "_shape": shape})
        sets[name] = rows
    return sets


def make_boundaries(sets):
    with tempfile.TemporaryDirectory() as folder:
        write_ogr(
            f"{folder}/us_states.shp",
            "ESRI Shapefile",
            "us_states",
            sets["states"],
            "MultiPolygon",
            "EPSG:4269",
            RESIZE="YES",
            DBF_DATE_LAST_UPDATE="2026-01-01",
            ENCODING="UTF-8",
        )
        write_zip("us_states.zip", Path(folder))
    (HERE / "us_counties.gpkg").unlink(missing_ok=True)
    write_ogr(
        HERE / "us_counties.gpkg",
        "GPKG",
        "counties",
        sets["counties"],
        "MultiPolygon",
        "EPSG:4269",
        VERSION="1.2",
        SPATIAL_INDEX="NO",
    )


def make_airports(path):
    package = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    rows = [r for r in package if r["country"] in ("US", *TERRITORIES)]
    for r in rows:
        r["state"] = {"": TERRITORIES.get(r["country"]), "Virgin Islands": "U.S. Virgin Islands"}.get(
            r["subd"], r["subd"]
        )
    write_csv("airports.csv", rows, [], None)
    return {"rows": len(rows), "written": len(rows), "rejects": {}}


def make_capitals(path):
    lines = []
    for r in json.loads(path.read_text()):
        lines.append(
            json.dumps(
                {
                    "type": "Feature",
                    "properties": {"state": r["state"], "city": r["city"]},
                    "geometry": {"type": "Point", "coordinates": [r["lon"], r["lat"]]},
                }
            )
        )
    write_text("state_capitals.geojson", '{"type": "FeatureCollection", "features": [\n' + ",\n".join(lines) + "\n]}\n")
    return {"rows": len(lines), "written": len(lines), "rejects": {}}


def main(folder):
    # Identifiers of the FileGDB and dates of the GeoPackage, otherwise random and today's.
    pyogrio.set_gdal_config_options(
        {"OPENFILEGDB_REPRODUCIBLE_UUID": "YES", "OGR_CURRENT_DATE": "2026-01-01T00:00:00.000Z"}
    )
    sets = topology(folder / "counties-10m.json")
    make_boundaries(sets)
    defects = {
        "airports": make_airports(folder / "airports.csv"),
        "state_capitals": make_capitals(folder / "us-state-capitals.json"),
    }
    country = Country(sets)
    for make in (
        layers.make_hospitals,
        layers.make_substations,
        layers.make_transmission_lines,
        layers.make_service_territories,
        layers.make_dams,
        layers.make_natural_gas_pipelines,
        layers.make_cellular_towers,
        layers.make_local_law_enforcement,
    ):
        name = make.__name__.removeprefix("make_")
        defects[name] = make(country)
        print(f"{name}: {defects[name]['rows']} rows, {defects[name]['rejects']}")
    write_text("defects.json", json.dumps(defects, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

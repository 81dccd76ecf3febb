"""The made-up layers, one function each: columns and quirks of the agencies' own files, SOURCE = SYNTHETIC in all."""

import math
import shutil
import tempfile
from datetime import date, timedelta
from pathlib import Path

from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon

from formats import HERE, feature, write_csv, write_ogr, write_text, write_zip
from synthetic import NAMES, USPS, Layer, lost_zeros, mercator, other_county, pick, some_date, swapped

GDAL_DAY = "2026-01-01"  # written into DBF headers in place of today


def make_hospitals(country):
    def row(rng, n, county, point, plain):
        fips, kind = (
            county["GEOID"],
            rng.choice(["GENERAL ACUTE CARE"] * 6 + ["CRITICAL ACCESS", "PSYCHIATRIC", "CHILDREN", "MILITARY"]),
        )
        day = some_date(rng)
        return {
            "X": "",
            "Y": "",
            "FID": n,
            "ID": f"{rng.randrange(10**4):04d}{n:06d}",
            "NAME": f"SYNTHETIC {'GENERAL' if kind.startswith('G') else kind} HOSPITAL {n:04d}",
            "ADDRESS": f"{rng.randrange(1, 9999)} SYNTHETIC STREET",
            "CITY": "SYNTHETIC CITY",
            "STATE": USPS[fips[:2]],
            "ZIP": lost_zeros(rng, f"{rng.randrange(501, 99951):05d}"),
            "ZIP4": pick(rng, plain, 0.98, "NOT AVAILABLE", f"{rng.randrange(1, 10000):04d}"),
            "TELEPHONE": pick(rng, plain, 0.14, "NOT AVAILABLE", f"({fips[:2]}0) 555-0{rng.randrange(100, 200)}"),
            "TYPE": kind,
            "STATUS": "CLOSED" if rng.random() < 0.04 else "OPEN",
            "POPULATION": pick(rng, plain, 0.1, "-999", str(rng.randrange(5, 900))),
            "COUNTY": county["NAME"].upper(),
            "COUNTYFIPS": lost_zeros(rng, fips),
            "COUNTRY": {"PR": "PRI", "GU": "GUM", "VI": "VIR", "AS": "ASM", "MP": "MNP"}.get(USPS[fips[:2]], "USA"),
            "LATITUDE": point.y,
            "LONGITUDE": point.x,
            "NAICS_CODE": "622210" if kind == "PSYCHIATRIC" else "622110",
            "NAICS_DESC": "PSYCHIATRIC AND SUBSTANCE ABUSE HOSPITALS"
            if kind == "PSYCHIATRIC"
            else "GENERAL MEDICAL AND SURGICAL HOSPITALS",
            "SOURCE": "SYNTHETIC",
            "SOURCEDATE": f"{day:%Y/%m/%d} 00:00:00",
            "VAL_METHOD": "IMAGERY",
            "VAL_DATE": f"{day + timedelta(days=90):%Y/%m/%d} 00:00:00",
            "WEBSITE": pick(rng, plain, 0.05, "NOT AVAILABLE", f"https://hospital-{n:04d}.example"),
            "STATE_ID": pick(rng, plain, 0.5, "NOT AVAILABLE", str(10000 + n)),
            "ALT_NAME": pick(rng, plain, 0.9, "NOT AVAILABLE", f"SYNTHETIC FORMER HOSPITAL {n:04d}"),
            "ST_FIPS": fips[:2],
            "OWNER": pick(rng, plain, 0.05, "NOT AVAILABLE", rng.choice(["NON-PROFIT", "PROPRIETARY"])),
            "TTL_STAFF": pick(rng, plain, 1, "-999", "100"),
            "BEDS": pick(rng, plain, 0.05, "-999", str(rng.randrange(4, 800))),
            "TRAUMA": pick(
                rng, plain, 0.7, "NOT AVAILABLE", rng.choice(["LEVEL I", "LEVEL IV", "LEVEL I, LEVEL II PEDIATRIC"])
            ),
            "HELIPAD": rng.choice("YN"),
        }

    layer = Layer("hospitals", country, row, 1200)
    rng = layer.rng
    layer.spoil("COUNTYFIPS", [other_county(country, rng)] * 25)
    layer.spoil("COUNTYFIPS", ["NOT AVAILABLE"] * 8)
    layer.spoil("SOURCEDATE", ["1.25539E+12"] * 5)  # 2009-10-13, as no other midnight is near
    layer.spoil("BEDS", ["#N/A", "#N/A", "MANY"], "beds")
    layer.spoil("ADDRESS", ['1 SYNTHETIC PLAZA\nREAR, "UNIT 2"'])
    layer.spoil("NAME", ["  SYNTHETIC HOSPITAL WITH SPACES   "])
    layer.move([Point(134.49, 7.35)], STATE="PW", COUNTRY="PLW", COUNTYFIPS="NOT AVAILABLE")
    layer.move([Point(0, 0)], COUNTYFIPS="NOT AVAILABLE")
    layer.reject("no_key", [{"ID": v} for v in ("", "NOT AVAILABLE", "   ")])
    layer.reject("null_geometry", [{"X": "", "Y": ""}] * 5)
    layer.reject("not_a_number", [{"X": v, "Y": "4346975.4443"} for v in ("NaN", "inf", "#VALUE!", "-13.318.894,76")])
    layer.reject("out_of_range", [{"X": "-13318894758.2", "Y": "4346975.4"}, {"X": "-13318894.7", "Y": "1e300"}])
    rows = layer.rows(duplicates=4)
    for r in rows:
        if r.get("_reason") in (None, "no_key", "duplicate_key"):
            r["X"], r["Y"] = (f"{v:.4f}" for v in mercator(r).coords[0])
    broken = [
        ",".join(["-9", "9", "0", "9000000001", "SYNTHETIC HOSPITAL, LOST QUOTES", *["x"] * 30]),
        "-13318894.7,4346975.4,0,9000000002,SYNTHETIC CUT",
    ]
    write_csv("hospitals.csv", rows, broken, rng, bom=True, newline="\r\n")
    return layer.expected(malformed=len(broken))


def make_substations(country):
    def row(rng, n, county, point, plain):
        fips, high = county["GEOID"], rng.choice([69.0, 115.0, 138.0, 230.0, 345.0, 500.0])
        name = f"UNKNOWN{300000 + n}" if rng.random() < 0.48 else f"SYNTHETIC SUBSTATION {n:04d}"
        return {
            "ID": str(300000 + n),
            "NAME": name,
            "CITY": pick(rng, plain, 0.2, "NOT AVAILABLE", "SYNTHETIC CITY"),
            "STATE": USPS[fips[:2]],
            "ZIP": f"{rng.randrange(501, 99951):05d}",
            "TYPE": rng.choice(["SUBSTATION"] * 7 + ["TAP"] * 3 + ["RISER", "DEAD END"]),
            "STATUS": pick(rng, plain, 0.04, "NOT AVAILABLE", "IN SERVICE"),
            "COUNTY": county["NAME"].upper(),
            "COUNTYFIPS": lost_zeros(rng, fips),
            "COUNTRY": "USA",
            "LATITUDE": point.y,
            "LONGITUDE": point.x,
            "NAICS_CODE": "221121",
            "NAICS_DESC": "ELECTRIC BULK POWER TRANSMISSION AND CONTROL",
            "SOURCE": "SYNTHETIC",
            "SOURCEDATE": some_date(rng),
            "VAL_METHOD": "IMAGERY",
            "VAL_DATE": some_date(rng),
            "LINES": pick(rng, plain, 0.02, -999, rng.randrange(0, 9)),
            "MAX_VOLT": pick(rng, plain, 0.3, -999999.0, high),
            "MIN_VOLT": pick(rng, plain, 0.4, -999999.0, high / 2),
            "MAX_INFER": rng.choice("YN"),
            "MIN_INFER": rng.choice("YN"),
        }

    layer = Layer("substations", country, row, 1000)
    layer.spoil("COUNTYFIPS", [other_county(country, layer.rng)] * 12)
    layer.spoil("COUNTYFIPS", [None] * 6)
    layer.reject("no_key", [{"ID": None}, {"ID": "NOT AVAILABLE"}, {"ID": " "}])
    layer.reject("null_geometry", [{"_shape": None}] * 4)
    rows = layer.rows(duplicates=5)
    with tempfile.TemporaryDirectory() as folder:
        write_ogr(
            f"{folder}/Electric_Substations.gdb",
            "OpenFileGDB",
            "Electric_Substations",
            [{**r, "_shape": r["_shape"] and mercator(r)} for r in rows],
            "Point",
            "EPSG:3857",
        )
        write_zip("substations.gdb.zip", Path(folder))
    return layer.expected()


def path_from(country, rng, point, county):
    """A wandering line from a point that stays on land."""
    step = math.sqrt(county["_shape"].area) * 0.4
    for _ in range(100):
        heading, points = rng.uniform(0, 2 * math.pi), [point]
        for _ in range(rng.randrange(1, 7)):
            heading += rng.gauss(0, 0.4)
            last = points[-1]
            points.append(
                Point(round(last.x + step * math.cos(heading), 6), round(last.y + step * math.sin(heading), 6))
            )
        line = LineString(points)
        if all(map(country.holds, [*points, line.interpolate(0.5, normalized=True)])):
            return line
        step *= 0.9
    return LineString([point, (point.x + 0.001, point.y + 0.001)])


def make_transmission_lines(country):
    def row(rng, n, county, point, plain):
        volts = rng.choice([69.0, 115.0, 138.0, 230.0, 345.0, 500.0])
        line = path_from(country, rng, point, county)
        return {
            "_shape": line
            if rng.random() < 0.9
            else MultiLineString([line, LineString([point, (point.x + 0.001, point.y)])]),
            "OBJECTID": n,
            "ID": str(100000 + n),
            "TYPE": pick(
                rng, plain, 0.1, "NOT AVAILABLE", rng.choice(["AC; OVERHEAD", "AC; UNDERGROUND", "DC; OVERHEAD"])
            ),
            "STATUS": pick(rng, plain, 0.2, "NOT AVAILABLE", "IN SERVICE"),
            "NAICS_CODE": "221121",
            "NAICS_DESC": "ELECTRIC BULK POWER TRANSMISSION AND CONTROL",
            "SOURCE": "SYNTHETIC",
            "SOURCEDATE": some_date(rng),
            "VAL_METHOD": "IMAGERY",
            "VAL_DATE": some_date(rng),
            "OWNER": pick(rng, plain, 0.2, "NOT AVAILABLE", f"SYNTHETIC POWER COMPANY {n % 20:02d}"),
            "VOLTAGE": pick(rng, plain, 0.1, -999999.0, volts),
            "VOLT_CLASS": pick(
                rng,
                plain,
                0.1,
                "NOT AVAILABLE",
                "UNDER 100"
                if volts < 100
                else "100-161"
                if volts < 200
                else "220-287"
                if volts < 300
                else "345"
                if volts < 400
                else "500",
            ),
            "INFERRED": rng.choice("YN"),
            "SUB_1": f"SYNTHETIC SUBSTATION {rng.randrange(1, 1000):04d}",
            "SUB_2": pick(rng, plain, 0.1, "NOT AVAILABLE", f"SYNTHETIC SUBSTATION {rng.randrange(1, 1000):04d}"),
            "SHAPE_Leng": round(line.length, 6),
        }

    layer = Layer("transmission_lines", country, row, 600)
    layer.reject("no_key", [{"ID": "NOT AVAILABLE"}, {"ID": None}])
    layer.reject("null_geometry", [{"_shape": None}] * 3)
    rows = layer.rows(duplicates=3)
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / "Transmission_Lines"  # published archives often hold a folder
        inner.mkdir()
        write_ogr(
            inner / "Transmission_Lines.shp",
            "ESRI Shapefile",
            "Transmission_Lines",
            rows,
            "LineString",
            "EPSG:4269",
            RESIZE="YES",
            DBF_DATE_LAST_UPDATE=GDAL_DAY,
            ENCODING="UTF-8",
        )
        write_zip("transmission_lines.zip", Path(folder))
    return layer.expected()


def blob(rng, x, y, radius, corners):
    """A star-shaped polygon: irregular, yet never crossing itself."""
    ring = []
    for k in range(corners):
        angle, reach = 2 * math.pi * k / corners, radius * rng.uniform(0.6, 1)
        ring.append((round(x + reach * math.cos(angle), 6), round(y + reach * 0.8 * math.sin(angle), 6)))
    return ring


def make_service_territories(country):
    def row(rng, n, county, point, plain):
        fips, radius = (
            county["GEOID"],
            rng.uniform(0.1, 0.9) if county["GEOID"][:2] not in ("15", "60", "66", "69", "72", "78") else 0.05,
        )
        hole = [blob(rng, point.x, point.y, radius * 0.3, 8)] if rng.random() < 0.15 else []
        parts = [Polygon(blob(rng, point.x, point.y, radius, rng.randrange(12, 40)), hole)]
        if rng.random() < 0.15:
            parts.append(Polygon(blob(rng, point.x + 2.2 * radius, point.y, radius * 0.5, 10)))
        sold = float(rng.randrange(1000, 9000000))
        return {
            "_shape": parts[0] if len(parts) == 1 else MultiPolygon(parts),
            "OBJECTID": n,
            "ID": str(10000 + n),
            "NAME": f"SYNTHETIC ELECTRIC COOPERATIVE {n:04d}",
            "ADDRESS": "1 SYNTHETIC STREET",
            "CITY": "SYNTHETIC CITY",
            "STATE": USPS[fips[:2]],
            "ZIP": f"{rng.randrange(501, 99951):05d}",
            "TELEPHONE": pick(rng, plain, 0.3, "NOT AVAILABLE", f"(000) 555-0{rng.randrange(100, 200)}"),
            "TYPE": rng.choice(["COOPERATIVE", "MUNICIPAL", "INVESTOR OWNED"]),
            "COUNTRY": "USA",
            "NAICS_CODE": "221122",
            "NAICS_DESC": "ELECTRIC POWER DISTRIBUTION",
            "SOURCE": "SYNTHETIC",
            "SOURCEDATE": some_date(rng),
            "VAL_METHOD": "OTHER",
            "VAL_DATE": some_date(rng),
            "WEBSITE": pick(rng, plain, 0.3, "NOT AVAILABLE", f"https://utility-{n:04d}.example"),
            "REGULATED": "STATE",
            "CNTRL_AREA": pick(rng, plain, 0.1, "NOT AVAILABLE", "SYNTHETIC CONTROL AREA"),
            "PLAN_AREA": "SYNTHETIC PLANNING AREA",
            "HOLDING_CO": pick(rng, plain, 0.6, "NOT AVAILABLE", "SYNTHETIC HOLDING"),
            "SUMMR_PEAK": pick(rng, plain, 0.2, -999999.0, round(sold / 4000, 1)),
            "WINTR_PEAK": pick(rng, plain, 0.2, -999999.0, round(sold / 4500, 1)),
            "NET_GEN": pick(rng, plain, 0.3, -999999.0, round(sold * 0.4)),
            "RETAIL_MWH": sold,
            "CUSTOMERS": pick(rng, plain, 0.05, -999999, int(sold / 12)),
            "YEAR": "2022",
        }

    layer = Layer("service_territories", country, row, 240)
    layer.reject("no_key", [{"ID": "-999999"}])
    layer.reject("null_geometry", [{"_shape": None}] * 2)
    layer.reject("empty_geometry", [{"_shape": Polygon()}])
    layer.reject("impossible_geometry", [lambda r: {"_shape": r["_shape"].representative_point()}])
    rows = layer.rows(duplicates=2)
    (HERE / "service_territories.gpkg").unlink(missing_ok=True)
    write_ogr(
        HERE / "service_territories.gpkg",
        "GPKG",
        "Electric_Retail_Service_Territories",
        rows,
        "Unknown",
        "EPSG:4326",
        VERSION="1.2",
        SPATIAL_INDEX="NO",
    )
    return layer.expected()


def make_dams(country):
    def row(rng, n, county, point, plain):
        state = county["GEOID"][:2]
        return {
            "WKT": None,
            "NIDID": f"{USPS[state]}{n:05d}",
            "DAM_NAME": f"SYNTHETIC DAM {n:04d}",
            "RIVER": pick(rng, plain, 0.1, "NOT AVAILABLE", "SYNTHETIC RIVER"),
            "COUNTY": county["NAME"],
            "STATE": NAMES[state],
            "OWNER_TYPE": rng.choice("FSLUPX"),
            "DAM_TYPE": rng.choice(["RE"] * 8 + ["ER", "PG", "CB", "VA", "CN", "OT"]),
            "PURPOSES": rng.choice(["R", "I", "S", "C", "H", "HR", "T", "CR", "P"]),
            "HAZARD": rng.choice("HSLLLU"),
            "EAP": rng.choice(["Y", "N", "NR"]),
            "YEAR_COMPLETED": pick(rng, plain, 0.05, "-999", str(rng.randrange(1850, 2020))),
            "NID_HEIGHT": str(rng.randrange(6, 400)),
            "NID_STORAGE": str(rng.randrange(50, 90000)),
            "SUBMIT_DATE": f"{some_date(rng):%d-%b-%y}".upper(),
            "SOURCE_AGENCY": USPS[state],
            "SOURCE": "SYNTHETIC",
        }

    layer = Layer("dams", country, row, 1500)
    layer.spoil("HAZARD", ["Z"] * 6)
    layer.spoil("OWNER_TYPE", ["LP"] * 9)  # two codes in one
    layer.spoil("NID_STORAGE", ["1,250", "12 500", "#REF!", "n/k"], "storage_acre_ft")
    layer.spoil("SUBMIT_DATE", ["1899/12/30 00:00:00"] * 3)
    layer.spoil("SUBMIT_DATE", ["4.3304E+04", "31-FEB-12"], "source_date")
    layer.reject("no_key", [{"NIDID": v} for v in ("", "NOT AVAILABLE", "-999")])
    layer.reject("null_geometry", [{"_wkt": ""}] * 3)
    layer.reject("empty_geometry", [{"_wkt": "POINT EMPTY"}] * 2)
    layer.reject(
        "impossible_geometry", [{"_wkt": v} for v in ("POINT (-98.1", "LINESTRING (-98.1 40.2, -98.2 40.3)", "see map")]
    )
    layer.reject("out_of_range", [{"_shape": Point(v)} for v in ((-198.5, 40.1), (-999, -999), (-361.2, 12.5))])
    layer.reject("swapped_coordinates", [swapped] * 4)
    rows = layer.rows(duplicates=6)
    for r in rows:
        r["WKT"] = r.get("_wkt", f"POINT ({r['_shape'].x} {r['_shape'].y})")
    broken = [
        "POINT (-98.1 40.1);KS99991;SYNTHETIC DAM; LOST QUOTES" + ";x" * 20,
        "POINT (-98.2 40.2);KS99992;SYNTHETIC CUT",
    ]
    write_csv("dams.csv", rows, broken, layer.rng, delimiter=";")
    return layer.expected(malformed=len(broken))


def make_natural_gas_pipelines(country):
    def row(rng, n, county, point, plain):
        line = path_from(country, rng, point, county)
        parts = [list(line.coords)] + (
            [[(point.x, point.y), (round(point.x + 0.02, 6), point.y)]] if rng.random() < 0.2 else []
        )
        return {
            "_parts": parts,
            "FID": n,
            "TYPEPIPE": rng.choice(["Interstate", "Intrastate", "Intrastate", "Gathering"]),
            "Operator": pick(rng, plain, 0.05, "Unknown", f"Synthetic Gas Transmission Co. {n % 25:02d}"),
            "Status": "Operating",
            "Shape_Leng": round(line.length, 7),
            "SOURCE": "SYNTHETIC",
        }

    layer = Layer("natural_gas_pipelines", country, row, 500)
    layer.reject("no_key", [{"FID": None}, {"FID": "NOT AVAILABLE"}])
    layer.reject("null_geometry", [{"_geometry": None}] * 3)
    layer.reject("empty_geometry", [{"_geometry": {"type": "MultiLineString", "coordinates": []}}] * 2)
    layer.reject(
        "impossible_geometry",
        [
            {"_geometry": {"type": "Point", "coordinates": [-98.1, 40.1]}},
            {"_geometry": {"type": "MultiLineString", "coordinates": [[[-98.1, 40.1]]]}},
        ],
    )
    layer.reject("out_of_range", [{"_parts": [[(-98.1, 40.1), (-980.1, 40.2)]]}] * 2)
    layer.reject("swapped_coordinates", [{"_parts": [[(40.1, -98.1), (40.2, -98.2)]]}] * 2)
    rows = layer.rows(duplicates=2)
    lines = [
        feature(r, r["_geometry"] if "_geometry" in r else {"type": "MultiLineString", "coordinates": r["_parts"]})
        for r in rows
    ]
    lines.insert(100, '"export interrupted"')
    head = '{"type": "FeatureCollection", "name": "synthetic_natural_gas_pipelines",\n"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},\n"features": [\n'
    write_text("natural_gas_pipelines.geojson", head + ",\n".join(lines) + "\n]}\n")
    return layer.expected(malformed=1)


def make_cellular_towers(country):
    def row(rng, n, county, point, plain):
        state = USPS[county["GEOID"][:2]]
        return {
            "OBJECTID": n,
            "Licensee": f"SYNTHETIC WIRELESS LLC {n % 40:02d}",
            "Callsign": f"SYN{n // 3:04d}",
            "LocNum": n % 3 + 1,
            "LocAdd": pick(rng, plain, 0.2, "NOT AVAILABLE", f"{n} SYNTHETIC ROAD"),
            "LocCity": "SYNTHETIC CITY",
            "LocCounty": county["NAME"].upper(),
            "LocState": state,
            "StrucType": rng.choice(["TOWER", "LTOWER", "GTOWER", "MTOWER", "POLE", "BANT"]),
            "LicStatus": rng.choice("AAAAACET"),
            "TowReg": pick(rng, plain, 0.3, "NOT AVAILABLE", str(1000000 + n)),
            "AllStruc": round(rng.uniform(10, 150), 1),
            "SupStruc": pick(rng, plain, 0.1, -999, round(rng.uniform(10, 140), 1)),
            "SOURCEDATE": f"{some_date(rng)}T00:00:00.000Z",
            "SOURCE": "SYNTHETIC",
        }

    layer = Layer("cellular_towers", country, row, 2000)
    rng = layer.rng
    layer.spoil("LicStatus", ["Q"] * 7)
    layer.spoil("StrucType", ["UNKNOWN STRUCTURE"] * 5)
    layer.spoil("SOURCEDATE", [1255392000000] * 4)  # milliseconds since 1970, as services send them
    layer.spoil("LocState", ["Texas", "48"])
    layer.spoil("LocState", ["TEX", "XX"], "state_code_claimed")
    coasts = ["12087", "53009", "23009", "15003", "72127", "48167"]
    layer.extra["nearest"] = len(coasts)
    for geoid in coasts:
        layer.move([country.offshore(rng, geoid)], _county=geoid)
    layer.move([Point(-45.0, 30.0), Point(0, 0)])
    layer.reject("no_key", [{"Callsign": None}, {"LocNum": None}])
    layer.reject("null_geometry", [{"_geometry": None}] * 5)
    layer.reject(
        "not_a_number", [{"_geometry": {"type": "Point", "coordinates": [math.nan, 40.1]}}]
    )  # not JSON, yet common
    layer.reject("out_of_range", [{"_shape": Point(v)} for v in ((-998.1, 40.1), (-999, -999), (181.5, 12.5))])
    layer.reject("swapped_coordinates", [swapped] * 3)
    rows = layer.rows(duplicates=6)
    lines = [
        feature(
            r, r["_geometry"] if "_geometry" in r else {"type": "Point", "coordinates": [r["_shape"].x, r["_shape"].y]}
        )
        for r in rows
    ]
    broken = [
        lines[5][:120],
        "<html><body>503 Service Unavailable</body></html>",
    ]
    for line in [*broken, "", ""]:  # blank lines are no rows
        lines.insert(rng.randrange(20, len(lines)), line)
    write_text("cellular_towers.geojsonl", "\n".join(lines) + "\n")
    return layer.expected(malformed=len(broken))


def make_local_law_enforcement(country):
    def row(rng, n, county, point, plain):
        fips, kind = (
            county["GEOID"],
            rng.choice(["LOCAL POLICE DEPARTMENT"] * 3 + ["SHERIFF'S OFFICE", "CONSTABLE", "TRIBAL POLICE"]),
        )
        day = some_date(rng)
        return {
            "OBJECTID": n,
            "ID": str(10200000 + n),
            "NAME": f"SYNTHETIC {kind} {n:04d} {county['NAME'].upper()}",
            "ADDRESS": f"{n} SYNTHETIC SQUARE",
            "CITY": "SYNTHETIC CITY",
            "STATE": USPS[fips[:2]],
            "ZIP": int(rng.randrange(501, 99951)),
            "ZIP4": "NOT AVAILABLE" if not plain else "0001",
            "TELEPHONE": pick(rng, plain, 0.1, "NOT AVAILABLE", f"(000) 555-0{rng.randrange(100, 200)}"),
            "TYPE": kind,
            "STATUS": "OPEN",
            "POPULATION": pick(rng, plain, 0.2, -999, rng.randrange(1, 400)),
            "COUNTY": county["NAME"].upper(),
            "COUNTYFIPS": int(fips),
            "COUNTRY": "USA",
            "NAICS_CODE": "922120",
            "NAICS_DESC": "POLICE PROTECTION",
            "SOURCE": "SYNTHETIC",
            "SOURCEDATE": day,
            "VAL_METHOD": "GEOCODE",
            "VAL_DATE": day,
            "WEBSITE": pick(rng, plain, 0.5, "NOT AVAILABLE", f"https://police-{n:04d}.example"),
            "TRIBAL": "Y" if kind.startswith("T") else "N",
            "NUM_SWORN": pick(rng, plain, 0.3, -999, rng.randrange(1, 900)),
            "NUMFT_OFCR": pick(rng, plain, 0.3, -999, rng.randrange(1, 900)),
        }

    layer = Layer("local_law_enforcement", country, row, 1000)
    other = other_county(country, layer.rng)
    layer.spoil("COUNTYFIPS", [lambda r: int(other(r))] * 15)
    layer.spoil("COUNTYFIPS", [None] * 5)
    layer.spoil("SOURCEDATE", [date(1899, 12, 30)] * 2)
    layer.reject("no_key", [{"ID": None}, {"ID": "NOT AVAILABLE"}])
    layer.reject("null_geometry", [{"_shape": None}] * 4)
    rows = layer.rows(duplicates=4)
    folder = HERE / "local_law_enforcement"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_ogr(
        folder / "Local_Law_Enforcement.shp",
        "ESRI Shapefile",
        "Local_Law_Enforcement",
        [{**r, "_shape": r["_shape"] and mercator(r)} for r in rows],
        "Point",
        "EPSG:3857",
        RESIZE="YES",
        DBF_DATE_LAST_UPDATE=GDAL_DAY,
        ENCODING="ISO-8859-1",
    )
    return layer.expected()

"""Writes files that ask for more than they are: small ones that unpack to gigabytes, never end, or claim what isn't there.

    python3 files.py FOLDER
    python3 files.py FOLDER views        only those, to be read as views

Standard library only. Prints a line for each file: its name, and its source in a pipeline.
"""

import json
import sqlite3
import struct
import sys
import zipfile
from pathlib import Path

FOLDER = Path(sys.argv[1])
XY = 'x = "LON", y = "LAT", crs = "EPSG:4326"'
MIB = 1 << 20


def write(name: str, kind: str, pieces, more: str = "") -> None:
    with open(FOLDER / name, "wb") as file:
        for piece in pieces if not isinstance(pieces, (bytes, str)) else [pieces]:
            file.write(piece.encode() if isinstance(piece, str) else piece)
    print(f'{name}\t{kind} = {{ path = "{name}"{more} }}')


def csv(name: str, pieces) -> None:
    write(f"{name}.csv", "csv", pieces, f", {XY}")


def geojson(name: str, pieces) -> None:
    write(f"{name}.geojson", "geojson", pieces)


def lines(name: str, pieces) -> None:
    write(f"{name}.geojsonl", "geojsonl", pieces)


def csv_files() -> None:
    head = "ID,NAME,LON,LAT\n"
    good = "7,A,-95,35\n"
    csv("short_rows", [head, *["1\n" * 1_000_000] * 25])
    csv("blank_lines", [head, *["\n" * MIB] * 48, good])
    csv("commas", [head, *["," * MIB] * 48, "\n", good])
    csv("rows_of_commas", [head, *[",,,\n" * 250_000] * 48])
    csv("quotes", [head, *['"' * MIB] * 48])
    csv("pairs_of_quotes", [head, '1,"', *['""' * MIB] * 24, '",-95,35\n'])
    csv("open_quote", [head, good, '8,"never closed,-95,35\n', *[good * 100_000] * 20])
    csv("long_field", [head, "8,", *["x" * MIB] * 48, ",-95,35\n", good])
    csv("long_fields", [head, *["8," + "x" * 15 * MIB + ",-95,35\n"] * 3])
    csv("one_line", ["x" * MIB] * 48)
    csv("wide_header", [",".join(f"C{at}" for at in range(1_000_000)), "\n", good])
    csv("columns_at_the_limit", ["ID,LON,LAT," + ",".join(f"C{at}" for at in range(4_093)), "\n", *["1,-95,35\n"] * 100_000])
    csv("same_names", [",".join(["LON"] * 4_000), "\n", good])
    csv("nul", [head, *[b"\0" * MIB] * 48])
    csv("random", [head, bytes((at * 7919 + at // 251) % 256 for at in range(2 * MIB))])
    csv("utf16", [("\ufeff" + head + good * 1000).encode("utf-16-le")])
    csv("bad_utf8", [head, *[b"1,\xff\xfe\xfd,-95,35\n" * 100_000] * 10])
    csv("carriage_returns", [head.replace("\n", "\r"), *["1,A,-95,35\r" * 100_000] * 20])
    csv("numbers", [head, "1,A,1e999,35\n2,B,-1e999,nan\n3,C," + "9" * MIB + ",35\n4,D,0x10,inf\n"])
    csv("same_key", [head, *[good * 100_000] * 30])
    csv("other_keys", [head, *["".join(f"{part}-{row},A,999,35\n" for row in range(100_000)) for part in range(12)]])
    csv("header_only", head)
    csv("escapes", [head, *["\x1b[31m,\x1b]0;t\x07,-95,35\n" * 10_000] * 20])
    wkt = "POLYGON((" + ",".join(f"{-95 + at % 7 / 10} {35 + at % 5 / 10}" for at in range(500_000)) + "))"
    write("long.wkt.csv", "csv", ["ID,WKT\n", f'1,"{wkt}"\n'], ', wkt = "WKT", crs = "EPSG:4326"')
    deep = "GEOMETRYCOLLECTION(" * 100_000 + ")" * 100_000
    write("deep.wkt.csv", "csv", ["ID,WKT\n", f'1,"{deep}"\n'], ', wkt = "WKT", crs = "EPSG:4326"')
    parts = "MULTIPOINT(" + ",".join(["(-95 35)"] * 1_000_000) + ")"
    write("parts.wkt.csv", "csv", ["ID,WKT\n", f'1,"{parts}"\n'], ', wkt = "WKT", crs = "EPSG:4326"')


def geojson_files() -> None:
    open_, close = '{"type":"FeatureCollection","features":[', "]}"
    good = '{"type":"Feature","properties":{"ID":"7"},"geometry":{"type":"Point","coordinates":[-95,35]}}'

    def collection(name: str, pieces) -> None:
        geojson(name, [open_, *pieces, close])

    collection("ones", [*["1," * MIB] * 24, good])
    collection("nulls", [*["null," * MIB] * 9, good])
    collection("objects", [*["{}," * MIB] * 16, good])
    collection("lists", [*["[]," * MIB] * 16, good])
    collection("deep_lists", ["[" * 24 * MIB, "]" * 24 * MIB])
    collection("deep_properties", ['{"type":"Feature","properties":', '{"a":' * MIB, "1", "}" * MIB, ',"geometry":null}'])
    collection("deep_coordinates", ['{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Point","coordinates":', "[" * MIB, "]" * MIB, "}}"])
    nested = '{"type":"GeometryCollection","geometries":[' * 50_000 + "]}" * 50_000
    collection("deep_geometry", ['{"type":"Feature","properties":{"ID":"1"},"geometry":', nested, "}"])
    collection("long_text", ['{"type":"Feature","properties":{"ID":"', *["x" * MIB] * 48, '"},"geometry":null}'])
    collection("long_number", ['{"type":"Feature","properties":{"ID":', "9" * 8 * MIB, '},"geometry":null}'])
    keys = ",".join(f'"k{at}":1' for at in range(1_000_000))
    collection("many_keys", ['{"type":"Feature","properties":{', keys, '},"geometry":null}'])
    other = ['{"type":"Feature","properties":{%s},"geometry":null},' % ",".join(f'"p{row}_{at}":1' for at in range(4_000)) for row in range(100)]
    collection("other_keys", [*other, good])
    ring = ",".join(["[-95,35]"] * 1_500_000)
    collection("one_ring", ['{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Polygon","coordinates":[[', ring, "]]}}"])
    rings = ",".join(["[]"] * 5_000_000)
    collection("empty_rings", ['{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"Polygon","coordinates":[', rings, "]}}"])
    polygons = ",".join(["[[[0,0],[1,0],[1,1],[0,0]]]"] * 400_000)
    collection("many_parts", ['{"type":"Feature","properties":{"ID":"1"},"geometry":{"type":"MultiPolygon","coordinates":[', polygons, "]}}"])
    geojson("no_end", [open_, *[good + ","] * 100_000])
    geojson("two_lists", [open_, good, '],"features":[', good, close])
    geojson("members_before", ["{", *['"a":1,' * 500_000] * 10, '"features":[', good, close])
    geojson("members_after", [open_, good, "]", *[',"a":1' * 500_000] * 10, "}"])
    geojson("crs_late", [open_, *[good + ","] * 10_000, good, '],"crs":{"type":"name","properties":{"name":"', "E" * 900_000, '"}}}'])
    geojson("no_list", '{"features":' * MIB)
    geojson("open_text", '{"' + "a" * 40 * MIB)
    geojson("blanks", [" " * 48 * MIB, open_, good, close])
    geojson("esri", ['{"spatialReference":{"wkid":4326},"features":[', "1," * 20 * MIB, "1]}"])
    geojson("huge_ordinates", [open_, good.replace("-95", "-" + "9" * 4_000), ",", good.replace("35", "1e400"), close])
    lines("ones", ["1\n" * MIB] * 24)
    lines("blanks", ["\n" * MIB] * 48)
    lines("open", ["{" * MIB] * 48)
    lines("separators", ["\x1e" * MIB] * 48)
    lines("long_line", ['{"type":"Feature","properties":{"ID":"', *["x" * MIB] * 48, '"},"geometry":null}\n'])
    lines("same", [(good + "\n") * 500_000])
    lines("arrays", ["[]\n" * MIB] * 16)


SHEET_HEAD = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
GOOD_ROWS = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>ID</t></is></c><c r="B1" t="inlineStr"><is><t>LON</t></is></c>'
    '<c r="C1" t="inlineStr"><is><t>LAT</t></is></c></row><row r="2"><c r="A2"><v>7</v></c><c r="B2"><v>-95</v></c><c r="C2"><v>35</v></c></row>'
)


def workbook(name: str, sheet=None, texts=None, parts=None, book=None) -> None:
    """A workbook of one sheet; what is given as a list is written piece by piece."""
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/xml"/></Types>'
    )
    rels = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    )
    book = book or [
        '<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
    ]
    inner = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>'
        '<Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>'
    )
    entries = {
        "[Content_Types].xml": [types],
        "_rels/.rels": [rels],
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": [inner],
        "xl/worksheets/sheet1.xml": sheet or [SHEET_HEAD, GOOD_ROWS, "</sheetData></worksheet>"],
        **({"xl/sharedStrings.xml": texts} if texts else {}),
        **(parts or {}),
    }
    file = f"{name}.xlsx"
    with zipfile.ZipFile(FOLDER / file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for entry, pieces in entries.items():
            with archive.open(entry, "w", force_zip64=True) as out:
                for piece in pieces:
                    out.write(piece.encode())
    print(f'{file}\txlsx = {{ path = "{file}", {XY} }}')


def xlsx_files() -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sst = f'<?xml version="1.0"?><sst xmlns="{main}" count="9" uniqueCount="9">'
    end = "</sheetData></worksheet>"
    workbook("texts_empty", texts=[sst, *["<si/>" * 200_000] * 250, "</sst>"])
    workbook("texts_of_one", texts=[sst, *["<si><t>x</t></si>" * 60_000] * 250, "</sst>"])
    workbook("texts_over", texts=[sst, *["<si><t>" + "x" * 1000 + "</t></si>"] * 400_000, "</sst>"])
    workbook("text_long", texts=[sst, "<si><t>", *["x" * MIB] * 200, "</t></si></sst>"])
    workbook("cells_empty", [SHEET_HEAD, GOOD_ROWS, '<row r="3">', *['<c/>' * 250_000] * 250, "</row>", end])
    workbook("cells_long", [SHEET_HEAD, GOOD_ROWS, '<row r="3"><c t="inlineStr"><is><t>', *["x" * MIB] * 300, "</t></is></c></row>", end])
    workbook("rows_empty", [SHEET_HEAD, GOOD_ROWS, *["<row/>" * 200_000] * 250, end])
    workbook("rows_of_one", [SHEET_HEAD, GOOD_ROWS, *["<row><c><v>1</v></c></row>" * 40_000] * 100, end])
    workbook("far_cell", [SHEET_HEAD, GOOD_ROWS, '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', end])
    workbook("farther_cell", [SHEET_HEAD, GOOD_ROWS, '<row r="4294967295"><c r="ZZZZZZ4294967295"><v>1</v></c></row>', end])
    workbook("merged", [SHEET_HEAD, GOOD_ROWS, "</sheetData><mergeCells>", *['<mergeCell ref="A1:XFD1048576"/>' * 50_000] * 60, "</mergeCells></worksheet>"])
    workbook("dimension", ['<?xml version="1.0"?><worksheet xmlns="%s"><dimension ref="A1:XFD1048576"/><sheetData>' % main, GOOD_ROWS, end])
    styles = ['<?xml version="1.0"?><styleSheet xmlns="%s"><numFmts>' % main, *['<numFmt numFmtId="200" formatCode="yyyy"/>' * 50_000] * 60, "</numFmts><cellXfs>", *['<xf numFmtId="200"/>' * 50_000] * 120, "</cellXfs></styleSheet>"]
    workbook("styles", parts={"xl/styles.xml": styles})
    sheets = [
        '<?xml version="1.0"?><workbook xmlns="%s" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>' % main,
        *["".join(f'<sheet name="S{part}_{at}" sheetId="1" r:id="rId1"/>' for at in range(20_000)) for part in range(100)],
        "</sheets></workbook>",
    ]
    workbook("sheets", book=sheets)
    names = [
        '<?xml version="1.0"?><workbook xmlns="%s" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets><definedNames>' % main,
        *['<definedName name="n">S!$A$1</definedName>' * 50_000] * 100,
        "</definedNames></workbook>",
    ]
    workbook("names", book=names)
    workbook("tag_open", [SHEET_HEAD, GOOD_ROWS, "<row ", *["a" * MIB] * 100])
    workbook("deep", [SHEET_HEAD, *["<a>" * 300_000] * 100])
    workbook("attributes", [SHEET_HEAD, GOOD_ROWS, "<row ", *['a="1" ' * 150_000] * 10, "></row>", end])
    workbook("entities", ['<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><worksheet xmlns="%s"><sheetData>' % main, GOOD_ROWS.replace("ID", "&c;"), end])


def archive(name: str, entries: dict) -> None:
    file = f"{name}.zip"
    with zipfile.ZipFile(FOLDER / file, "w", zipfile.ZIP_DEFLATED) as out:
        for entry, pieces in entries.items():
            with out.open(entry, "w", force_zip64=True) as part:
                for piece in pieces:
                    part.write(piece)
    print(f'{file}\togr = {{ path = "{file}", crs = "EPSG:4326" }}')


def shape(count: int, record: bytes, claimed: int | None = None) -> bytes:
    """A .shp of points, whose records claim so many words where that is given."""
    words = len(record) // 2
    body = b"".join(struct.pack(">ii", at + 1, words if claimed is None else claimed) + record for at in range(count))
    head = struct.pack(">iiiiiii", 9994, 0, 0, 0, 0, 0, (100 + len(body)) // 2)
    return head + struct.pack("<ii8d", 1000, struct.unpack("<i", record[:4])[0], -95, 35, -95, 35, 0, 0, 0, 0) + body


def dbf(rows: int, records: int, width: int = 8) -> bytes:
    head = struct.pack("<BBBBIHH20x", 3, 120, 1, 1, rows, 65, 1 + width)
    field = b"ID".ljust(11, b"\0") + b"C" + b"\0" * 4 + bytes([min(width, 255), 0]) + b"\0" * 14
    return head + field + b"\r" + (b" " + b"7".ljust(width)) * records + b"\x1a"


def ogr_files() -> None:
    point = struct.pack("<idd", 1, -95, 35)
    shx = lambda count: shape(0, point)[:24] + struct.pack(">i", 50 + 4 * count) + shape(0, point)[28:] + b"".join(struct.pack(">ii", 50 + 14 * at, 10) for at in range(count))
    archive("zeros", {"a.shp": [b"\0" * MIB] * 300, "a.dbf": [dbf(1, 1)], "a.shx": [shx(1)]})
    archive("rows_claimed", {"a.shp": [shape(1, point)], "a.shx": [shx(1)], "a.dbf": [dbf(0x7FFFFFFF, 1)]})
    archive("record_claimed", {"a.shp": [shape(3, point, 0x3FFFFFFF)], "a.shx": [shx(3)], "a.dbf": [dbf(3, 3)]})
    polygon = struct.pack("<i4dii", 5, -95, 35, -94, 36, 0x7FFFFFFF, 0x7FFFFFFF)
    archive("parts_claimed", {"a.shp": [shape(1, polygon)], "a.shx": [shx(1)], "a.dbf": [dbf(1, 1)]})
    archive("index_claimed", {"a.shp": [shape(1, point)], "a.shx": [shape(0, point)[:24] + struct.pack(">i", 0x7FFFFFFF) + shape(0, point)[28:]], "a.dbf": [dbf(1, 1)]})
    archive("dbf_width", {"a.shp": [shape(1, point)], "a.shx": [shx(1)], "a.dbf": [dbf(1, 1)[:10] + b"\xff\xff" + dbf(1, 1)[12:]]})
    archive("no_dbf", {"a.shp": [shape(1000, point)], "a.shx": [shx(1000)]})
    archive("many_entries", {f"d{at}/a.txt": [b""] for at in range(20_000)})
    archive("many_shapes", {f"d{at}.shp": [shape(1, point)] for at in range(300)})
    archive("escape", {"../../evil.shp": [shape(1, point)]})
    archive("gdb_zeros", {"a.gdb/a00000001.gdbtable": [b"\0" * MIB] * 200, "a.gdb/gdb": [b"\x05\0\0\0"]})
    for at, claim in enumerate([0x7FFFFFFF, 0xFFFFFFFF, 1 << 24]):
        table = struct.pack("<IIIIQQQ", 3, claim, 4, 5, claim, 40, 40) + b"\xff" * 4096
        archive(f"gdb_claims_{at}", {"a.gdb/a00000001.gdbtable": [table], "a.gdb/a00000001.gdbtablx": [struct.pack("<IIII", 3, claim & 0x7FFFFFFF, claim & 0x7FFFFFFF, 5)], "a.gdb/gdb": [b"\x05\0\0\0"]})
    fgb = bytes.fromhex("6667620366676200")
    for at, size in enumerate([0x7FFFFFFF, 0xFFFFFFFF, 64 * MIB, 8]):
        write(f"claims_{at}.fgb", "ogr", fgb + struct.pack("<I", size) + b"\0" * 64, ', crs = "EPSG:4326"')


def geopackage(name: str, statements, more: str = "") -> None:
    file = FOLDER / f"{name}.gpkg"
    db = sqlite3.connect(file)
    db.executescript(
        "PRAGMA application_id=1196444487; PRAGMA user_version=10300;"
        "CREATE TABLE gpkg_spatial_ref_sys(srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);"
        "INSERT INTO gpkg_spatial_ref_sys VALUES('WGS 84',4326,'EPSG',4326,'GEOGCS[\"WGS 84\",DATUM[\"WGS_1984\",SPHEROID[\"WGS 84\",6378137,298.257223563]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199433],AUTHORITY[\"EPSG\",\"4326\"]]',NULL);"
        "CREATE TABLE gpkg_contents(table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, description TEXT, last_change TEXT, min_x, min_y, max_x, max_y, srs_id INTEGER);"
        "CREATE TABLE gpkg_geometry_columns(table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER, z INTEGER, m INTEGER);"
        "INSERT INTO gpkg_contents VALUES('a','features','a','',strftime('%Y'),0,0,0,0,4326);"
        "INSERT INTO gpkg_geometry_columns VALUES('a','geom','POINT',4326,0,0);"
    )
    for statement, values in statements:
        db.execute(statement, values)
    db.commit()
    db.close()
    print(f'{name}.gpkg\togr = {{ path = "{name}.gpkg"{more} }}')


BLOB = b"GP\0\x01" + struct.pack("<i", 4326) + struct.pack("<BIdd", 1, 1, -95, 35)


def views(more: str = "") -> None:
    """Views that ask themselves for ever: one gives rows, the other none."""
    endless = "CREATE VIEW a AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i AS fid, '7' AS ID, x'%s' AS geom FROM n" % BLOB.hex()
    geopackage("view", [(endless, ())], more)
    silent = "CREATE VIEW a AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i AS fid, '7' AS ID, x'%s' AS geom FROM n WHERE i < 0" % BLOB.hex()
    geopackage("view_silent", [(silent, ())], more)


def geopackages() -> None:
    blob = BLOB
    table = ("CREATE TABLE a(fid INTEGER PRIMARY KEY, ID TEXT, geom BLOB)", ())
    row = "INSERT INTO a(ID, geom) VALUES(?, ?)"
    geopackage("rows_same", [table, ("INSERT INTO a(ID, geom) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<400000) SELECT '7', ? FROM n", (blob,))])
    geopackage("text_zeros", [table, ("INSERT INTO a(ID, geom) VALUES(CAST(zeroblob(40000000) AS TEXT), ?)", (blob,))])
    geopackage("blob_zeros", [table, (row, ("7", blob + b"\0" * 40_000_000))])
    claims = b"GP\0\x01" + struct.pack("<i", 4326) + struct.pack("<BII", 1, 3, 0x7FFFFFFF)
    geopackage("blob_claims", [table, (row, ("7", claims)), (row, ("8", blob))])
    deep = b"GP\0\x01" + struct.pack("<i", 4326) + struct.pack("<BII", 1, 7, 1) * 200_000
    geopackage("blob_deep", [table, (row, ("7", deep)), (row, ("8", blob))])
    generated = "CREATE TABLE a(fid INTEGER PRIMARY KEY, ID TEXT, geom BLOB, big TEXT AS (printf('%.*c', 900000000, 'x')))"
    geopackage("generated", [(generated, ()), ("INSERT INTO a(ID, geom) VALUES('7', ?)", (blob,))])
    columns = ",".join(f"c{at} TEXT" for at in range(1_990))
    geopackage("columns", [(f"CREATE TABLE a(fid INTEGER PRIMARY KEY, ID TEXT, geom BLOB, {columns})", ()), (row, ("7", blob))])
    tables = [(f"CREATE TABLE t{at}(fid INTEGER PRIMARY KEY, geom BLOB)", ()) for at in range(2_000)]
    listed = [("INSERT INTO gpkg_contents VALUES(?, 'features', ?, '', '', 0, 0, 0, 0, 4326)", (f"t{at}", f"t{at}")) for at in range(2_000)]
    geopackage("tables", [table, (row, ("7", blob)), *tables, *listed], ', layer = "a"')
    trigger = "CREATE TRIGGER r AFTER INSERT ON a BEGIN INSERT INTO a(ID) VALUES('x'); END"
    geopackage("trigger", [table, (row, ("7", blob)), (trigger, ())])


if __name__ == "__main__":
    if sys.argv[2:] == ["views"]:
        views(", allow-views = true")
        sys.exit()
    csv_files()
    geojson_files()
    xlsx_files()
    ogr_files()
    views()
    geopackages()

//! Parquet, FlatGeobuf and workbooks that are not what the pipeline says.

use std::fs;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, Float64Array, RecordBatch, StringArray, StructArray};
use arrow_schema::{DataType, Field};
use parquet::arrow::ArrowWriter;
use parquet::file::metadata::KeyValue;

use super::datasets::{changed, zip_of};
use super::{case, check, fixture};

const PARQUET: &str = "parquet = { path = \"FILE\" }";
const XLSX: &str = "xlsx = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }";
const OGR: &str = "ogr = { path = \"FILE\" }";

/// A file with the columns `ID` and `geometry`, and this `geo` key.
fn parquet(geo: Option<&str>, geometry: ArrayRef) -> Vec<u8> {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["1"; geometry.len()]));
    let rows = RecordBatch::try_from_iter([("ID", ids), ("geometry", geometry)]).unwrap();
    let mut writer = ArrowWriter::try_new(Cursor::new(Vec::new()), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    if let Some(geo) = geo {
        writer.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_owned()));
    }
    writer.into_inner().unwrap().into_inner()
}

fn points() -> ArrayRef {
    let wkb = [
        &[1, 1, 0, 0, 0][..],
        &(-95_f64).to_le_bytes(),
        &35_f64.to_le_bytes(),
    ]
    .concat();
    Arc::new(BinaryArray::from(vec![wkb.as_slice()]))
}

/// A point of GeoArrow: x and y in columns of their own.
fn geoarrow() -> ArrayRef {
    let ordinate = |name: &str, value: f64| {
        let field = Arc::new(Field::new(name, DataType::Float64, false));
        (field, Arc::new(Float64Array::from(vec![value])) as ArrayRef)
    };
    Arc::new(StructArray::from(vec![ordinate("x", -95.0), ordinate("y", 35.0)]))
}

fn geo(column: &str) -> String {
    format!(r#"{{"version":"1.1.0","primary_column":"geometry","columns":{{"geometry":{column}}}}}"#)
}

fn folders(folder: &Path) {
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let gzip = fixture("parquet/arrow_gzip.parquet");
    write("stray/S=a/1.parquet", &gzip);
    write("stray/S=a/rows.csv", b"ID\n1\n");
    write("mixed/1.parquet", &gzip);
    write(
        "mixed/2.parquet",
        &parquet(Some(&geo(r#"{"encoding":"WKB"}"#)), points()),
    );
    write(
        "crss/1.parquet",
        &parquet(Some(&geo(r#"{"encoding":"WKB"}"#)), points()),
    );
    write(
        "crss/2.parquet",
        &parquet(Some(&geo(r#"{"encoding":"WKB","crs":null}"#)), points()),
    );
    write("keys/S=a/1.parquet", &gzip);
    write("keys/T=b/2.parquet", &gzip);
    write("none/readme.txt", b"nothing here");
    write("half/1.parquet", &gzip);
    write("half/2.parquet", &gzip[..gzip.len() / 2]);
}

/// A file of a footer alone: a schema of columns each in the one before, and a list of row groups.
fn footer(levels: u16, groups: &[u8]) -> Vec<u8> {
    let element = |children: &[u8]| [&[0x48, 1, b'a'][..], children, &[0]].concat();
    let count = (levels + 1).to_le_bytes()[0] | 0x80;
    let mut footer = vec![
        0x15,
        2,
        0x19,
        0xfc,
        count,
        u8::try_from((levels + 1) >> 7).unwrap(),
    ];
    footer.extend(element(&[0x15, 2]).repeat(levels.into()));
    footer.extend(element(&[]));
    footer.extend([&[0x16, 0, 0x19], groups, &[0]].concat());
    let length = u32::try_from(footer.len()).unwrap().to_le_bytes();
    [b"PAR1", footer.as_slice(), &length, b"PAR1"].concat()
}

#[test]
fn footers_that_parsers_die_of() {
    let groups = footer(1, &[0xfc, 0xff, 0xff, 0xff, 0xff, 7]);
    let mut long = footer(1, &[0x0c]);
    let at = long.len() - 8;
    long[at..at + 4].copy_from_slice(&(65_u32 << 20).to_le_bytes());
    check(
        |_| {},
        &[
            case(
                "levels",
                PARQUET,
                "a.parquet",
                footer(1500, &[0x0c]),
                &["a.parquet", "64 levels"],
            ),
            case(
                "groups",
                PARQUET,
                "b.parquet",
                groups,
                &["b.parquet", "2147483647 items"],
            ),
            case(
                "bytes",
                PARQUET,
                "c.parquet",
                long,
                &["c.parquet", "68157440 bytes"],
            ),
        ],
    );
}

#[test]
fn parquet_files_and_folders() {
    let whole = fixture("parquet/arrow_gzip.parquet");
    let polars = fixture("parquet/polars.parquet");
    let mut length = whole.clone();
    let at = length.len() - 8;
    length[at..at + 4].copy_from_slice(&i32::MAX.to_le_bytes());
    let mut page = whole.clone();
    page[4..400].fill(0xFF);
    let encrypted = [b"PARE".as_slice(), &[7; 64], b"PARE"].concat();
    let bad_projjson = r#"{"encoding":"WKB","crs":{"type":"GeographicCRS","name":"Atlantis 1"}}"#;
    let geometry = |column: &str, more: &str| -> &'static str {
        format!("parquet = {{ path = \"FILE\", geometry = \"{column}\"{more} }}").leak()
    };
    check(
        folders,
        &[
            case(
                "half",
                PARQUET,
                "a.parquet",
                &whole[..whole.len() / 2],
                &["cut off"],
            ),
            case("length", PARQUET, "b.parquet", length, &["footer"]),
            case("page", PARQUET, "c.parquet", page, &["c.parquet after row 0"]),
            case(
                "html",
                PARQUET,
                "d.parquet",
                "<!DOCTYPE html><html></html>",
                &["HTML"],
            ),
            case(
                "csv",
                PARQUET,
                "e.parquet",
                "ID,LON,LAT\n1,-95,35\n",
                &["a Parquet file", "something else"],
            ),
            case("encrypted", PARQUET, "f.parquet", encrypted, &["encrypted"]),
            case(
                "no_geo",
                PARQUET,
                "g.parquet",
                &polars,
                &["`geometry = \"…\"`", "`ID`", "crs"],
            ),
            case(
                "no_crs",
                geometry("geometry", ""),
                "h.parquet",
                &polars,
                &["doesn't say its CRS"],
            ),
            case(
                "misspelt",
                geometry("geom", ", crs = \"EPSG:4326\""),
                "i.parquet",
                &polars,
                &["`geometry`?"],
            ),
            case(
                "not_wkb",
                geometry("NAME", ", crs = \"EPSG:4326\""),
                "j.parquet",
                &polars,
                &["`NAME`", "not WKB"],
            ),
            case(
                "bytes",
                PARQUET,
                "k.parquet",
                parquet(Some(&geo("{}")), Arc::new(BinaryArray::from(vec![&b"wkb"[..]]))),
                &["impossible_geometry 1", "k.parquet:1"],
            ),
            case(
                "null_crs",
                PARQUET,
                "l.parquet",
                parquet(Some(&geo(r#"{"encoding":"WKB","crs":null}"#)), points()),
                &["doesn't say its CRS"],
            ),
            case(
                "atlantis",
                PARQUET,
                "m.parquet",
                parquet(Some(&geo(bad_projjson)), points()),
                &["Atlantis 1", "crs"],
            ),
            case(
                "geoarrow",
                PARQUET,
                "n.parquet",
                parquet(Some(&geo(r#"{"encoding":"point"}"#)), geoarrow()),
                &["GeoArrow `point`"],
            ),
            case(
                "geo_text",
                PARQUET,
                "o.parquet",
                parquet(Some("{\"version\":"), points()),
                &["`geo`"],
            ),
            case(
                "primary",
                PARQUET,
                "p.parquet",
                parquet(Some(&geo("{}").replace("\"geometry\",", "\"shape\",")), points()),
                &["`shape`"],
            ),
            case(
                "conflict",
                "parquet = { path = \"FILE\", crs = \"EPSG:3857\" }",
                "q.parquet",
                &whole,
                &["OGC:CRS84", "EPSG:3857"],
            ),
            case(
                "empty",
                PARQUET,
                "r.parquet",
                parquet(Some(&geo("{}")), points().slice(0, 0)),
                &["no rows"],
            ),
            case(
                "stray_file",
                PARQUET,
                "stray",
                "",
                &["stray/S=a/rows.csv", "no Parquet file"],
            ),
            case(
                "mixed_columns",
                PARQUET,
                "mixed",
                "",
                &["mixed/2.parquet", "other columns", "`NAME`"],
            ),
            case(
                "mixed_crs",
                PARQUET,
                "crss",
                "",
                &[
                    "crss/2.parquet",
                    "`geometry` in an unknown CRS",
                    "`geometry` in OGC:CRS84",
                ],
            ),
            case(
                "mixed_keys",
                PARQUET,
                "keys",
                "",
                &["keys/T=b/2.parquet", "`S`", "`T`"],
            ),
            case("no_parquet", PARQUET, "none", "", &["folder of .parquet files"]),
            case("half_folder", PARQUET, "half", "", &["half/2.parquet", "cut off"]),
            case(
                "as_text",
                super::CSV,
                "s.csv",
                &whole,
                &["Parquet", "source.parquet"],
            ),
        ],
    );
}

#[test]
fn workbooks() {
    let book = || fixture("xlsx/openpyxl.xlsx");
    let sheet = |name: &str| name == "xl/worksheets/sheet1.xml";
    let bomb = changed(book(), |name, bytes| {
        Some(if sheet(name) {
            [bytes, vec![b' '; 4 << 20]].concat()
        } else {
            bytes
        })
    });
    let cut = changed(book(), |name, mut bytes| {
        if sheet(name) {
            bytes.truncate(bytes.len() / 2);
        }
        Some(bytes)
    });
    let gone = changed(book(), |name, bytes| (!sheet(name)).then_some(bytes));
    let backwards = changed(book(), |name, bytes| {
        let text = String::from_utf8_lossy(&bytes)
            .replace("r=\"8\"", "r=\"2\"")
            .replace("8\" ", "2\" ");
        Some(if sheet(name) { text.into_bytes() } else { bytes })
    });
    let boast = changed(fixture("xlsx/xlsxwriter.xlsx"), |name, bytes| {
        let text =
            String::from_utf8_lossy(&bytes).replace("uniqueCount=\"", "uniqueCount=\"100000000000\" was=\"");
        Some(if name == "xl/sharedStrings.xml" {
            text.into_bytes()
        } else {
            bytes
        })
    });
    let half = &book()[..3_000];
    let named = "xlsx = { path = \"FILE\", sheet = \"Facilites\", header-row = 3, x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }";
    let third = "xlsx = { path = \"FILE\", header-row = 3, x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }";
    let column = "xlsx = { path = \"FILE\", header-row = 3, x = \"LONG\", y = \"LAT\", crs = \"EPSG:4326\" }";
    check(
        |_| (),
        &[
            case("bomb", third, "a.xlsx", bomb, &["1048576"]),
            case("cut_sheet", third, "b.xlsx", cut, &["b.xlsx (sheet Facilities)"]),
            case(
                "gone_sheet",
                third,
                "c.xlsx",
                gone,
                &["c.xlsx (sheet Facilities)"],
            ),
            case("half", third, "d.xlsx", half, &["archive"]),
            case(
                "no_sheet",
                named,
                "e.xlsx",
                book(),
                &["no sheet `Facilites`", "did you mean `Facilities`?", "`Lists`"],
            ),
            case(
                "several",
                XLSX,
                "f.xlsx",
                fixture("xlsx/xlsxwriter.xlsx"),
                &["`North`, `South`"],
            ),
            case(
                "password",
                XLSX,
                "g.xlsx",
                fixture("xlsx/protected.xlsx"),
                &["password"],
            ),
            case(
                "old",
                XLSX,
                "h.xlsx",
                fixture("xlsx/excel97.xls"),
                &["Excel 97-2003", "save it as .xlsx"],
            ),
            case(
                "no_book",
                XLSX,
                "i.xlsx",
                zip_of("content.xml", b"<office/>"),
                &["no XLSX workbook"],
            ),
            case(
                "csv",
                XLSX,
                "j.xlsx",
                "ID,LON,LAT\n1,-95,35\n",
                &["an XLSX workbook", "something else"],
            ),
            case("html", XLSX, "k.xlsx", "<html><table></table></html>", &["HTML"]),
            case(
                "title",
                XLSX,
                "l.xlsx",
                book(),
                &["`LON`", "`Facilities of two states`"],
            ),
            case(
                "column",
                column,
                "m.xlsx",
                book(),
                &["`LONG`", "did you mean `LON`?"],
            ),
            case(
                "backwards",
                third,
                "n.xlsx",
                backwards,
                &["n.xlsx (sheet Facilities)"],
            ),
            case("boast", XLSX, "o.xlsx", boast, &["claims 100000000000 texts"]),
        ],
    );
}

#[test]
fn flatgeobuf() {
    let whole = fixture("fgb/utm14.fgb");
    let mut magic = whole.clone();
    magic[..8].copy_from_slice(b"notafgb\0");
    check(
        |_| (),
        &[
            case("half", OGR, "a.fgb", &whole[..whole.len() - 150], &["a.fgb"]),
            case("header", OGR, "b.fgb", &whole[..40], &["b.fgb"]),
            case("magic", OGR, "c.fgb", magic, &["c.fgb"]),
            case(
                "conflict",
                "ogr = { path = \"FILE\", crs = \"EPSG:26915\" }",
                "d.fgb",
                &whole,
                &["EPSG:26914", "EPSG:26915"],
            ),
        ],
    );
}

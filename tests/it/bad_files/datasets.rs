//! Archives and datasets that are not what the pipeline says.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::{case, check};
use crate::program::ROOT;

const OGR: &str = "ogr = { path = \"FILE\" }";

fn sample(name: &str) -> Vec<u8> {
    fs::read(Path::new(ROOT).join("sample-data").join(name)).unwrap()
}

/// The entries of an archive as `change` leaves them.
pub(super) fn changed(archive: Vec<u8>, change: impl Fn(&str, Vec<u8>) -> Option<Vec<u8>>) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut entry, &mut bytes).unwrap();
        if let Some(bytes) = change(&name, bytes) {
            out.start_file(&*name, SimpleFileOptions::default()).unwrap();
            out.write_all(&bytes).unwrap();
        }
    }
    out.finish().unwrap().into_inner()
}

pub(super) fn zip_of(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    out.start_file(name, SimpleFileOptions::default()).unwrap();
    out.write_all(bytes).unwrap();
    out.finish().unwrap().into_inner()
}

#[test]
fn archives_and_datasets() {
    let without = |ending: &'static str| {
        changed(sample("transmission_lines.zip"), move |name, bytes| {
            (!name.ends_with(ending)).then_some(bytes)
        })
    };
    let cut = |ending: &'static str, bytes_left: usize| {
        changed(sample("transmission_lines.zip"), move |name, mut bytes| {
            if name.ends_with(ending) {
                bytes.truncate(bytes_left);
            }
            Some(bytes)
        })
    };
    let mut pages = sample("service_territories.gpkg");
    pages.truncate(5_000);
    let vrt = r#"<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"#;
    let kml = r#"<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><Point><coordinates>-95,35</coordinates></Point></Placemark></kml>"#;
    check(
        |folder| {
            fs::create_dir_all(folder.join("empty.gdb")).unwrap();
            fs::write(folder.join("empty.gdb/gdb"), b"\x05\0\0\0").unwrap();
        },
        &[
            case(
                "bomb",
                OGR,
                "a.zip",
                zip_of("x.shp", &vec![0; 8 << 20]),
                &["1048576"],
            ),
            case(
                "nested",
                OGR,
                "b.zip",
                zip_of("inner.zip", &sample("us_states.zip")),
                &["dataset"],
            ),
            case(
                "rooted",
                OGR,
                "c.zip",
                zip_of("/etc/x.shp", b"x"),
                &["/etc/x.shp"],
            ),
            case("not_a_zip", OGR, "d.zip", "<html>Sign in</html>", &["archive"]),
            case(
                "no_shx",
                OGR,
                "e.zip",
                without(".shx"),
                &["e.zip", "there is no .shx"],
            ),
            case("no_dbf", OGR, "f.zip", without(".dbf"), &["f.zip"]),
            case("half_shp", OGR, "g.zip", cut(".shp", 300), &["g.zip"]),
            case("half_header", OGR, "h.zip", cut(".shp", 20), &["h.zip"]),
            case("gpkg", OGR, "i.gpkg", pages, &["i.gpkg"]),
            case("not_gpkg", OGR, "j.gpkg", "SQLite format 4", &["j.gpkg"]),
            case("vrt", OGR, "k.vrt", vrt, &["k.vrt", "an XML document"]),
            case("kml", OGR, "l.kml", kml, &["l.kml"]),
            case(
                "table",
                "ogr = { path = \"FILE\", layer = \"Teritories\" }",
                "m.gpkg",
                sample("service_territories.gpkg"),
                &["Teritories"],
            ),
            case("gdb", OGR, "empty.gdb", "", &["empty.gdb"]),
        ],
    );
}

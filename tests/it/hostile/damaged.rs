//! Real files of every binary format, damaged at places that follow from a number.

use std::fs;
use std::path::Path;

use super::Hostile;
use crate::chance::Chance;
use crate::program::ROOT;

/// Files of the repository, and their sources.
const FILES: [(&str, &str); 13] = [
    (
        "tests/fixtures/parquet/arrow_gzip.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/parquet/arrow_brotli.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/parquet/arrow_lz4.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/parquet/duckdb_2.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/parquet/pandas_1_1.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/parquet/sedona_2_0.parquet",
        "parquet = { path = \"FILE\" }",
    ),
    (
        "tests/fixtures/xlsx/openpyxl.xlsx",
        "xlsx = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }",
    ),
    (
        "tests/fixtures/xlsx/xlsxwriter.xlsx",
        "xlsx = { path = \"FILE\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }",
    ),
    ("tests/fixtures/fgb/utm14.fgb", "ogr = { path = \"FILE\" }"),
    (
        "sample-data/service_territories.gpkg",
        "ogr = { path = \"FILE\" }",
    ),
    ("sample-data/us_counties.gpkg", "ogr = { path = \"FILE\" }"),
    ("sample-data/substations.gdb.zip", "ogr = { path = \"FILE\" }"),
    ("sample-data/transmission_lines.zip", "ogr = { path = \"FILE\" }"),
];

/// Writes `each` damaged copies of every file.
pub(super) fn write(folder: &Path, each: u64) -> Vec<Hostile> {
    let mut written = Vec::new();
    for (number, (path, source)) in FILES.into_iter().enumerate() {
        let whole = fs::read(Path::new(ROOT).join(path)).unwrap();
        let name = Path::new(path).file_name().unwrap().to_string_lossy();
        for copy in 0..each {
            let mut chance = Chance(number as u64 * 1_000 + copy);
            let file = format!("{copy}_{name}");
            fs::write(folder.join(&file), damage(&whole, copy, &mut chance)).unwrap();
            written.push(Hostile {
                source: source.replace("FILE", &file),
                file,
            });
        }
    }
    written
}

/// A copy with bits turned, bytes overwritten, a stretch lost, doubled or made zeros, or its end cut off.
fn damage(whole: &[u8], kind: u64, chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let at = chance.below(bytes.len());
    let end = (at + 1 + chance.below(4_096)).min(bytes.len());
    match kind % 8 {
        0 => (0..8).for_each(|_| turn(&mut bytes, chance)),
        1 => (0..200).for_each(|_| turn(&mut bytes, chance)),
        2 => bytes[at..end].fill(0),
        3 => bytes[at..end].fill(0xFF),
        4 => drop(bytes.drain(at..end)),
        5 => bytes.truncate(at),
        6 => {
            let stretch = bytes[at..end].to_vec();
            bytes.splice(at..at, stretch);
        }
        // Where footers, headers and directories are.
        _ => {
            let last = bytes.len() - 1;
            (0..4).for_each(|_| {
                let near = chance.below(64.min(last));
                bytes[near] = chance.below(256) as u8;
                bytes[last - near] = chance.below(256) as u8;
            });
        }
    }
    bytes
}

fn turn(bytes: &mut [u8], chance: &mut Chance) {
    let at = chance.below(bytes.len());
    bytes[at] ^= 1 << chance.below(8);
}

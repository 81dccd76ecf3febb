//! The CSV reader: the first byte chooses delimiter and geometry, the rest is the file.
#![no_main]

mod in_file;
mod reading;

use cikr::plan::{CsvGeometry, Dialect, Format};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let delimiter = [b',', b';', b'\t', b'|'][usize::from(choice & 3)];
    let geometry = if choice & 4 == 0 {
        CsvGeometry::of_columns("X", "Y")
    } else {
        CsvGeometry::Wkt { column: "WKT".to_owned() }
    };
    reading::read_all(text, &Format::Csv { dialect: Dialect { delimiter, ..Dialect::USUAL }, geometry });
});

//! The GeoJSON readers: the first byte chooses a collection or one feature per line, the rest is the file.
#![no_main]

mod in_file;
mod reading;

use cikr::plan::Format;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let format = if choice & 1 == 0 { Format::Geojson } else { Format::Geojsonl };
    reading::read_all(text, &format);
});

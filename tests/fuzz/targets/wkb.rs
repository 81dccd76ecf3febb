//! The WKB reader: what it takes is written back as the same geometry, and what `check` passes has a point.
#![no_main]

use cikr::kernel::geometry::{check, covering, decode, encode, representative_point};
use cikr::plan::GeometryKind;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(geometry) = decode(data) else { return };
    let mut written = Vec::new();
    encode(&geometry, &mut written);
    for kind in [GeometryKind::Point, GeometryKind::Line, GeometryKind::Polygon] {
        if check(&geometry, kind).is_err() {
            continue;
        }
        let again = decode(&written).expect("what was checked and written can be read");
        let mut twice = Vec::new();
        encode(&again, &mut twice);
        assert_eq!(written, twice, "a checked geometry comes back as it was");
        assert!(representative_point(&geometry).is_some(), "a checked geometry has a point");
        let _ = covering(&geometry);
    }
});

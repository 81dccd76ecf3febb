//! A page in protocol buffers, as a service sends it.
#![no_main]

use cikr::fetch::arcgis::pbf::{PbfError, to_json};
use libfuzzer_sys::fuzz_target;

/// A page as JSON may have so many bytes.
const LARGEST: usize = 1 << 20;

fuzz_target!(|page: &[u8]| {
    match to_json(page, LARGEST) {
        Ok(json) => assert!(json.len() <= LARGEST && std::str::from_utf8(&json).is_ok()),
        Err(PbfError::TooLarge { limit }) => assert_eq!(limit, LARGEST),
        Err(_) => {}
    }
});

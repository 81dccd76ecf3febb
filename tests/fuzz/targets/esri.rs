//! The reader of a landed pull: a byte for the number of rows, a line of layer info, and one page of Esri JSON.
#![no_main]

#[expect(dead_code, reason = "a pull is several files")]
mod in_file;
#[expect(dead_code, reason = "a pull is several files")]
mod reading;

use std::cell::RefCell;
use std::fs;
use std::path::Path;

use cikr::plan::Format;
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

thread_local! {
    static FOLDER: RefCell<TempDir> =
        RefCell::new(tempfile::tempdir_in("/dev/shm").expect("a folder in memory"));
}

fuzz_target!(|data: &[u8]| {
    let Some((rows, text)) = data.split_first() else { return };
    let end = text.iter().position(|byte| *byte == b'\n').unwrap_or(text.len());
    let (info, page) = (&text[..end], text.get(end + 1..).unwrap_or_default());
    FOLDER.with_borrow(|folder| {
        let list = format!(
            "{{\"version\":1,\"info\":{},\"pages\":[{}]}}",
            put(folder.path(), "info", info, 0),
            put(folder.path(), "page", page, *rows)
        );
        let path = folder.path().join("pull.esri.json");
        fs::write(&path, list).expect("memory takes it");
        reading::read_path(&path, data.len(), &Format::Esri);
    });
});

/// Lands a page; gives its entry in the list.
fn put(folder: &Path, name: &str, bytes: &[u8], rows: u8) -> String {
    let packed = zstd::encode_all(bytes, 1).expect("memory takes it");
    fs::write(folder.join(name), packed).expect("memory takes it");
    let digest = Sha256::digest(bytes).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    format!("{{\"path\":\"{name}\",\"rows\":{rows},\"bytes\":{},\"sha256\":\"{digest}\"}}", bytes.len())
}

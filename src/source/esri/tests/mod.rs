//! Whole pulls, small: every way that pages are written, and that they go wrong.

mod faults;
mod rows;

use std::fs;
use std::path::{Path, PathBuf};

use arrow_schema::{DataType, TimeUnit};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::feature::{Crs, RawBatch, RejectReason, spelling};
use crate::plan::{Format, Limits};
use crate::source::SourceError;
use crate::source::tests::{LIMITS, column, defects, geometries, kind, open_as};

const INFO: &str = r#"{"geometryType":"esriGeometryPoint","extent":{"spatialReference":{"wkid":4326}},
    "fields":[{"name":"OBJECTID","type":"esriFieldTypeOID"},{"name":"NAME","type":"esriFieldTypeString"}]}"#;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// A landed pull, as the store lays it out.
struct Pull {
    folder: TempDir,
    list: serde_json::Value,
}

impl Pull {
    fn new(info: impl AsRef<[u8]>, pages: &[(&[u8], u64)]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("pages")).unwrap();
        let put = |bytes: &[u8], rows: u64| {
            let path = format!("pages/{}.zst", hex(bytes));
            fs::write(folder.path().join(&path), zstd::encode_all(bytes, 3).unwrap()).unwrap();
            serde_json::json!({"path": path, "rows": rows, "bytes": bytes.len(), "sha256": hex(bytes)})
        };
        let info = put(info.as_ref(), 0);
        let pages: Vec<_> = pages.iter().map(|(bytes, rows)| put(bytes, *rows)).collect();
        Self {
            list: serde_json::json!({"version": 1, "info": info, "pages": pages}),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        let path = self.folder.path().join("0123456789abcdef.esri.json");
        fs::write(&path, self.list.to_string()).unwrap();
        path
    }

    fn read_with(&self, limits: &Limits) -> Result<Vec<RawBatch>, SourceError> {
        open_as(&self.path(), Format::Esri, limits, None)?.collect()
    }

    #[track_caller]
    fn batches(&self) -> Vec<RawBatch> {
        self.read_with(&LIMITS).unwrap()
    }

    #[track_caller]
    fn fault(&self) -> String {
        let error = self.read_with(&LIMITS).unwrap_err().to_string();
        assert!(
            error.contains("in/shown.json") && !error.contains("0123"),
            "{error}"
        );
        error
    }
}

/// A page of these features.
fn page(features: &[&str]) -> String {
    format!(
        r#"{{"features":[{}],"geometryType":"esriGeometryPoint"}}"#,
        features.join(",")
    )
}

/// The only batch of a pull of one page.
#[track_caller]
fn one(info: &str, page: &str, rows: u64) -> RawBatch {
    let mut batches = Pull::new(info, &[(page.as_bytes(), rows)]).batches();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

fn recording(server: &str, rows: u64) -> RawBatch {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/esri");
    let text = |what: &str| fs::read_to_string(folder.join(format!("{server}-{what}.json"))).unwrap();
    one(&text("info"), &text("page"), rows)
}

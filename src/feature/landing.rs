//! A source's bytes, and how they were got: what the landing keeps beside them.
//!
//! LEAF.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A source's bytes, unchanged, in the store's landing.
#[derive(Debug, Clone)]
pub struct Landed {
    /// What to open: a file, or a folder for a FileGDB; keeps the source's extension.
    pub path: PathBuf,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Total size.
    pub bytes: u64,
    /// When it was first landed, RFC 3339 UTC.
    pub landed_at: String,
    /// What can't be known of its rows.
    pub doubts: Vec<String>,
}

impl Landed {
    /// Bytes that are read where they lie, outside a landing.
    pub fn in_place(path: PathBuf) -> Self {
        Self {
            path,
            sha256: String::new(),
            bytes: 0,
            landed_at: String::new(),
            doubts: vec![],
        }
    }
}

/// How a source was fetched, and what the server said of it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FetchRecord {
    /// URL without secrets.
    pub url: String,
    /// When the fetch was accepted, RFC 3339 UTC.
    pub fetched_at: String,
    /// HTTP status of the last answer.
    pub status: u16,
    /// `ETag`, as sent.
    pub etag: Option<String>,
    /// `Last-Modified`, as sent.
    pub last_modified: Option<String>,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// Rows that the service claimed to have.
    pub rows: Option<u64>,
    /// When the service says that the layer was edited last, milliseconds since 1970.
    pub last_edit: Option<i64>,
    /// How it was got, such as the rung of the paging ladder.
    pub method: String,
    /// Requests made.
    pub requests: u64,
    /// Requests made again.
    pub retries: u64,
    /// Bytes on the wire.
    pub wire_bytes: u64,
    /// Whether the server's certificate was not verified (`insecure-tls`).
    pub insecure_tls: bool,
    /// SHA-256 of the landed file, lower-case hex; the store fills it in.
    pub sha256: String,
    /// Pages landed; the store fills it in.
    pub pages: u64,
    /// Rows whose geometry the service couldn't give in full.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub generalised: Vec<Generalised>,
    /// What can't be known of the rows, in this program's words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub doubts: Vec<String>,
}

/// A row whose geometry came with fewer vertices, because the service fails on all of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Generalised {
    /// Object id; its position where the layer has none.
    pub oid: i64,
    /// How far vertices may be off, in units of the layer's spatial reference.
    pub max_allowable_offset: f64,
}

/// One page of a pull, as it came. Holds no secret.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageRecord {
    /// URL without secrets.
    pub url: String,
    /// When it came, RFC 3339 UTC.
    pub fetched_at: String,
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, as sent.
    pub content_type: Option<String>,
    /// Rows in it.
    pub rows: u64,
}

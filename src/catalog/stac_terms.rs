//! Words and versions that all STAC of a release shares.
//!
//! Source: radiantearth/stac-spec v1.1.0, and the extensions named here.

/// Version of STAC.
pub(super) const VERSION: &str = "1.1.0";

/// CRS of everything in a release, as the projection extension spells it.
pub(super) const CRS: &str = "OGC:CRS84";

/// Extensions of collections and items, by version.
pub(super) const EXTENSIONS: [&str; 3] = [
    "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/table/v1.2.0/schema.json",
];

/// A checksum as the file extension wants it: multihash code and length of SHA-256, then the digest.
pub(super) fn multihash(sha256: &str) -> String {
    // 0x12 is SHA2-256 in the table of multicodec, 0x20 its length in bytes.
    format!("1220{sha256}")
}

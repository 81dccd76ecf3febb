//! Words and versions that all STAC of a release shares.
//!
//! Source: radiantearth/stac-spec v1.1.0, and the extensions named here.

/// Version of STAC.
pub(super) const VERSION: &str = "1.1.0";

/// CRS of everything in a release, as the projection extension spells it.
pub(super) const CRS: &str = "OGC:CRS84";

/// Extensions of items, by version.
pub(super) const ITEM_EXTENSIONS: [&str; 3] = [FILE, PROJECTION, TABLE];

/// Extensions of collections, by version.
pub(super) const COLLECTION_EXTENSIONS: [&str; 4] = [FILE, PROJECTION, SCIENTIFIC, TABLE];

/// Extension of collections that maps show.
pub(super) const WEB_MAP_LINKS: &str = "https://stac-extensions.github.io/web-map-links/v1.3.0/schema.json";

const FILE: &str = "https://stac-extensions.github.io/file/v2.1.0/schema.json";
const PROJECTION: &str = "https://stac-extensions.github.io/projection/v2.0.0/schema.json";
const SCIENTIFIC: &str = "https://stac-extensions.github.io/scientific/v1.0.0/schema.json";
const TABLE: &str = "https://stac-extensions.github.io/table/v1.2.0/schema.json";

/// A checksum as the file extension wants it: multihash code and length of SHA-256, then the digest.
pub(super) fn multihash(sha256: &str) -> String {
    // 0x12 is SHA2-256 in the table of multicodec, 0x20 its length in bytes.
    format!("1220{sha256}")
}

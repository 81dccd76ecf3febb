//! What a file says about its CRS: shared by the formats, which read it, and `crs`, which weighs it.

use crate::feature::Crs;

/// What a file says about its CRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StatedCrs {
    /// It names one.
    Named(Crs),
    /// It names one in words that no one can look up.
    Unclear(String),
    /// Its format can't say, or it doesn't.
    Silent,
    /// It is GeoJSON without a `crs` member: OGC:CRS84 unless the pipeline says otherwise
    /// ("prior arrangement", RFC 7946 §4); a schema, which serves many files, doesn't count.
    Rfc7946,
}

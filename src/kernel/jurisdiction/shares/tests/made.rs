//! Jurisdictions and questions for tests.

use geo::{Geometry, MultiPolygon};
use wkt::TryFromWkt;

use crate::kernel::jurisdiction::{Boundary, JurisdictionIndex, Overlaps, ShareRule, Shares};

/// Shares as they are counted by default, none of them left out.
pub(super) const LOWEST: ShareRule = ShareRule {
    tolerance: 0.0,
    overlaps: Overlaps::Lowest,
};

/// Shares with repetitions, none of them left out.
pub(super) const EVERY: ShareRule = ShareRule {
    tolerance: 0.0,
    overlaps: Overlaps::Every,
};

pub(super) fn geometry(text: &str) -> Geometry<f64> {
    Geometry::try_from_wkt_str(text).expect("tests know their WKT")
}

pub(super) fn boundary(code: &str, text: &str) -> Boundary {
    let shape = match geometry(text) {
        Geometry::Polygon(polygon) => MultiPolygon::new(vec![polygon]),
        Geometry::MultiPolygon(polygons) => polygons,
        other => panic!("no surface: {other:?}"),
    };
    Boundary {
        code: code.to_owned(),
        name: None,
        shape,
    }
}

pub(super) fn index_of(boundaries: &[(&str, &str)]) -> JurisdictionIndex {
    let boundaries = boundaries.iter().map(|(code, text)| boundary(code, text));
    JurisdictionIndex::build(boundaries.collect())
}

/// Shares by rank, 0 for those that aren't told.
pub(super) fn by_rank(shares: &Shares, ranks: usize) -> Vec<f64> {
    let mut all = vec![0.0; ranks];
    for part in &shares.parts {
        all[part.rank as usize] = part.share;
    }
    all
}

/// How much parts, outside and what was dropped differ from the whole, as a part of it.
pub(super) fn gap(shares: &Shares) -> f64 {
    let parts: f64 = shares.parts.iter().map(|part| part.measure).sum();
    (parts + shares.outside + shares.dropped - shares.whole).abs() / shares.whole.max(f64::MIN_POSITIVE)
}

//! `[output]`: how tiles are cut and written.

use serde::Serialize;

use super::check::{Bounds, Check};
use crate::config::{PipelineConfig, Spanned};

/// How tiles are cut and written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Row ceiling of a tile.
    pub tile_rows: usize,
    /// Row ceiling of a row group.
    pub group_rows: usize,
    /// Rows of a data page.
    pub page_rows: usize,
    /// zstd level.
    pub zstd_level: i32,
    /// Where the store's folder is served, without a slash at the end; `urls.txt` starts there.
    pub base_url: Option<String>,
}

pub(super) const ZSTD_LEVEL: Bounds<i64> = Bounds {
    key: "zstd-level",
    range: 1..=22,
    default: 3,
};

pub(super) const TILE_ROWS: Bounds<i64> = Bounds {
    key: "tile-rows",
    range: 1..=1_000_000_000,
    default: 1_000_000,
};

pub(super) const GROUP_ROWS: Bounds<i64> = Bounds {
    key: "group-rows",
    range: 1..=100_000_000,
    default: 20_480,
};

// Statistics of the native types stop at the row group (opengeospatial/geoparquet#279): small pages, with an
// index over the covering's columns, tell more.
pub(super) const PAGE_ROWS: Bounds<i64> = Bounds {
    key: "page-rows",
    range: 1..=10_000_000,
    default: 1_024,
};

pub(super) const PROFILES: [(&str, ()); 1] = [("compat", ())];

/// The output that the pipeline writes, with every default applied.
pub(super) fn resolve(check: &mut Check<'_>, config: &PipelineConfig) -> Output {
    let written = &config.output;
    check.choice("an output profile", written.profile.as_ref(), &PROFILES);
    let zstd_level = check.count_in_range(written.zstd_level.as_ref(), &ZSTD_LEVEL);
    let output = Output {
        tile_rows: check.count_in_range(written.tile_rows.as_ref(), &TILE_ROWS),
        group_rows: check.count_in_range(written.group_rows.as_ref(), &GROUP_ROWS),
        page_rows: check.count_in_range(written.page_rows.as_ref(), &PAGE_ROWS),
        zstd_level: i32::try_from(zstd_level).unwrap_or(3),
        base_url: check.base_url(written.base_url.as_ref()),
    };
    // A page is a leaf of the tree, a row group its parent, a tile a file of them: none may be larger than what
    // holds it.
    let page = ("page-rows", output.page_rows, written.page_rows.as_ref());
    let group = ("group-rows", output.group_rows, written.group_rows.as_ref());
    let tile = ("tile-rows", output.tile_rows, written.tile_rows.as_ref());
    check_nested(check, page, group);
    check_nested(check, group, tile);
    output
}

/// A key, its resolved value, and where it is written.
type Ceiling<'a> = (&'a str, usize, Option<&'a Spanned<i64>>);

/// Reports a ceiling that is above that of what it is a part of: the larger could never be filled by it.
fn check_nested(check: &mut Check<'_>, part: Ceiling<'_>, whole: Ceiling<'_>) {
    // Where neither is written, the defaults fit into each other.
    if let Some(place) = part.2.or(whole.2).filter(|_| part.1 > whole.1) {
        let message = format!(
            "`{}` ({}) is more than `{}` ({})",
            part.0, part.1, whole.0, whole.1
        );
        check.error(&place.span, message);
    }
}

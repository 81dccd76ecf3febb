//! What stands in `links/sector_*.parquet`, for the data dictionary.
//!
//! Paths, column names and their order are part of the published schema.

use crate::feature::TableDoc;
use crate::feature::release::paths;

/// What every class belongs to.
pub const MEMBERSHIP: TableDoc = TableDoc {
    path: paths::SECTOR_MEMBERSHIP,
    what: "what a class of facilities belongs to in a sector scheme: one primary row per scheme, and further ones",
    columns: &[
        (
            "sector_class",
            "the class, as in the tiles: layer and 12 hex digits of the SHA-256 of the next five columns",
        ),
        ("layer", "layer id"),
        ("sector_code", "sector of its facilities (reference/sectors)"),
        ("subsector", "their subsector"),
        ("sector_also", "their further sectors"),
        ("naics_code", "their NAICS code as the source gives it"),
        (
            "lifeline",
            "the lifeline that the layer's schema gives, as lifeline/component",
        ),
        (
            "scheme",
            "2003, 2006, 2009, 2013, 2024 (reference/sector_schemes), ncf or lifeline",
        ),
        (
            "code",
            "the sector or the part of one, the function, the lifeline component; null where reason says why",
        ),
        ("name", "its name"),
        ("lead_agency", "who leads it under that scheme"),
        ("is_primary", "true once per class and scheme"),
        (
            "basis",
            "what decided: sector, subsector, naics or layer (the layer's schema)",
        ),
        ("is_judged", "whether by judgement rather than by a document"),
        ("reason", "why there is no code"),
        ("note", "the scheme's footnote to the code"),
    ],
};

/// How many facilities belong to what.
pub const TOTALS: TableDoc = TableDoc {
    path: paths::SECTOR_TOTALS,
    what: "the facilities of a layer with a code in a sector scheme",
    columns: &[
        ("layer", "layer id"),
        ("scheme", "as in links/sector_membership"),
        (
            "code",
            "the sector, function or lifeline component; null for those without",
        ),
        ("name", "its name"),
        ("lead_agency", "who leads it under that scheme"),
        ("facilities", "facilities with this primary code"),
        (
            "further_facilities",
            "facilities with this code beside their primary one",
        ),
        (
            "reason",
            "why there is no code: that of the first class, where there are several",
        ),
    ],
};

//! What stands in `scorecard/*.parquet`, for the data dictionary.
//!
//! Paths, column names and their order are part of the published schema.

use crate::feature::TableDoc;
use crate::feature::release::paths;

const KIND: (&str, &str) = ("kind", "national, region, state or county");
const CODE: (&str, &str) = (
    "code",
    "code of the jurisdiction: US, a region's, 2 digits of a state, 5 of a county; unassigned outside every one of the kind",
);
const SECTOR: (&str, &str) = (
    "sector_code",
    "primary sector of the facilities; null for those without",
);
const LIFELINE: (&str, &str) = (
    "lifeline",
    "their lifeline, as lifeline/component; null for those without",
);

/// Facilities and their quality.
pub(super) const CELLS: TableDoc = TableDoc {
    path: paths::SCORECARD_CELLS,
    what: "the facilities of a sector and lifeline in a jurisdiction; those of a kind add up to the national row",
    columns: &[
        KIND,
        CODE,
        (
            "state_code",
            "USPS code of the state, or of the state that the county lies in",
        ),
        SECTOR,
        LIFELINE,
        (
            "facilities",
            "facilities of the inventory, lines and surfaces by their primary state, county and region; null where reason says why",
        ),
        (
            "reason",
            "why nothing is known of the sector, as where no layer tells of it",
        ),
        (
            "found",
            "rows found of those expected, each layer and state up to its own expectation",
        ),
        (
            "expected",
            "least rows expected of the layers whose schema gives this sector and lifeline, by reviewed counts of states",
        ),
        (
            "completeness",
            "found of expected, 0 to 1; null without a reviewed count, and of counties",
        ),
        ("dated", "facilities with a source date"),
        (
            "current",
            "of these, those dated at most current-days of their layer before the run",
        ),
        (
            "currency",
            "current of facilities, 0 to 1; null where none has a date",
        ),
        (
            "claimed",
            "facilities that claim a state or county that could be compared",
        ),
        (
            "agreeing",
            "of these, those of which no claim differs from the computed place",
        ),
        (
            "accuracy",
            "agreeing of claimed, 0 to 1; null where none claims a place",
        ),
    ],
};

/// Capacities.
pub(super) const CAPACITY: TableDoc = TableDoc {
    path: paths::SCORECARD_CAPACITY,
    what: "the sum of a field that adds up (beds, MW …), of the facilities of a layer in a cell of scorecard/cells",
    columns: &[
        KIND,
        CODE,
        (
            "state_code",
            "USPS code of the state, or of the state that the county lies in",
        ),
        SECTOR,
        LIFELINE,
        ("layer", "layer id"),
        ("field", "column of the layer's tiles"),
        ("unit", "unit of its values"),
        (
            "sum",
            "sum of the values that are there and not below zero, each to a millionth",
        ),
        ("facilities_with_value", "facilities that have such a value"),
        (
            "facilities",
            "facilities of the layer in the cell: those without a value are not in the sum",
        ),
    ],
};

/// The releases before.
pub(super) const HISTORY: TableDoc = TableDoc {
    path: paths::SCORECARD_HISTORY,
    what: "a cell of scorecard/cells in an earlier release that the store still keeps",
    columns: &[
        KIND,
        CODE,
        SECTOR,
        LIFELINE,
        ("release", "the earlier release"),
        (
            "facilities",
            "facilities of the cell then; null where reason says why",
        ),
        ("completeness", "as in scorecard/cells, then"),
        ("currency", "as in scorecard/cells, then"),
        ("accuracy", "as in scorecard/cells, then"),
        (
            "reason",
            "why nothing is known: the release has no scorecard, had no such cell, or said itself why",
        ),
    ],
};

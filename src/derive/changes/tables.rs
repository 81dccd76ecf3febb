//! What stands in `changes/<layer>.parquet`, for the data dictionary.
//!
//! Column names and their order are part of the published schema.

use crate::feature::TableDoc;

/// What differs from the release before; one table per layer that could be compared.
pub const TABLE: TableDoc = TableDoc {
    path: "changes/<layer>.parquet",
    what: "a facility that is new or gone, or a value of one that differs from the release before",
    columns: &[
        ("facility_id", "the facility; null where change is every_row"),
        (
            "name",
            "its name: in this release, or in the one before where it is gone",
        ),
        (
            "state_code",
            "its computed state, USPS code, of the same release as the name",
        ),
        (
            "change",
            "added; removed; changed (the source gives another value); recomputed (what is computed here differs); \
             every_row (the column went from one value to another in every facility of both releases)",
        ),
        (
            "field",
            "column of the layer's tiles; null where the facility is new or gone",
        ),
        (
            "old",
            "value in the release before, as text: points as WKT, lists as JSON, other geometries by type, vertices, \
             box and digest; null where there was none",
        ),
        ("new", "value in this release, likewise"),
        (
            "distance_m",
            "how far a point has moved, geodesic; null for anything else",
        ),
    ],
};

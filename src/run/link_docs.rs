//! What stands in `links/facility_jurisdiction`, for the data dictionary; the tables are written with these columns.

use crate::feature::TableDoc;

/// The links of a layer to the jurisdictions of a set.
pub(super) const FACILITY_JURISDICTION: TableDoc = TableDoc {
    path: "links/facility_jurisdiction/kind=<kind>/<layer>.<set>.parquet",
    what: "a facility in a jurisdiction that no column of its tile tells: one of several, a part of a line or an area, or \
           one that is only near",
    columns: &[
        ("facility_id", "the facility, as in the tiles of its layer"),
        ("set", "the polygon set, as the pipeline calls it"),
        (
            "jurisdiction_id",
            "code of the jurisdiction (reference/jurisdictions)",
        ),
        ("vintage", "vintage of the set"),
        (
            "method",
            "within (all of the facility), overlap (a part of it) or nearest (none of it)",
        ),
        (
            "share",
            "share of the geodesic length or area of the facility, 0 to 1; 1 of a point; null where it is only near",
        ),
        (
            "distance_m",
            "geodesic distance, metres; null where the facility lies in it",
        ),
        (
            "rank",
            "its place among those of the facility and set, the largest share first, ties by the lowest code; from 1",
        ),
        (
            "is_primary",
            "whether the tile's columns have it; never of a set whose polygons lie over each other",
        ),
    ],
};

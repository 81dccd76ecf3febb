//! What stands in `jurisdictions/*.parquet`, for the data dictionary.
//!
//! Paths, column names and their order are part of the published schema.

use crate::feature::TableDoc;
use crate::feature::release::paths;

/// The jurisdictions of a set.
pub(super) const SET: TableDoc = TableDoc {
    path: "jurisdictions/<set>.parquet",
    what: "a jurisdiction of a polygon set, with a simplified outline for maps (GeoParquet)",
    columns: &[
        ("jurisdiction_id", "<set>:<code>"),
        ("set", "the polygon set, as the pipeline calls it"),
        ("kind", "its kind (reference/jurisdiction_kinds)"),
        ("code", "its code, as in the tiles"),
        (
            "name",
            "its name; of a state without a polygon that of reference/states",
        ),
        (
            "parent_kind",
            "kind of what it is a part of; null where that isn't known",
        ),
        ("parent_code", "code of what it is a part of"),
        (
            "parent_from",
            "source, where a field of the set says so, or code, where its own code begins with it",
        ),
        ("vintage", "vintage of the set"),
        ("agency", "agency that publishes the set"),
        ("licence", "licence of the set"),
        (
            "is_government",
            "whether its kind governs; null where only some of the kind do",
        ),
        (
            "area_km2",
            "area of its polygons on WGS 84, edges as geodesics, water of the source included; square kilometres",
        ),
        (
            "has_polygon",
            "false for a code of the reference list, or of rows carried from before, that has no polygon in the set",
        ),
        (
            "outline_tolerance_deg",
            "how far the outline may be from the polygons, degrees; parts and holes of less than twice that are left out",
        ),
        (
            "facilities",
            "facilities of the inventory that have the code, lines and surfaces by their primary one; null of a set whose \
             polygons lie over each other (links/facility_jurisdiction has these)",
        ),
        (
            "facilities_by_sector",
            "map of sector codes to facilities; those without a sector are what is left of facilities",
        ),
        (
            "geometry",
            "simplified outline as WKB, longitude and latitude, OGC:CRS84; neighbours are simplified each by itself",
        ),
        ("bbox", "box of the outline, rounded outward to single precision"),
    ],
};

/// Governments and polygons by kind.
pub(super) const KINDS: TableDoc = TableDoc {
    path: paths::JURISDICTION_KINDS,
    what: "how many there are of a kind of jurisdictions: governments by a census, or polygons of a set",
    columns: &[
        (
            "kind",
            "the kind (reference/jurisdiction_kinds); null of the federal government",
        ),
        ("title", "what is counted"),
        ("counted", "governments or polygons"),
        (
            "set",
            "the polygon set; null of governments, and where the pipeline has no set of the kind",
        ),
        ("vintage", "year of the census, or vintage of the set"),
        (
            "count",
            "how many; null where the pipeline has no set of the kind",
        ),
        ("source", "who counted them, or why there is no count"),
    ],
};

//! The columns every tile has.
//!
//! LEAF. Order, names and types are the published schema: changing one is a breaking change.

/// Names, types and meanings of the columns every tile has, in order.
///
/// `geometry` and `bbox` close the row, after the layer's attributes.
/// Source: the project's design; code lists as named in `schemas/reference`.
pub const CORE_COLUMNS: &[CoreColumn] = &[
    core_column(
        "facility_id",
        CoreType::Text,
        "<layer>:<key>, stable across nights",
    ),
    core_column("layer", CoreType::Text, "layer the facility belongs to"),
    core_column("name", CoreType::Text, "name as the source gives it"),
    core_column(
        "facility_type",
        CoreType::Text,
        "kind of facility in the source's own words",
    ),
    core_column(
        "status",
        CoreType::Text,
        "operating status in the source's own words",
    ),
    core_column(
        "sector_code",
        CoreType::Text,
        "critical-infrastructure sector (reference/sectors)",
    ),
    core_column("subsector", CoreType::Text, "subsector within the sector"),
    core_column(
        "sector_also",
        CoreType::TextList,
        "further sectors the facility belongs to",
    ),
    core_column(
        "sector_class",
        CoreType::Text,
        "key of links/sector_membership: <layer>:<digest of sector, subsector, further sectors, NAICS code and lifeline>",
    ),
    core_column(
        "lead_agency",
        CoreType::Text,
        "federal lead (sector risk management) agency of the sector",
    ),
    core_column(
        "lifeline",
        CoreType::Text,
        "FEMA community lifeline, as lifeline/component",
    ),
    core_column("naics_code", CoreType::Text, "NAICS code as the source gives it"),
    core_column(
        "state_code",
        CoreType::Text,
        "computed state or territory, USPS code",
    ),
    core_column(
        "state_fips",
        CoreType::Text,
        "computed state or territory, 2-digit FIPS code",
    ),
    core_column(
        "county_fips",
        CoreType::Text,
        "computed county or equivalent, 5-digit FIPS code",
    ),
    core_column("county_name", CoreType::Text, "name of the computed county"),
    core_column(
        "place_geoid",
        CoreType::Text,
        "computed Census place, 7-digit GEOID",
    ),
    core_column("place_name", CoreType::Text, "name of the computed place"),
    core_column(
        "tribal_geoid",
        CoreType::Text,
        "computed tribal area, code of the set used",
    ),
    core_column("tribal_name", CoreType::Text, "name of the computed tribal area"),
    core_column(
        "region_code",
        CoreType::Text,
        "region of the computed state; null where unassigned",
    ),
    core_column(
        "state_code_claimed",
        CoreType::Text,
        "state the source claims, USPS code",
    ),
    core_column(
        "county_fips_claimed",
        CoreType::Text,
        "county the source claims, 5-digit FIPS code",
    ),
    core_column(
        "is_state_mismatch",
        CoreType::Boolean,
        "claimed state is neither the computed one nor one that a line or a surface touches; null where nothing was claimed, \
         and where the set lacks what was and no other polygon holds the row",
    ),
    core_column(
        "is_county_mismatch",
        CoreType::Boolean,
        "the same of the claimed county, by its code or by its name",
    ),
    core_column(
        "location_method",
        CoreType::Text,
        "how state and county were found: within, nearest, overlap (the largest share of a line or an area), none",
    ),
    core_column(
        "location_distance_m",
        CoreType::Number,
        "geodesic distance to the nearest jurisdiction, metres, where location_method is nearest",
    ),
    core_column("source_agency", CoreType::Text, "agency that owns the layer"),
    core_column(
        "source_date",
        CoreType::Date,
        "date the source gives for the record",
    ),
    core_column(
        "handling",
        CoreType::Text,
        "handling marking, Traffic Light Protocol 2.0",
    ),
];

/// Sides of a row's box, in the order of the `bbox` struct.
pub const BBOX_SIDES: [&str; 4] = ["xmin", "ymin", "xmax", "ymax"];

/// One of the columns every tile has.
#[derive(Debug, Clone, Copy)]
pub struct CoreColumn {
    /// Column name.
    pub name: &'static str,
    /// Column type.
    pub kind: CoreType,
    /// Meaning, for the data dictionary.
    pub meaning: &'static str,
}

/// Type of a core column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoreType {
    /// Utf8.
    Text,
    /// List of Utf8.
    TextList,
    /// Boolean.
    Boolean,
    /// Float64.
    Number,
    /// Date32.
    Date,
}

const fn core_column(name: &'static str, kind: CoreType, meaning: &'static str) -> CoreColumn {
    CoreColumn { name, kind, meaning }
}

/// Names of numbers that a database or a program gives out anew, in small letters and without separators.
const ROW_NUMBERS: [&str; 12] = [
    "objectid",
    "objectid1",
    "objectid2",
    "fid",
    "fid1",
    "oid",
    "ogcfid",
    "gid",
    "rowid",
    "index",
    "featureid",
    "column1",
];

/// Whether a source's column is numbered anew whenever the source is made, going by its name.
///
/// ```
/// use cikr::feature::is_row_number;
///
/// assert!(is_row_number("OBJECTID_1") && is_row_number("ogc_fid"));
/// assert!(!is_row_number("facility_id"));
/// ```
pub fn is_row_number(name: &str) -> bool {
    let squeezed: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    ROW_NUMBERS.contains(&squeezed.to_lowercase().as_str())
}

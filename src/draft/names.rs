//! Names: canonical ones from the source's, and what a name says of its values.
//!
//! Pure. Names of HIFLD and HSIP files that mean a core column are known; anything else becomes
//! snake case, kept clear of the columns that every tile has.

use std::collections::HashSet;

use super::column::Column;
use super::kind::Kind;
use super::parts::is_of_axis;
use super::snake_case::{letters_and_digits, snake_case};
use super::whose::{self, Whose};
use crate::feature::CORE_COLUMNS;

/// Core columns that a source may fill, and the source names that mean them, squeezed, most trusted first.
const CORE: [(&str, &[&str]); 7] = [
    (
        "name",
        &[
            "name",
            "facilityname",
            "facname",
            "fullname",
            "plantname",
            "damname",
            "sitename",
            "subname",
            "schoolname",
        ],
    ),
    (
        "facility_type",
        &["type", "facilitytype", "factype", "typepipe", "damtype"],
    ),
    ("status", &["status", "statusdesc", "licstatus"]),
    ("naics_code", &["naicscode", "naics"]),
    (
        "state_code_claimed",
        &[
            "state",
            "statecode",
            "stusps",
            "stateabbr",
            "statecd",
            "locstate",
            "st",
        ],
    ),
    (
        "county_fips_claimed",
        &["countyfips", "cntyfips", "fips", "fipscode"],
    ),
    ("source_date", &["sourcedate", "srcdate"]),
];

/// Names that a tile has beside its core columns: `region` stands in its path.
const TAKEN: [&str; 3] = ["geometry", "bbox", "region"];

/// Unit by the last word of a name.
const UNITS: [(&str, &str); 24] = [
    ("mw", "MW"),
    ("kw", "kW"),
    ("gw", "GW"),
    ("mwh", "MWh"),
    ("kwh", "kWh"),
    ("kv", "kV"),
    ("ft", "ft"),
    ("feet", "ft"),
    ("sqft", "ft²"),
    ("mi", "mi"),
    ("miles", "mi"),
    ("sqmi", "mi²"),
    ("km", "km"),
    ("sqkm", "km²"),
    ("m", "m"),
    ("acres", "acres"),
    ("acft", "acre-feet"),
    ("lbs", "lb"),
    ("gal", "gal"),
    ("mgd", "MGD"),
    ("cfs", "ft³/s"),
    ("bbl", "bbl"),
    ("pct", "%"),
    ("percent", "%"),
];

/// Canonical names of the columns of a file.
pub(super) fn names_of_columns(columns: &[Column], kinds: &[Kind]) -> Vec<String> {
    let mut named = Vec::new();
    for (column, kind) in columns.iter().zip(kinds) {
        named.push((column.name.as_str(), kind, column.lengths));
    }
    canonical_names(&named)
}

/// A field's name and the source name it stands for.
fn canonical_names(columns: &[(&str, &Kind, (usize, usize))]) -> Vec<String> {
    let mut names: Vec<Option<&str>> = vec![None; columns.len()];
    // One concept has several spellings within HIFLD alone: `FIPS`, `COUNTYFIPS`, `STFIPS` with `COFIPS`;
    // `NAICS_CODE` and `NAICSCODE`; `SOURCEDATE` and `SOURCE_DATE`.
    for (core, aliases) in CORE {
        let found = aliases.iter().find_map(|alias| {
            columns.iter().position(|(name, kind, lengths)| {
                letters_and_digits(name) == *alias && can_fill(core, kind, *lengths)
            })
        });
        if let Some(found) = found {
            names[found] = Some(core);
        }
    }
    if !names.contains(&Some("name")) {
        let free = (0..columns.len()).filter(|at| names[*at].is_none());
        let fitting = free.filter(|at| can_fill("name", columns[*at].1, columns[*at].2));
        let found = fitting
            .filter_map(|at| Some((whose::whose_name(columns[at].0)?, at)))
            .filter(|(whose, _)| *whose != Whose::Others)
            .min();
        if let Some((_, at)) = found {
            names[at] = Some("name");
        }
    }
    let mut used: HashSet<String> = names.iter().flatten().map(|name| (*name).to_owned()).collect();
    let pairs = names.into_iter().zip(columns).enumerate();
    pairs
        .map(|(at, (core, (name, ..)))| core.map_or_else(|| unused_name(name, at, &mut used), str::to_owned))
        .collect()
}

/// Whether values of this type and these lengths can fill a core column.
fn can_fill(core: &str, kind: &Kind, (_, longest): (usize, usize)) -> bool {
    match core {
        "source_date" => matches!(kind, Kind::Date(_)),
        "state_code_claimed" => *kind == Kind::State,
        // FIPS may be the state's, of two digits, or the county's without it, of three.
        "county_fips_claimed" => (4..=5).contains(&longest),
        _ => !matches!(kind, Kind::Date(_)),
    }
}

/// Whether a field of this name must be text because it fills a core column of text.
pub(super) fn is_text_core(name: &str) -> bool {
    CORE.iter().any(|(core, _)| *core == name) && !matches!(name, "source_date" | "state_code_claimed")
}

/// A name of its own for a column: snake case, no column that tiles have anyway.
fn unused_name(name: &str, position: usize, used: &mut HashSet<String>) -> String {
    let mut base = snake_case(name);
    if base.is_empty() {
        base = format!("column_{}", position + 1);
    }
    if is_reserved(&base) {
        base.push_str("_claimed");
    }
    let mut free = base.clone();
    let mut count = 1;
    // `ID` and `id` may stand in one file: a reader that doesn't tell cases apart would see one column of the
    // two.
    while is_reserved(&free) || !used.insert(free.clone()) {
        count += 1;
        free = format!("{base}_{count}");
    }
    free
}

fn is_reserved(name: &str) -> bool {
    CORE_COLUMNS
        .iter()
        .map(|column| column.name)
        .chain(TAKEN)
        .any(|taken| taken == name)
}

/// An identifier for a layer from the name of a file or table.
pub(super) fn layer_id(name: &str) -> String {
    match snake_case(name).as_str() {
        "" => "layer".to_owned(),
        "facilities" => "facilities_layer".to_owned(),
        id => id.to_owned(),
    }
}

/// Whether a sheet is called what a spreadsheet calls a new one.
pub(super) fn is_unnamed_sheet(name: &str) -> bool {
    const NEW: [&str; 9] = [
        "sheet", "tabelle", "feuil", "hoja", "foglio", "data", "table", "export", "results",
    ];
    let name = letters_and_digits(name);
    NEW.contains(&name.trim_end_matches(|c: char| c.is_ascii_digit()))
}

/// Unit that a name ends in.
pub(super) fn unit_of(canonical: &str) -> Option<&'static str> {
    let (_, last) = canonical.rsplit_once('_')?;
    UNITS
        .iter()
        .find(|(suffix, _)| *suffix == last)
        .map(|(_, unit)| *unit)
}

/// Whether a column is called a state.
pub(super) fn is_state(name: &str) -> bool {
    let squeezed = letters_and_digits(name);
    snake_case(name)
        .split('_')
        .any(|word| matches!(word, "state" | "stusps" | "st"))
        || CORE[4].1.contains(&squeezed.as_str())
}

/// Whether a column is called a coordinate.
pub(super) fn is_coordinate(name: &str) -> bool {
    let squeezed = letters_and_digits(name);
    is_of_axis(name)
        || snake_case(name).split('_').any(|word| matches!(word, "x" | "y"))
        || squeezed.contains("latitude")
        || squeezed.contains("longitude")
        || squeezed.ends_with("latdec")
        || squeezed.ends_with("londec")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(columns: &[(&str, Kind)]) -> Vec<String> {
        let columns: Vec<_> = columns.iter().map(|(name, kind)| (*name, kind, (5, 5))).collect();
        canonical_names(&columns)
    }

    #[test]
    fn known_names_fill_core_columns() {
        let date = Kind::Date(vec!["%Y"]);
        let found = names(&[
            ("Name", Kind::Text),
            ("TYPE", Kind::Integer),
            ("NAICSCODE", Kind::Text),
            ("STATE", Kind::State),
            ("FIPS", Kind::Text),
            ("SOURCE_DATE", date),
        ]);
        let core = [
            "name",
            "facility_type",
            "naics_code",
            "state_code_claimed",
            "county_fips_claimed",
            "source_date",
        ];
        assert_eq!(found, core);
    }

    #[test]
    fn the_more_trusted_name_wins_and_the_other_stays_free() {
        assert_eq!(
            names(&[("FIPS", Kind::Text), ("COUNTYFIPS", Kind::Text)]),
            ["fips", "county_fips_claimed"]
        );
    }

    #[test]
    fn the_facilities_own_name_wins_over_those_of_others() {
        let text = |name: &'static str| (name, Kind::Text);
        assert_eq!(names(&[text("LEA_NAME"), text("SCH_NAME")]), ["lea_name", "name"]);
        assert_eq!(
            names(&[text("LEGAL_NAME"), text("DBA_NAME")]),
            ["legal_name", "name"]
        );
        assert_eq!(
            names(&[text("QUAD_NAME"), text("STREAM_NAME")]),
            ["quad_name", "stream_name"]
        );
        assert_eq!(names(&[text("NAME1"), text("NAME2")]), ["name", "name2"]);
    }

    #[test]
    fn what_does_not_fit_a_core_column_keeps_clear_of_it() {
        assert_eq!(names(&[("SOURCEDATE", Kind::Text)]), ["sourcedate"]);
        assert_eq!(names(&[("SOURCE_DATE", Kind::Text)]), ["source_date_claimed"]);
        let taken = names(&[
            ("Region", Kind::Text),
            ("geometry", Kind::Text),
            ("LAYER", Kind::Text),
        ]);
        assert_eq!(taken, ["region_claimed", "geometry_claimed", "layer_claimed"]);
    }

    #[test]
    fn names_that_collide_are_numbered() {
        let found = names(&[
            ("ID", Kind::Text),
            ("id", Kind::Text),
            ("I.D", Kind::Text),
            ("", Kind::Text),
        ]);
        assert_eq!(found, ["id", "id_2", "i_d", "column_4"]);
    }

    #[test]
    fn a_sheet_that_nobody_named_is_known() {
        assert!(
            ["Sheet1", "Sheet 2", "Tabelle1", "sheet", "Data", "Table 1"]
                .into_iter()
                .all(is_unnamed_sheet)
        );
        assert!(!["Worksheet1", "North", "2020"].into_iter().any(is_unnamed_sheet));
    }

    #[test]
    fn suffixes_are_units() {
        assert_eq!(unit_of("install_mw"), Some("MW"));
        assert_eq!(unit_of("height_ft"), Some("ft"));
        assert_eq!(unit_of("mw"), None);
        assert_eq!(unit_of("beds"), None);
    }
}

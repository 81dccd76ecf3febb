//! Whose a column is, going by its name: the facility's own, or its owner's, its mail's, its county's.
//!
//! Pure. The words are those of agencies' files.

use super::snake_case::snake_case;

/// Words of those beside a facility that have names, addresses and places too.
const OTHERS: [&str; 58] = [
    "county",
    "cnty",
    "state",
    "city",
    "town",
    "country",
    "owner",
    "own",
    "operator",
    "oper",
    "agency",
    "company",
    "comp",
    "corp",
    "corporate",
    "corporation",
    "contact",
    "licensee",
    "permittee",
    "applicant",
    "registrant",
    "lea",
    "mail",
    "mailing",
    "billing",
    "hq",
    "headquarters",
    "street",
    "road",
    "file",
    "layer",
    "map",
    "quad",
    "topo",
    "first",
    "last",
    "middle",
    "sur",
    "nick",
    "district",
    "region",
    "river",
    "stream",
    "basin",
    "watershed",
    "utility",
    "parent",
    "user",
    "alt",
    "column",
    "field",
    "table",
    "species",
    "formation",
    "product",
    "manager",
    "inspector",
    "engineer",
];

/// Words of what is a facility itself.
const FACILITIES: [&str; 36] = [
    "facility",
    "facil",
    "fac",
    "site",
    "plant",
    "station",
    "stn",
    "school",
    "sch",
    "hospital",
    "hosp",
    "clinic",
    "dam",
    "bridge",
    "tower",
    "airport",
    "port",
    "terminal",
    "mine",
    "well",
    "building",
    "bldg",
    "substation",
    "project",
    "center",
    "branch",
    "dba",
    "asset",
    "structure",
    "location",
    "refinery",
    "campus",
    "complex",
    "institution",
    "reservoir",
    "pws",
];

/// Whose names, places or states a column holds; the facility's come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Whose {
    /// The facility's.
    Facility,
    /// The name doesn't say: the facility's, most likely.
    UnknownCrs,
    /// Somebody else's.
    Others,
}

/// Whose a column is by the words of its name, but for the last, which says what it holds.
pub(super) fn whose_column(name: &str) -> Whose {
    let snake = snake_case(name);
    of_words(snake.rsplit('_').skip(1))
}

/// Whose names a column holds: `CLINIC_NAME`, `STATIONNAME`, `FAC_NM`; none where it is not called a name.
pub(super) fn whose_name(name: &str) -> Option<Whose> {
    const NAMES: [&str; 3] = ["name", "nam", "nm"];
    let snake = snake_case(name);
    let mut words = snake
        .rsplit('_')
        .skip_while(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let last = words.next()?.trim_end_matches(|c: char| c.is_ascii_digit());
    let joined = last.strip_suffix("name").filter(|before| !before.is_empty());
    (NAMES.contains(&last) || joined.is_some()).then(|| of_words(words.chain(joined)))
}

fn of_words<'a>(words: impl Iterator<Item = &'a str>) -> Whose {
    let mut whose = Whose::UnknownCrs;
    for word in words {
        if OTHERS.contains(&word) {
            return Whose::Others;
        }
        if FACILITIES.contains(&word) {
            whose = Whose::Facility;
        }
    }
    whose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_facilities_are_told_from_those_of_others() {
        for name in [
            "STATION_NAME",
            "SCH_NAME",
            "DBA_NAME",
            "STATIONNAME",
            "FACILITY_NAM",
            "SITE_NM",
            "FacName1",
        ] {
            assert_eq!(whose_name(name), Some(Whose::Facility), "{name}");
        }
        for name in ["NAME", "NAME1", "NAME_2", "LEGAL_NAME", "TITLE_NAME"] {
            assert_eq!(whose_name(name), Some(Whose::UnknownCrs), "{name}");
        }
        for name in [
            "LICENSEE_NAME",
            "LEA_NAME",
            "QUAD_NAME",
            "MAP_NAME",
            "STREAM_NAME",
            "CORP_NAME",
            "COUNTY_NAME",
            "FACILITY_OWNER_NAME",
            "FileName",
            "username",
        ] {
            assert_eq!(whose_name(name), Some(Whose::Others), "{name}");
        }
        for name in ["ID", "NAMED", "SITE", "TYPE_DESC", "TONNAGE"] {
            assert_eq!(whose_name(name), None, "{name}");
        }
    }

    #[test]
    fn other_columns_are_somebody_elses_by_the_words_before_what_they_hold() {
        assert_eq!(whose_column("OWNER_LAT"), Whose::Others);
        assert_eq!(whose_column("MAIL_STATE"), Whose::Others);
        assert_eq!(whose_column("FAC_LON"), Whose::Facility);
        assert_eq!(whose_column("STATE"), Whose::UnknownCrs);
    }
}

//! What stands in `reference/*.parquet`, for the data dictionary; the tables are written with these columns.
//!
//! Paths, column names and their order are part of the published schema.

use crate::feature::TableDoc;
use crate::feature::release::paths;

/// Every reference table.
pub(super) const TABLES: [TableDoc; 17] = [
    STATES,
    REGIONS,
    JURISDICTION_KINDS,
    COUNTY_SUCCESSIONS,
    GOVERNMENTS,
    NAICS_RULES,
    SECTORS,
    SECTOR_SCHEMES,
    SCHEME_SECTORS,
    SUBSECTORS,
    CRITICAL_FUNCTIONS,
    LIFELINES,
    SECTOR_CROSSWALK,
    FUNCTION_RULES,
    LIFELINE_RULES,
    SCHEME_CROSSWALK,
    JURISDICTIONS,
];

const SOURCE: (&str, &str) = ("source", "where the row comes from");
const RULE_SECTOR: (&str, &str) = ("sector_code", "sector of today that the rule is for");
const RULE_SUBSECTOR: (&str, &str) = (
    "subsector",
    "subsector that it is for; null where it is for the whole sector",
);
const RULE_PREFIX: (&str, &str) = (
    "naics_prefix",
    "NAICS 2022 code, or the beginning of one, that it is for; null where it is for any",
);
const RULE_REASON: (&str, &str) = (
    "reason",
    "why the rule leads nowhere; null where it leads somewhere",
);

pub(super) const STATES: TableDoc = TableDoc {
    path: "reference/states.parquet",
    what: "a state or territory",
    columns: &[
        ("state_fips", "FIPS code, 2 digits"),
        ("state_code", "USPS code"),
        ("name", "its name"),
        ("kind", "state, district, territory, or another status"),
        SOURCE,
    ],
};

pub(super) const REGIONS: TableDoc = TableDoc {
    path: "reference/regions.parquet",
    what: "a state, or a county, in a region",
    columns: &[
        ("region_code", "the region, as in the paths of tiles"),
        ("region_name", "its name"),
        (
            "state_code",
            "USPS code of a state in it, or of the county's state",
        ),
        (
            "county_fips",
            "FIPS code of a county in it; null where whole states are",
        ),
        SOURCE,
    ],
};

pub(super) const JURISDICTION_KINDS: TableDoc = TableDoc {
    path: "reference/jurisdiction_kinds.parquet",
    what: "a kind of jurisdiction that a polygon set may be of",
    columns: &[
        ("kind", "its word in pipelines and tables"),
        ("title", "what it is"),
        (
            "code_digits",
            "characters of a code; null where any number may be",
        ),
        (
            "begins_with_state",
            "yes where a code begins with its state's two digits, else no",
        ),
        (
            "code_column",
            "column of tiles that has the code; `<set>` stands for the id of the set",
        ),
        (
            "name_column",
            "column that has the name; null where there is none",
        ),
        (
            "is_government",
            "yes, no, or some where only some of the kind govern themselves",
        ),
        (
            "overlaps",
            "yes where polygons of one set may lie over each other, else no",
        ),
        SOURCE,
    ],
};

pub(super) const COUNTY_SUCCESSIONS: TableDoc = TableDoc {
    path: "reference/county_successions.parquet",
    what: "a county whose land, or a part of it, came to another code since 1970",
    columns: &[
        ("from_fips", "FIPS code before, 5 digits"),
        ("from_name", "name under it"),
        ("to_fips", "FIPS code after, 5 digits"),
        ("to_name", "name under it"),
        (
            "effective_date",
            "since when: a day, or a year where no day is known, ISO 8601",
        ),
        (
            "kind",
            "renamed, recoded, split (a part of a county whose code is gone), merged (all of one), created_from (a part of one that \
             lives on) or boundary (land between two that live on, which explains no claim)",
        ),
        SOURCE,
    ],
};

pub(super) const GOVERNMENTS: TableDoc = TableDoc {
    path: "reference/governments.parquet",
    what: "the governments of a type, as a census counted them",
    columns: &[
        ("government_type", "the type"),
        ("title", "what they are called"),
        (
            "kind",
            "kind of jurisdictions that they govern (reference/jurisdiction_kinds); null of the federal government",
        ),
        (
            "local",
            "yes where they are neither federal nor of a state, else no",
        ),
        ("vintage", "year of the Census of Governments"),
        ("governments", "how many there were, in digits"),
        SOURCE,
    ],
};

pub(super) const NAICS_RULES: TableDoc = TableDoc {
    path: "reference/naics_rules.parquet",
    what: "a rule from NAICS codes to a sector; the longest prefix wins",
    columns: &[
        ("prefix", "NAICS 2022 code, or the beginning of one"),
        ("sector_code", "sector that it leads to (reference/sectors)"),
        ("subsector", "subsector that it leads to"),
        ("also", "further sectors, joined by `;`"),
        SOURCE,
    ],
};

pub(super) const SECTORS: TableDoc = TableDoc {
    path: paths::SECTORS,
    what: "a critical-infrastructure sector of today",
    columns: &[
        ("sector_code", "its code"),
        ("name", "its name"),
        ("lead_agency", "the agency that leads it; two are joined by `; `"),
        SOURCE,
    ],
};

pub(super) const SECTOR_SCHEMES: TableDoc = TableDoc {
    path: paths::SECTOR_SCHEMES,
    what: "a dated sector scheme",
    columns: &[
        ("scheme", "its year"),
        ("title", "short title"),
        ("document", "the document that it stands in"),
        ("date", "date of the document, ISO 8601"),
        ("sectors", "how many sectors the document counts"),
        (
            "supporting_agencies",
            "agencies with a part in every sector, and what it is",
        ),
        SOURCE,
    ],
};

pub(super) const SCHEME_SECTORS: TableDoc = TableDoc {
    path: "reference/scheme_sectors.parquet",
    what: "a sector of a dated scheme, or a part of one that has a lead of its own",
    columns: &[
        ("scheme", "the scheme (reference/sector_schemes)"),
        ("code", "code of the sector or part"),
        ("sector", "name of the sector"),
        ("part", "name of the part; null for a whole sector"),
        ("also_called", "another name in the same document"),
        ("lead_agency", "who leads it"),
        ("supporting_agencies", "who has a part in it, and what it is"),
        (
            "councils",
            "its coordinating councils, joined by `;`: SCC of owners and operators, GCC of government",
        ),
        ("note", "the document's footnote"),
        SOURCE,
    ],
};

pub(super) const SUBSECTORS: TableDoc = TableDoc {
    path: "reference/subsectors.parquet",
    what: "a subsector of a sector of today",
    columns: &[
        ("sector_code", "its sector (reference/sectors)"),
        ("subsector", "its name"),
        ("schemes", "schemes that it is known under, joined by `;`"),
        (
            "origin",
            "plan (a sector-specific plan has it) or own (a word of this project's)",
        ),
        SOURCE,
    ],
};

pub(super) const CRITICAL_FUNCTIONS: TableDoc = TableDoc {
    path: "reference/critical_functions.parquet",
    what: "a National Critical Function",
    columns: &[
        ("function_code", "its code, this project's"),
        ("area", "Connect, Distribute, Manage or Supply"),
        ("function", "its name"),
        SOURCE,
    ],
};

pub(super) const LIFELINES: TableDoc = TableDoc {
    path: "reference/lifelines.parquet",
    what: "a component of a Community Lifeline",
    columns: &[
        ("lifeline", "the lifeline"),
        ("component", "its component"),
        SOURCE,
    ],
};

pub(super) const SECTOR_CROSSWALK: TableDoc = TableDoc {
    path: "reference/sector_crosswalk.parquet",
    what: "a rule from today's sectors into a dated scheme",
    columns: &[
        ("scheme", "the scheme it leads into (reference/sector_schemes)"),
        RULE_SECTOR,
        RULE_SUBSECTOR,
        RULE_PREFIX,
        (
            "cells",
            "codes of reference/scheme_sectors, the primary one first, joined by `;`",
        ),
        RULE_REASON,
        (
            "judged",
            "yes where it is this project's judgement, no where a document says so",
        ),
        SOURCE,
    ],
};

pub(super) const FUNCTION_RULES: TableDoc = TableDoc {
    path: "reference/function_rules.parquet",
    what: "a rule from today's sectors to National Critical Functions",
    columns: &[
        RULE_SECTOR,
        RULE_SUBSECTOR,
        RULE_PREFIX,
        (
            "functions",
            "codes of reference/critical_functions, the primary one first, joined by `;`",
        ),
        RULE_REASON,
        SOURCE,
    ],
};

pub(super) const LIFELINE_RULES: TableDoc = TableDoc {
    path: "reference/lifeline_rules.parquet",
    what: "a rule from today's sectors to Community Lifelines",
    columns: &[
        RULE_SECTOR,
        RULE_SUBSECTOR,
        RULE_PREFIX,
        (
            "lifelines",
            "lifeline/component, the primary one first, joined by `;`",
        ),
        RULE_REASON,
        SOURCE,
    ],
};

pub(super) const SCHEME_CROSSWALK: TableDoc = TableDoc {
    path: "reference/scheme_crosswalk.parquet",
    what: "a way from a code of one dated scheme to a code of another",
    columns: &[
        ("from_scheme", "scheme that it leads from"),
        ("from_code", "code in that scheme (reference/scheme_sectors)"),
        ("to_scheme", "scheme that it leads to"),
        ("to_code", "code in that scheme; null where reason says why"),
        ("is_only", "yes where the code leads to no other one, else no"),
        (
            "sector_codes",
            "sectors of today through which it leads, joined by `;`",
        ),
        ("reason", "why it leads nowhere"),
    ],
};

pub(super) const JURISDICTIONS: TableDoc = TableDoc {
    path: "reference/jurisdictions.parquet",
    what: "a polygon that facilities are placed in",
    columns: &[
        ("set", "the polygon set, as the pipeline calls it"),
        ("code", "its code, as in the tiles"),
        ("name", "its name, where the set has names"),
        ("vintage", "vintage of the set"),
        ("source", "agency that publishes the set"),
    ],
};

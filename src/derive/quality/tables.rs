//! What stands in `quality/*.parquet`, for the data dictionary.
//!
//! Paths, column names and their order are part of the published schema; a test holds the tables of a real release
//! against them.

use super::coverage::share_name;
use crate::feature::release::paths;
use crate::feature::{LocationMethod, TableDoc};

const LAYER: (&str, &str) = ("layer", "layer id");

/// The quality tables.
pub const TABLES: &[TableDoc] = &[
    TableDoc {
        path: paths::QUALITY_SCORES,
        what: "a score of a layer: completeness, currency, accuracy, filled",
        columns: &[
            LAYER,
            ("score", "completeness, currency, accuracy or filled"),
            ("numerator", "what counts for it; null without evidence"),
            ("denominator", "what is counted; null without evidence"),
            (
                "share",
                "numerator over denominator, 0 to 1; null without evidence",
            ),
            ("definition", "what numerator and denominator are, in words"),
            ("reason", "why there is no score, where there is none"),
        ],
    },
    TableDoc {
        path: paths::QUALITY_LAYERS,
        what: "a layer: rows, duplicates, claims and ages",
        columns: &[
            LAYER,
            (
                "status",
                "published, carried (rows of an earlier release) or absent",
            ),
            ("carried_from", "release whose rows stand in, where carried"),
            (
                "carried_age_days",
                "days from the start of that release to the start of this run",
            ),
            (
                "landed_at",
                "when the source's bytes were first seen, RFC 3339 UTC",
            ),
            ("landed_age_days", "days from then to the start of the run"),
            ("rows_read", "rows the source had"),
            ("rows_written", "rows in tiles"),
            ("rows_rejected", "rows in rejects/<layer>.parquet"),
            (
                "duplicate_keys",
                "rows rejected because an earlier row has their key",
            ),
            (
                "suspected_duplicates",
                "rows that repeat another's name and bbox (alike to about a metre) under a key of their own; kept",
            ),
            ("state_claimed", "rows whose claimed state can be checked"),
            (
                "state_agreeing",
                "of these, rows whose claimed state is the computed one",
            ),
            ("county_claimed", "rows whose claimed county can be checked"),
            (
                "county_agreeing",
                "of these, rows whose claimed county is the computed one",
            ),
            ("dated", "rows with a source_date"),
            ("share_dated", "dated over rows"),
            (
                "dated_after_run",
                "rows whose source_date is later than the run: no evidence of anything",
            ),
            ("source_date_oldest", "oldest source_date"),
            ("source_date_median", "median source_date, the lower of two"),
            ("source_date_newest", "newest source_date"),
            (
                "oldest_age_days",
                "days from the oldest source_date to the start of the run",
            ),
            (
                "median_age_days",
                "days from the median source_date to the start of the run",
            ),
            (
                "newest_age_days",
                "days from the newest source_date to the start of the run",
            ),
            (
                "current_days",
                "days for which a source_date counts as current, as the pipeline says",
            ),
        ],
    },
    TableDoc {
        path: paths::QUALITY_COVERAGE,
        what: "the rows of a layer in a state and sector; their sum is the layer's rows",
        columns: &[
            LAYER,
            (
                "state_code",
                "computed state or territory, USPS code; unassigned outside every one",
            ),
            ("sector_code", "sector (reference/sectors)"),
            ("rows", "rows"),
            (LocationMethod::Within.code(), "rows located in a polygon"),
            (
                LocationMethod::Nearest.code(),
                "rows located by the nearest polygon",
            ),
            (
                LocationMethod::Overlap.code(),
                "lines and polygons located by the largest of several shares",
            ),
            (LocationMethod::None.code(), "rows not located"),
            (share_name(LocationMethod::Within), "within over rows"),
            (share_name(LocationMethod::Nearest), "nearest over rows"),
            (share_name(LocationMethod::Overlap), "overlap over rows"),
            (share_name(LocationMethod::None), "none over rows"),
            (
                "claimed",
                "rows with a claimed state or county that can be checked: accuracy's denominator",
            ),
            (
                "agreeing",
                "of these, rows of which no claim differs from what was computed: its numerator",
            ),
            ("dated", "rows with a source_date"),
            (
                "current",
                "rows whose source_date lies at most current_days before the run: currency's numerator",
            ),
        ],
    },
    TableDoc {
        path: paths::QUALITY_CLAIMS,
        what: "a place that a layer's rows claim and the other one where they lie, most rows first",
        columns: &[
            LAYER,
            ("kind", "state or county"),
            ("claimed", "code the source claims: USPS or 5-digit FIPS"),
            (
                "computed",
                "code computed from the geometry; null outside every polygon",
            ),
            ("rows", "rows with this pair"),
            ("example", "facility_id of one of them, the lowest"),
        ],
    },
    TableDoc {
        path: paths::QUALITY_EXPECTED,
        what: "a layer in a state, or its total (`*`): rows found against rows that a reviewer expects",
        columns: &[
            LAYER,
            ("state_code", "USPS code, unassigned, or * for the layer's total"),
            ("low", "least rows expected; null where nobody has said"),
            (
                "high",
                "most rows expected; null for no upper bound, and where nobody has said",
            ),
            ("found", "rows in tiles"),
            ("share", "found, low at most, over low: completeness of the state"),
            (
                "verdict",
                "ok; missing (none where some are expected); unexpected (some where none are); short; excess; \
                 not_reviewed",
            ),
            ("source", "what the reviewer went by"),
            ("reviewed", "day of the review, ISO 8601"),
        ],
    },
    TableDoc {
        path: paths::QUALITY_FIELDS,
        what: "a column of a layer: how many of its values are null, and why",
        columns: &[
            LAYER,
            ("field", "column"),
            (
                "role",
                "core (every layer has it), attribute (the layer's own), decoded (text of a code), further (a \
                 further polygon set)",
            ),
            ("rows", "rows in tiles"),
            ("nulls", "rows without a value"),
            ("share_null", "nulls over rows"),
            (
                "sentinel",
                "values read that the schema says mean null, in rows kept or rejected",
            ),
            (
                "unparsed",
                "values read that aren't of the field's type and became null, in rows kept or rejected",
            ),
            (
                "unknown_code",
                "codes read without a meaning in the schema (the code is kept)",
            ),
            (
                "flags",
                "flags on this field of rows in tiles (quality/flags.parquet by kind)",
            ),
            ("is_missing", "whether the source has no such field at all"),
        ],
    },
    TableDoc {
        path: paths::QUALITY_REJECTS,
        what: "the rejected rows of a layer by reason",
        columns: &[LAYER, ("reason", "reason code"), ("rows", "rows")],
    },
    TableDoc {
        path: paths::QUALITY_FLAGS,
        what: "the flags of one kind on a field of a layer, those that quality/flags/<layer>.parquet leaves out too",
        columns: &[
            LAYER,
            ("flag", "flag code"),
            ("field", "column, or geometry"),
            ("rows", "rows flagged"),
        ],
    },
];

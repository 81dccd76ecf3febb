//! What the keys of layer schemas and blocks mean.

use serde_json::{Value, json};

use super::super::check::CRS;
use super::super::date_formats::{EPOCH_MS, EXCEL_SERIAL, USUAL};
use super::super::field::{self, FALSE_WORDS, FILLABLE, PAD, TAKEN, TRUE_WORDS};
use super::super::key::{Key, Keys, by_path, file, key};
use super::super::layer_schema::GEOMETRIES;
use super::super::reference::{Lifeline, Reference};
use super::super::schema::{DUPLICATES, HANDLINGS, MAX_REJECTS, STATUSES};
use super::super::sector::NAICS_USES;
use crate::config::{FieldConfig, RuleConfig};
use crate::feature::CORE_COLUMNS;

/// Of `schemas/<id>.toml`.
pub(super) fn keys(reference: &Reference) -> Keys {
    let whole = file(
        "What a layer is, and what the columns of its sources mean; the file's name is the schema's id.",
    )
    .table_keyword("if", json!({"required": ["include"]}))
    // A field of a block may lack what the schema adds, and the other way round.
    .table_keyword("else", json!({"properties": {"field": {"items": whole_field()}}}));
    by_path(
        [whole]
            .into_iter()
            .chain(top_level_keys())
            .chain(sector_keys(reference))
            .chain(field_keys()),
    )
}

/// Of `schemas/include/<name>.toml`.
pub(super) fn block_keys() -> Keys {
    let own = [
        file(
            "Fields that several schemas share; a schema takes them by `include = [\"<name of this file>\"]`.",
        ),
        key("description", "What the fields have in common.").example("Columns of every layer of the kind"),
    ];
    by_path(own.into_iter().chain(field_keys()))
}

fn top_level_keys() -> Vec<Key> {
    vec![
        key("title", "Title of the layer, as catalogs show it.").example("Hospitals"),
        key("description", "What the layer holds, in a sentence or two.")
            .example("Hospitals of the United States, with type, status and beds."),
        key("agency", "Agency that owns the rows; every row carries it as `source_agency`.")
            .example("Oak Ridge National Laboratory"),
        key("licence", "Licence of the rows: an SPDX identifier, or words.").example("CC0-1.0"),
        key("homepage", "Page of the agency that describes the layer.").example("https://www.faa.gov/airports"),
        key("synthetic", "Whether the rows are made up; catalogs then say so.").default_value(false),
        key(
            "status",
            "`unverified` if the fields were seen neither in a file nor in a published list; lists and catalogs then say so.",
        )
        .one_of_words(STATUSES.map(|(word, _)| word))
        .default_value(STATUSES[0].0),
        key(
            "key",
            "Fields whose values, joined by `/`, identify a facility from night to night: never a row number. A row without them is rejected.",
        )
        .identifier()
        .example(["id"]),
        key(
            "key-repeated",
            "Fields that join the key where it stands in several rows, so that they are told apart; elsewhere it stays as it is.",
        )
        .identifier()
        .example(["name"]),
        key("duplicates", "Which of the rows with one key stays; the others are rejected.")
            .one_of_words(DUPLICATES.map(|(word, _)| word))
            .default_value(DUPLICATES[0].0),
        key("geometry", "Kind of geometry; single and multi parts are both taken.")
            .one_of_words(GEOMETRIES.map(|(word, _)| word)),
        key("crs", "CRS of sources that don't say theirs; none is ever guessed.").pattern(CRS).example("EPSG:4269"),
        key("max-rejects", "Share of the rows that may be rejected before the layer fails.").bounds(&MAX_REJECTS),
        key("handling", "Marking of every row by the Traffic Light Protocol 2.0.")
            .one_of_words(HANDLINGS.map(|(word, ())| word))
            .default_value(HANDLINGS[0].0),
        key("include", "Blocks of shared fields (`include/<name>.toml` beside the schema) that come before the schema's own. A `[[field]]` of the same name replaces single keys of the block's.")
            .identifier()
            .example(["hifld"]),
        key("omit", "Fields of the included blocks that the layer does without.").identifier().example(["telephone"]),
    ]
}

fn sector_keys(reference: &Reference) -> Vec<Key> {
    let lifelines: Vec<String> = reference.lifelines.iter().map(Lifeline::code).collect();
    let lifelines: Vec<&str> = lifelines.iter().map(String::as_str).collect();
    let changes: Vec<Value> = RuleConfig::CHANGES
        .iter()
        .map(|key| json!({"required": [key]}))
        .collect();
    vec![
        key("sector", "Sector of every row, unless a rule or the row's NAICS code refines it."),
        key("sector.code", "Code of the sector in `reference/sectors.csv`.").words_with_meanings(sector_names(reference)).example("HLPH"),
        key("sector.subsector", "Subsector of the rows.").example("Direct Patient Care"),
        key("sector.also", "Further sectors of the rows.").words_with_meanings(sector_names(reference)).example(["EMSV"]),
        key("sector.lifeline", "Community lifeline of the rows, `<lifeline>/<component>` of `reference/lifelines.csv`.")
            .one_of_words(lifelines.iter().copied())
            .example("Health and Medical/Medical Care"),
        key(
            "sector.naics",
            "What the row's `naics_code` may do: nothing; give the subsector or a further sector; decide the sector.",
        )
        .one_of_words(NAICS_USES.map(|(word, _)| word))
        .default_value("refine"),
        key("sector.rule", "Refines the rows whose field has one of some values; the first rule that matches a row counts.")
            .table_keyword("anyOf", changes),
        key("sector.rule.field", "Field to look at.").identifier().example("facility_type"),
        key("exclude", "Rows that are no facilities of the layer: they are listed among the rejects, and not held against the source."),
        key("exclude.field", "Field to look at.").identifier().example("facility_type"),
        key("exclude.equals", "Values that match, upper and lower case alike.").example(["Milepost"]),
        key("exclude.starts-with", "What values that match begin with, upper and lower case alike.").example(["Foreign"]),
        key("sector.rule.equals", "Values that match, upper and lower case alike.").example(["MILITARY"]),
        key("sector.rule.starts-with", "What values that match begin with, upper and lower case alike.").example(["H"]),
        key("sector.rule.code", "Sector of the rows that match.").words_with_meanings(sector_names(reference)).example("GOVF"),
        key("sector.rule.subsector", "Subsector of the rows that match.").example("Military"),
        key("sector.rule.also", "Further sectors of the rows that match.").words_with_meanings(sector_names(reference)).example(["GOVF"]),
        key("sector.rule.lifeline", "Community lifeline of the rows that match.")
            .one_of_words(lifelines.iter().copied())
            .example("Health and Medical/Medical Care"),
    ]
}

/// Codes of the sectors and their names.
fn sector_names(reference: &Reference) -> impl Iterator<Item = (&str, &str)> {
    reference
        .sectors
        .iter()
        .map(|sector| (sector.code.as_str(), sector.name.as_str()))
}

/// Of `[[field]]`, in schemas and blocks.
fn field_keys() -> Vec<Key> {
    let computed = CORE_COLUMNS
        .iter()
        .map(|column| column.name)
        .filter(|name| !FILLABLE.contains(name));
    let types = field::field_kinds((vec![], vec![]), vec![]).map(|(word, _)| word);
    let name = format!(
        "Name of the column, lower snake case, with its unit (`capacity_mw`). These fill the columns that all layers share: {}.",
        FILLABLE.join(", ")
    );
    vec![
        key("field", "A column, in the order of the tiles, and where it comes from."),
        key("field.name", &name).identifier().except_words(computed.chain(TAKEN)).example("facility_type"),
        key("field.from", "Names that sources use, the most trusted first. Upper and lower case differ only where both are there.")
            .example(["TYPE", "FAC_TYPE"]),
        key("field.type", "Type of the column; `state` takes USPS codes, names and FIPS codes.")
            .one_of_words(types)
            .default_value(types[0]),
        key("field.unit", "Unit of the values.").example("MW"),
        key("field.description", "What the column means, for the data dictionary.").example("Kind of hospital"),
        key("field.null", "Values of this column that stand for \"unknown\".").default_value([""; 0]).example(["NOT AVAILABLE", "-999"]),
        key("field.required", "Whether a source without the column fails the layer; key fields are required by default.").default_value(false),
        key("field.pad", "Digits of a code whose leading zeros may be lost: they are restored. For text.").number_range(&PAD.range).example(5),
        key("field.formats", &format!("Patterns of a date (strftime, `{EPOCH_MS}`, `{EXCEL_SERIAL}`, or `{USUAL}` for those that agencies use), tried in order. For dates, which must have them."))
            .pattern(&format!("%|^{EPOCH_MS}$|^{EXCEL_SERIAL}$|^{USUAL}$"))
            .example([USUAL]),
        key("field.true", "Words for true. For booleans.").default_value(TRUE_WORDS).example(["OPEN"]),
        key("field.false", "Words for false. For booleans.").default_value(FALSE_WORDS).example(["CLOSED"]),
        key("field.codes", "Meaning of each code; the decoded text stands in a column beside it. For text and integers.")
            .example(json!({"1": "public", "2": "private"})),
        key(
            "field.concatenated",
            "Whether a value may be several codes, one behind the other or with blanks, commas, semicolons or slashes between.",
        )
        .default_value(false),
        key("field.decoded", "Name of the column with the decoded text; by default `owner_code` gives `owner_name`.")
            .identifier()
            .example("ownership"),
        key(
            "field.map",
            "Whether maps have the column at all zooms, to show and filter by: `map/<layer>.pmtiles` has it at zoom 14 in any case.",
        )
        .default_value(false),
        key(
            "field.sum",
            "Whether the values of facilities add up (beds and MW do, heights and voltages don't): the release's `scorecard` sums them by place. For integers and numbers.",
        )
        .default_value(false),
    ]
}

/// What a field has that no block completes.
fn whole_field() -> Value {
    json!({
        "required": FieldConfig::REQUIRED,
        "if": {"properties": {"type": {"const": "date"}}, "required": ["type"]},
        "then": {"required": ["formats"]},
        "else": {"properties": {"formats": false}},
    })
}

//! One field of a schema: its type, and the keys that go with the type.

use serde::Serialize;

use super::check::{Bounds, Check, optional_text, plain_texts, text_or_empty};
use super::date_formats::{self, EPOCH_MS, EXCEL_SERIAL, USUAL};
use crate::config::{FieldConfig, Span, Spanned};
use crate::feature::{CORE_COLUMNS, CoreType};

/// One field of a schema.
///
/// A field whose name is a core column (`name`, `facility_type`, `status`, `naics_code`,
/// `state_code_claimed`, `county_fips_claimed`, `source_date`) fills it; any other is an
/// attribute of the layer's own tiles.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct Field {
    /// Canonical name, lower snake case.
    pub name: String,
    /// Source names, most trusted first; compared without case where no exact match exists.
    pub from: Vec<String>,
    /// Type.
    pub kind: FieldKind,
    /// Unit, such as `MW`; empty for none.
    pub unit: Option<String>,
    /// Meaning, for the data dictionary.
    pub description: String,
    /// Values that mean null in this field, compared after trimming, upper and lower case alike.
    pub null: Vec<String>,
    /// Whether a file without this field fails the layer.
    pub required: bool,
    /// Digits to restore by leading zeros to a shorter run of digits.
    pub pad: Option<usize>,
    /// Coded values; the decoded text goes to `decoded`.
    pub codes: Vec<(String, String)>,
    /// Whether a value may be several codes, one behind the other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_concatenated: bool,
    /// Name of the column with the decoded text, where `codes` is not empty.
    pub decoded: Option<String>,
    /// Whether the values of several facilities add up to something: beds do, voltages don't.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_summed: bool,
    /// Whether features of the layer have it at all zooms of a map, not at the deepest alone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_on_map: bool,
}

/// Type of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    /// Utf8.
    Text,
    /// Int64; `12.0` counts as 12, `12.5` does not parse.
    Integer,
    /// Float64.
    Number,
    /// Boolean, from these words (compared without case).
    Boolean {
        /// Words for true.
        truth: Vec<String>,
        /// Words for false.
        falsity: Vec<String>,
    },
    /// Date32, from the first of these patterns that fits (chrono's strftime; `epoch-ms`, `excel-serial`).
    Date {
        /// Patterns, in order.
        formats: Vec<String>,
    },
    /// USPS code of a state or territory, from USPS code, name or 2-digit FIPS code.
    State,
}

/// Core columns that a source may fill; every other is computed.
pub const FILLABLE: [&str; 7] = [
    "name",
    "facility_type",
    "status",
    "naics_code",
    "state_code_claimed",
    "county_fips_claimed",
    "source_date",
];

/// Names that a tile has beside its core columns: `region` stands in its path.
pub(super) const TAKEN: [&str; 3] = ["geometry", "bbox", "region"];

/// Digits that leading zeros restore.
pub(super) const PAD: Bounds<i64> = Bounds {
    key: "pad",
    range: 1..=32,
    default: 1,
};

pub(super) const TRUE_WORDS: [&str; 5] = ["Y", "YES", "T", "TRUE", "1"];
pub(super) const FALSE_WORDS: [&str; 5] = ["N", "NO", "F", "FALSE", "0"];

/// Whether a name is taken by a column of every tile, whoever fills it.
pub(super) fn is_core(name: &str) -> bool {
    let core = CORE_COLUMNS.iter().map(|column| column.name).chain(TAKEN);
    core.into_iter().any(|core| core.eq_ignore_ascii_case(name))
}

/// A field with every default applied; `is_key` fields are required.
pub(super) fn resolve(check: &mut Check<'_>, config: &FieldConfig, is_key: bool) -> Field {
    let name = check.identifier("a field name", config.name.as_ref());
    let kind = field_kind(check, config);
    if let Some(written) = &config.name {
        check_core_column(check, written, &kind);
    }
    let codes = coded_values(check, config, &kind);
    Field {
        from: texts_or_empty(config.from.as_ref()),
        unit: optional_text(config.unit.as_ref()),
        description: text_or_empty(config.description.as_ref()),
        // Trimmed like the cells that they are compared with.
        null: texts_or_empty(config.null.as_ref())
            .iter()
            .map(|sentinel| sentinel.trim().to_owned())
            .collect(),
        // Without a field of its key a source has no row that could stand: better to fail the layer and say
        // which is missing.
        required: config.required.as_ref().map_or(is_key, |required| required.value),
        pad: pad_width(check, config, &kind),
        is_concatenated: is_concatenated(check, config, &kind),
        decoded: decoded_column(check, config, &name),
        is_summed: is_summed(check, config, &kind),
        is_on_map: config.map.as_ref().is_some_and(|map| map.value),
        codes,
        name,
        kind,
    }
}

fn texts_or_empty(written: Option<&Spanned<Vec<Spanned<String>>>>) -> Vec<String> {
    written.map(|list| plain_texts(&list.value)).unwrap_or_default()
}

fn field_kind(check: &mut Check<'_>, config: &FieldConfig) -> FieldKind {
    let kinds = field_kinds(boolean_words(check, config), date_formats::resolve(check, config));
    let kind = match &config.kind {
        None => FieldKind::Text,
        // A type that is not known is reported; what goes with it cannot be judged.
        written => match check.choice("a type", written.as_ref(), &kinds) {
            Some(kind) => kind,
            None => return FieldKind::Text,
        },
    };
    let date = matches!(kind, FieldKind::Date { .. });
    let boolean = matches!(kind, FieldKind::Boolean { .. });
    let text = kind == FieldKind::Text;
    only_for(
        check,
        "formats",
        config.formats.as_ref().map(|formats| &formats.span),
        "date",
        date,
    );
    only_for(
        check,
        "true",
        config.truth.as_ref().map(|words| &words.span),
        "boolean",
        boolean,
    );
    only_for(
        check,
        "false",
        config.falsity.as_ref().map(|words| &words.span),
        "boolean",
        boolean,
    );
    only_for(
        check,
        "pad",
        config.pad.as_ref().map(|pad| &pad.span),
        "text",
        text,
    );
    let coded = text || kind == FieldKind::Integer;
    only_for(
        check,
        "codes",
        config.codes.as_ref().map(|codes| &codes.span),
        "text or integer",
        coded,
    );
    if let (true, None, Some(written)) = (date, &config.formats, &config.kind) {
        let help = format!(
            "add `formats = [\"{USUAL}\"]`, or patterns such as `%Y-%m-%d`, `{EPOCH_MS}`, `{EXCEL_SERIAL}`"
        );
        check.error(&written.span, "a date has no `formats`").help = Some(help);
    }
    kind
}

/// The types by their names.
pub(super) fn field_kinds(
    (truth, falsity): (Vec<String>, Vec<String>),
    formats: Vec<String>,
) -> [(&'static str, FieldKind); 6] {
    [
        ("text", FieldKind::Text),
        ("integer", FieldKind::Integer),
        ("number", FieldKind::Number),
        ("boolean", FieldKind::Boolean { truth, falsity }),
        ("date", FieldKind::Date { formats }),
        ("state", FieldKind::State),
    ]
}

fn only_for(check: &mut Check<'_>, key: &str, place: Option<&Span>, kinds: &str, fits: bool) {
    if let Some(span) = place.filter(|_| !fits) {
        check.error(span, format!("`{key}` is for fields of type {kinds}"));
    }
}

fn boolean_words(check: &mut Check<'_>, config: &FieldConfig) -> (Vec<String>, Vec<String>) {
    let truth = words_or_default(check, config.truth.as_ref(), &TRUE_WORDS, "true");
    let falsity = words_or_default(check, config.falsity.as_ref(), &FALSE_WORDS, "false");
    let (place, written) = match (&config.falsity, &config.truth) {
        (Some(words), _) | (None, Some(words)) => (&words.span, words),
        (None, None) => return (truth, falsity),
    };
    let both = falsity
        .iter()
        .find(|word| truth.iter().any(|other| other.eq_ignore_ascii_case(word)));
    if let Some(word) = both {
        let span = written
            .value
            .iter()
            .find(|w| w.value.eq_ignore_ascii_case(word))
            .map_or(place, |w| &w.span);
        check.error(span, format!("`{word}` means both true and false"));
    }
    (truth, falsity)
}

fn words_or_default(
    check: &mut Check<'_>,
    written: Option<&Spanned<Vec<Spanned<String>>>>,
    default: &[&str],
    key: &str,
) -> Vec<String> {
    let Some(words) = written else {
        return default.iter().map(|word| (*word).to_owned()).collect();
    };
    if words.value.is_empty() {
        check.error(&words.span, format!("`{key}` is empty"));
    }
    plain_texts(&words.value)
}

fn pad_width(check: &mut Check<'_>, config: &FieldConfig, kind: &FieldKind) -> Option<usize> {
    let written = config.pad.as_ref().filter(|_| *kind == FieldKind::Text)?;
    Some(check.count_in_range(Some(written), &PAD))
}

fn coded_values(check: &mut Check<'_>, config: &FieldConfig, kind: &FieldKind) -> Vec<(String, String)> {
    let Some(codes) = &config.codes else {
        return Vec::new();
    };
    if codes.value.is_empty() {
        check.error(&codes.span, "`codes` is empty");
    }
    // As numbers where the field is of integers: `1` and `01` are one code then.
    let mut numbers: Vec<i64> = Vec::new();
    for (code, meaning) in &codes.value {
        if meaning.value.trim().is_empty() {
            check.error(&meaning.span, format!("code `{}` has no meaning", code.value));
        }
        match code.value.parse() {
            _ if *kind != FieldKind::Integer => {}
            Err(_) => {
                check.error(&code.span, format!("code `{}` is not an integer", code.value));
            }
            Ok(number) if numbers.contains(&number) => {
                check.error(&code.span, format!("code `{number}` is written twice"));
            }
            Ok(number) => numbers.push(number),
        }
    }
    codes
        .value
        .iter()
        .map(|(code, meaning)| (code.value.clone(), meaning.value.clone()))
        .collect()
}

/// Whether a value may be several codes.
fn is_concatenated(check: &mut Check<'_>, config: &FieldConfig, kind: &FieldKind) -> bool {
    let Some(written) = &config.concatenated else {
        return false;
    };
    if config.codes.is_none() || *kind != FieldKind::Text {
        check.error(&written.span, "`concatenated` is for text fields with `codes`");
    }
    written.value
}

/// Whether values are added up, which only numbers can be.
fn is_summed(check: &mut Check<'_>, config: &FieldConfig, kind: &FieldKind) -> bool {
    let Some(written) = &config.sum else {
        return false;
    };
    let is_number = matches!(kind, FieldKind::Integer | FieldKind::Number);
    only_for(check, "sum", Some(&written.span), "integer or number", is_number);
    if config.codes.is_some() && written.value {
        check.error(
            &written.span,
            "codes don't add up: `sum` is for fields without `codes`",
        );
    }
    written.value
}

/// Name of the column with the decoded text: as written, or `owner_code` → `owner_name`.
fn decoded_column(check: &mut Check<'_>, config: &FieldConfig, name: &str) -> Option<String> {
    match (&config.codes, &config.decoded) {
        (None, None) => None,
        (None, Some(decoded)) => {
            check.error(&decoded.span, "`decoded` is for fields with `codes`");
            None
        }
        (Some(_), None) => Some(format!("{}_name", name.strip_suffix("_code").unwrap_or(name))),
        (Some(_), written) => Some(check.identifier("a column name", written.as_ref())),
    }
}

/// A field named as a core column fills it, so it must be one that sources fill, and of its type.
fn check_core_column(check: &mut Check<'_>, name: &Spanned<String>, kind: &FieldKind) {
    let written = name.value.as_str();
    if !FILLABLE.contains(&written) {
        if is_core(written) {
            let help = format!("fields that fill a core column: {}", FILLABLE.join(", "));
            let message = format!("`{written}` is a column that is computed or reserved");
            check.error(&name.span, message).help = Some(help);
        }
        return;
    }
    let core = CORE_COLUMNS
        .iter()
        .find(|column| column.name == written)
        .map(|column| column.kind);
    let (wanted, fits) = match core {
        Some(CoreType::Date) => ("date", matches!(kind, FieldKind::Date { .. })),
        // Its column is text, but the type `state` alone makes USPS codes of what sources write.
        _ if written == "state_code_claimed" => ("state", *kind == FieldKind::State),
        _ => ("text", *kind == FieldKind::Text),
    };
    if !fits {
        check.error(
            &name.span,
            format!("the core column `{written}` is of type {wanted}"),
        );
    }
}

#[cfg(test)]
impl Field {
    /// A field that asks for nothing but its kind.
    pub(crate) fn plain(name: &str, kind: FieldKind, from: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            from: from.iter().map(|name| (*name).to_owned()).collect(),
            kind,
            unit: None,
            description: String::new(),
            null: vec![],
            required: false,
            pad: None,
            codes: vec![],
            is_concatenated: false,
            decoded: None,
            is_summed: false,
            is_on_map: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fillable_column_is_a_core_column() {
        for name in FILLABLE {
            assert!(CORE_COLUMNS.iter().any(|column| column.name == name), "{name}");
        }
    }
}

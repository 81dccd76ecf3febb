//! Coded values: the names that a layer gives to its codes.
//!
//! A domain belongs to a field, or to a field of one kind of row (subtype). Codes are compared as text, so that
//! `1`, `1.0` and `"1"` are one code.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::numbers::parse_whole_number;

/// Names by code.
type Names = HashMap<String, String>;

/// The domains of fields, by field.
#[derive(Debug, Default)]
pub(super) struct Domains {
    by_field: HashMap<String, Names>,
}

/// The kinds of rows of a layer.
#[derive(Debug)]
pub(super) struct Subtypes {
    /// Field that tells the kind.
    pub(super) field: String,
    kinds: HashMap<String, SubtypeDomains>,
    names: Names,
}

#[derive(Debug, Default)]
struct SubtypeDomains {
    domains: Domains,
}

/// What a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning<'a> {
    /// Itself: its field has no codes.
    Plain,
    /// A code that the domain doesn't have.
    Unknown,
    /// What its code stands for.
    Name(&'a str),
}

impl Domains {
    /// The domains in the layer's fields.
    pub(super) fn parse_fields(info: &Value) -> Self {
        let mut by_field = HashMap::new();
        for field in info.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let name = field.get("name").and_then(Value::as_str);
            if let (Some(name), Some(names)) = (name, field.get("domain").and_then(coded_names)) {
                by_field.entry(name.to_owned()).or_insert(names);
            }
        }
        Self { by_field }
    }

    /// Whether a field has coded values.
    pub(super) fn has_codes(&self, field: &str) -> bool {
        self.by_field.contains_key(field)
    }

    /// What a code of a field means.
    fn meaning_in(&self, field: &str, code: &str) -> Meaning<'_> {
        match self.by_field.get(field).map(|names| names.get(code)) {
            None => Meaning::Plain,
            Some(None) => Meaning::Unknown,
            Some(Some(name)) => Meaning::Name(name),
        }
    }
}

impl Subtypes {
    /// The kinds of rows, where there are any.
    pub(super) fn parse(info: &Value) -> Option<Self> {
        let field = info
            .get("typeIdField")
            .or_else(|| info.get("subtypeField"))?
            .as_str()?
            .to_owned();
        let mut subtypes = Self {
            field,
            kinds: HashMap::new(),
            names: Names::new(),
        };
        // Feature services list `types` by `id`; newer ones and maps have `subtypes` by `code`, and some have both.
        let kinds = info
            .get("types")
            .or_else(|| info.get("subtypes"))
            .and_then(Value::as_array);
        for kind in kinds.into_iter().flatten() {
            let Some(id) = kind.get("id").or_else(|| kind.get("code")).and_then(code_text) else {
                continue;
            };
            if let Some(name) = kind.get("name").and_then(Value::as_str) {
                subtypes
                    .names
                    .entry(id.clone())
                    .or_insert_with(|| name.to_owned());
            }
            let domains = kind
                .get("domains")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            let domains = domains.filter_map(|(field, domain)| Some((field.clone(), coded_names(domain)?)));
            subtypes
                .kinds
                .entry(id)
                .or_default()
                .domains
                .by_field
                .extend(domains);
        }
        (!subtypes.field.is_empty() && !subtypes.names.is_empty()).then_some(subtypes)
    }

    /// Whether a field has coded values in some kind of rows, or tells the kind.
    pub(super) fn has_codes(&self, field: &str) -> bool {
        self.field == field || self.kinds.values().any(|kind| kind.domains.has_codes(field))
    }
}

/// What `value` means in `field`, for a row of the kind `kind`.
pub(super) fn meaning_of<'a>(
    domains: &'a Domains,
    subtypes: Option<&'a Subtypes>,
    kind: Option<&str>,
    field: &str,
    value: &str,
) -> Meaning<'a> {
    let value = plain_code(value);
    let Some(subtypes) = subtypes else {
        return domains.meaning_in(field, &value);
    };
    let kind = kind.and_then(|kind| subtypes.kinds.get(plain_code(kind).as_ref()));
    let of_kind = kind.map_or(Meaning::Plain, |kind| kind.domains.meaning_in(field, &value));
    if of_kind != Meaning::Plain {
        return of_kind;
    }
    match (subtypes.field == field, domains.meaning_in(field, &value)) {
        (false, meaning) => meaning,
        // The field's own domain, where it has one, may know more kinds.
        (true, own) => match (subtypes.names.get(value.as_ref()), own) {
            (Some(name), _) => Meaning::Name(name),
            (None, Meaning::Name(name)) => Meaning::Name(name),
            (None, _) => Meaning::Unknown,
        },
    }
}

/// The names of a domain of coded values; none for a range or `inherited`.
fn coded_names(domain: &Value) -> Option<Names> {
    let values = domain.get("codedValues")?.as_array()?;
    let mut names = Names::new();
    for value in values {
        let name = value.get("name").and_then(Value::as_str);
        if let (Some(code), Some(name)) = (value.get("code").and_then(code_text), name) {
            names.entry(code).or_insert_with(|| name.to_owned());
        }
    }
    (!names.is_empty()).then_some(names)
}

fn code_text(value: &Value) -> Option<String> {
    match value {
        // Servers write the code of one value as 1 in the domain and 1.0 in the row.
        Value::Number(number) => Some(plain_code(&number.to_string()).into_owned()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A whole number in plain digits, other text as it is.
fn plain_code(text: &str) -> Cow<'_, str> {
    parse_whole_number(text).map_or(Cow::Borrowed(text), |number| Cow::Owned(number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: &str = r#"{"typeIdField":"KIND","fields":[
        {"name":"KIND","domain":null},
        {"name":"ST","domain":{"type":"codedValue","codedValues":[{"code":"A","name":"open"},{"code":"C","name":"closed"}]}},
        {"name":"N","domain":{"type":"codedValue","codedValues":[{"code":1,"name":"one"},{"code":2.0,"name":"two"},{"code":null,"name":"?"}]}},
        {"name":"R","domain":{"type":"range","range":[0,9]}}],
        "types":[{"id":1,"name":"Rail","domains":{"N":{"type":"codedValue","codedValues":[{"code":1,"name":"one track"}]},"ST":{"type":"inherited"}}},
                 {"id":"2","name":"Road","domains":{}}]}"#;

    #[test]
    fn codes_have_names_by_field_and_by_kind_of_row() {
        let info = serde_json::from_str(INFO).unwrap();
        let (domains, subtypes) = (Domains::parse_fields(&info), Subtypes::parse(&info));
        let of = |kind, field, value| meaning_of(&domains, subtypes.as_ref(), kind, field, value);
        assert_eq!(of(None, "ST", "A"), Meaning::Name("open"));
        assert_eq!(of(None, "ST", "X"), Meaning::Unknown);
        assert_eq!(of(None, "N", "1"), Meaning::Name("one"));
        assert_eq!(of(None, "N", "1.0"), Meaning::Name("one"));
        assert_eq!(of(Some("2"), "N", "2"), Meaning::Name("two"));
        assert_eq!(of(Some("1"), "N", "1"), Meaning::Name("one track"));
        assert_eq!(
            of(Some("1"), "N", "2"),
            Meaning::Unknown,
            "the domain of the kind is the one that counts"
        );
        assert_eq!(of(Some("1"), "ST", "C"), Meaning::Name("closed"), "inherited");
        assert_eq!(of(Some("1"), "KIND", "1"), Meaning::Name("Rail"));
        assert_eq!(of(Some("7"), "KIND", "7"), Meaning::Unknown);
        assert_eq!(of(None, "R", "3"), Meaning::Plain);
        let subtypes = subtypes.unwrap();
        assert!(subtypes.has_codes("N") && subtypes.has_codes("KIND") && !subtypes.has_codes("R"));
    }
}

//! Coded values: the names that a layer gives to its codes.
//!
//! A domain belongs to a field, or to a field of one kind of row (subtype). Codes are compared as text, so that
//! `1`, `1.0` and `"1"` are one code.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::numbers::whole;

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
    kinds: HashMap<String, Kind>,
    names: Names,
}

#[derive(Debug, Default)]
struct Kind {
    domains: Domains,
}

impl Domains {
    /// The domains in the layer's fields.
    pub(super) fn of_fields(info: &Value) -> Self {
        let mut by_field = HashMap::new();
        for field in info.get("fields").and_then(Value::as_array).into_iter().flatten() {
            let name = field.get("name").and_then(Value::as_str);
            if let (Some(name), Some(names)) = (name, field.get("domain").and_then(names)) {
                by_field.entry(name.to_owned()).or_insert(names);
            }
        }
        Self { by_field }
    }

    /// Whether a field has coded values.
    pub(super) fn has(&self, field: &str) -> bool {
        self.by_field.contains_key(field)
    }

    /// The name of a code of a field; `Some(None)` for one outside its domain.
    fn name(&self, field: &str, code: &str) -> Option<Option<&str>> {
        self.by_field.get(field).map(|names| names.get(code).map(String::as_str))
    }
}

impl Subtypes {
    /// The kinds of rows, where there are any.
    pub(super) fn of(info: &Value) -> Option<Self> {
        let field = info.get("typeIdField").or_else(|| info.get("subtypeField"))?.as_str()?.to_owned();
        let mut subtypes = Self { field, kinds: HashMap::new(), names: Names::new() };
        let kinds = info.get("types").or_else(|| info.get("subtypes")).and_then(Value::as_array);
        for kind in kinds.into_iter().flatten() {
            let Some(id) = kind.get("id").or_else(|| kind.get("code")).and_then(code) else { continue };
            if let Some(name) = kind.get("name").and_then(Value::as_str) {
                subtypes.names.entry(id.clone()).or_insert_with(|| name.to_owned());
            }
            let domains = kind.get("domains").and_then(Value::as_object).into_iter().flatten();
            let domains = domains.filter_map(|(field, domain)| Some((field.clone(), names(domain)?)));
            subtypes.kinds.entry(id).or_default().domains.by_field.extend(domains);
        }
        (!subtypes.field.is_empty() && !subtypes.names.is_empty()).then_some(subtypes)
    }

    /// Whether a field has coded values in some kind of rows, or tells the kind.
    pub(super) fn has(&self, field: &str) -> bool {
        self.field == field || self.kinds.values().any(|kind| kind.domains.has(field))
    }
}

/// The name of `value` in `field`, for a row of the kind `kind`; `None` where the field has no coded values
/// for it, `Some(None)` for a code outside them.
pub(super) fn name<'a>(
    domains: &'a Domains,
    subtypes: Option<&'a Subtypes>,
    kind: Option<&str>,
    field: &str,
    value: &str,
) -> Option<Option<&'a str>> {
    let value = plain(value);
    if let Some(subtypes) = subtypes {
        let kind = kind.and_then(|kind| subtypes.kinds.get(plain(kind).as_ref()));
        if let Some(found) = kind.and_then(|kind| kind.domains.name(field, &value)) {
            return Some(found);
        }
        if subtypes.field == field {
            // The field's own domain, where it has one, may know more kinds.
            let named = subtypes.names.get(value.as_ref()).map(String::as_str);
            return Some(named.or_else(|| domains.name(field, &value).flatten()));
        }
    }
    domains.name(field, &value)
}

/// The names of a domain of coded values; none for a range or `inherited`.
fn names(domain: &Value) -> Option<Names> {
    let values = domain.get("codedValues")?.as_array()?;
    let mut names = Names::new();
    for value in values {
        if let (Some(code), Some(name)) = (value.get("code").and_then(code), value.get("name")) {
            if let Some(name) = name.as_str() {
                names.entry(code).or_insert_with(|| name.to_owned());
            }
        }
    }
    (!names.is_empty()).then_some(names)
}

fn code(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(plain(&number.to_string()).into_owned()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// A whole number in plain digits, other text as it is.
fn plain(text: &str) -> Cow<'_, str> {
    whole(text).map_or(Cow::Borrowed(text), |number| Cow::Owned(number.to_string()))
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
        let (domains, subtypes) = (Domains::of_fields(&info), Subtypes::of(&info));
        let of = |kind, field, value| name(&domains, subtypes.as_ref(), kind, field, value);
        assert_eq!(of(None, "ST", "A"), Some(Some("open")));
        assert_eq!(of(None, "ST", "X"), Some(None));
        assert_eq!(of(None, "N", "1"), Some(Some("one")));
        assert_eq!(of(None, "N", "1.0"), Some(Some("one")));
        assert_eq!(of(Some("2"), "N", "2"), Some(Some("two")));
        assert_eq!(of(Some("1"), "N", "1"), Some(Some("one track")));
        assert_eq!(of(Some("1"), "N", "2"), Some(None), "the domain of the kind is the one that counts");
        assert_eq!(of(Some("1"), "ST", "C"), Some(Some("closed")), "inherited");
        assert_eq!(of(Some("1"), "KIND", "1"), Some(Some("Rail")));
        assert_eq!(of(Some("7"), "KIND", "7"), Some(None));
        assert_eq!(of(None, "R", "3"), None);
        let subtypes = subtypes.unwrap();
        assert!(subtypes.has("N") && subtypes.has("KIND") && !subtypes.has("R"));
    }
}

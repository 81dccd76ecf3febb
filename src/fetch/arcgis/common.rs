//! What all pages of a layer must say alike, since their rows are put under the head of the first.

use serde_json::Value;

use super::error::ArcgisError;
use super::page::Page;

/// What the coordinates of a page are, as far as it says: rows of all pages are put under the head of the first.
#[derive(Default)]
pub(super) struct Common {
    reference: Option<Value>,
    geometry_type: Option<Value>,
}

impl Common {
    pub(super) fn of(page: &Page<'_>) -> Self {
        let said = |name: &str| serde_json::from_str::<Value>(page.rest.get(name)?.get()).ok();
        let said = |name: &str| said(name).filter(|value| !value.is_null());
        Self {
            reference: said("spatialReference").map(coded),
            geometry_type: said("geometryType"),
        }
    }

    /// Takes over what a further page says besides.
    pub(super) fn agree(&mut self, page: Self, url: &str) -> Result<(), ArcgisError> {
        let both = [
            ("spatialReference", &mut self.reference, page.reference),
            ("geometryType", &mut self.geometry_type, page.geometry_type),
        ];
        for (member, first, other) in both {
            match (&*first, other) {
                (Some(first), Some(other)) if *first != other => {
                    let (url, one, other) = (url.to_owned(), first.to_string(), other.to_string());
                    return Err(ArcgisError::Mixed {
                        url,
                        member,
                        one,
                        other,
                    });
                }
                (None, Some(other)) => *first = Some(other),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A spatial reference by its newest code, where it has one: servers say 102100 here and 3857 there.
fn coded(reference: Value) -> Value {
    let code = reference
        .get("latestWkid")
        .or_else(|| reference.get("wkid"))
        .and_then(Value::as_i64);
    match code {
        Some(102_100 | 102_113 | 900_913) => 3857.into(),
        Some(code) => code.into(),
        None => reference,
    }
}

//! What all pages of a layer must say alike, since their rows are put under the head of the first.

use serde_json::Value;

use super::error::ArcgisError;
use super::page::Page;

/// What the coordinates of a page are, as far as it says: rows of all pages are put under the head of the first.
#[derive(Default)]
pub(super) struct SharedHead {
    reference: Option<Value>,
    geometry_type: Option<Value>,
}

impl SharedHead {
    pub(super) fn from_page(page: &Page<'_>) -> Self {
        Self {
            reference: member(page, "spatialReference").map(newest_code),
            geometry_type: member(page, "geometryType"),
        }
    }

    /// Takes over what a further page says besides.
    ///
    /// # Errors
    /// It says otherwise: its coordinates can't stand under this head.
    pub(super) fn reconcile(&mut self, page: Self, url: &str) -> Result<(), ArcgisError> {
        let both = [
            ("spatialReference", &mut self.reference, page.reference),
            ("geometryType", &mut self.geometry_type, page.geometry_type),
        ];
        for (member, first, other) in both {
            match (&*first, other) {
                (Some(first), Some(other)) if *first != other => {
                    return Err(ArcgisError::Mixed {
                        url: url.to_owned(),
                        member,
                        one: first.to_string(),
                        other: other.to_string(),
                    });
                }
                (None, Some(other)) => *first = Some(other),
                _ => {}
            }
        }
        Ok(())
    }
}

/// A member of a page beside its rows; none where it is missing, or null.
fn member(page: &Page<'_>, name: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(page.rest.get(name)?.get()).ok()?;
    (!value.is_null()).then_some(value)
}

/// A spatial reference by its newest code, where it has one: servers say 102100 here and 3857 there.
fn newest_code(reference: Value) -> Value {
    let code = reference
        .get("latestWkid")
        .or_else(|| reference.get("wkid"))
        .and_then(Value::as_i64);
    // 102100, 102113 and 900913 are older codes of Web Mercator; of two pages of one layer one may have it by the old
    // code and the other by the new.
    match code {
        Some(102_100 | 102_113 | 900_913) => 3857.into(),
        Some(code) => code.into(),
        None => reference,
    }
}

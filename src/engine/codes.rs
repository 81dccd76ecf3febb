//! Codes of polygon sets, held against their kind.
//!
//! Pure. A set whose counties have lost their leading zeros would place Alabama's facilities in Delaware.

use std::borrow::Cow;

use crate::plan::{JurisdictionKind, State};

/// A code of a set of this kind, as it has to be; the error says why it can't be one.
///
/// States have two digits (INCITS 38), counties five (INCITS 31), places seven (Census GEOIDs), and all of them begin with
/// a state's. What was printed as a number, has lost its first zero, or has the Census Bureau's summary level before it
/// (`0500000US01001`) is restored, and so is a state by its letters.
pub(super) fn restore_code<'c>(
    written: &'c str,
    kind: JurisdictionKind,
    states: &[State],
) -> Result<Cow<'c, str>, String> {
    let (width, what) = match kind {
        JurisdictionKind::State => (2, "two digits of a state"),
        JurisdictionKind::County => (5, "five digits of a state and a county"),
        JurisdictionKind::Place => (7, "seven digits of a state and a place"),
        JurisdictionKind::Tribal | JurisdictionKind::Other => return Ok(Cow::Borrowed(written)),
    };
    // Only of states: what `AL001` was meant to be is a guess.
    let by_letters = states
        .iter()
        .find(|state| kind == JurisdictionKind::State && state.usps == written);
    if let Some(state) = by_letters {
        return Ok(Cow::Owned(state.fips.clone()));
    }
    let bare = written
        .split_once("US")
        .filter(|(level, _)| is_digits(level))
        .map_or(written, |(_, code)| code);
    // pandas writes whole numbers so where a cell of their column is blank: the column has become one of floats.
    let bare = match bare.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => bare,
    };
    // Of the codes of these kinds only those of nine states begin with a zero, and only with one.
    let has_lost_its_zero = bare.len() + 1 == width && !bare.starts_with('0');
    let code = if has_lost_its_zero {
        Cow::Owned(format!("0{bare}"))
    } else {
        Cow::Borrowed(bare)
    };
    let is_known =
        is_digits(&code) && code.len() == width && states.iter().any(|state| code.starts_with(&*state.fips));
    if is_known {
        Ok(code)
    } else {
        Err(format!("`{written}` should be {what}"))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_restored_or_refused() {
        let states = ["01", "10", "48"].map(|fips| State {
            fips: fips.to_owned(),
            usps: if fips == "01" {
                "AL".to_owned()
            } else {
                String::new()
            },
            name: String::new(),
            kind: String::new(),
            source: String::new(),
        });
        for (written, kind, expected) in [
            ("01001", JurisdictionKind::County, Some("01001")),
            ("1001", JurisdictionKind::County, Some("01001")),
            ("1001.0", JurisdictionKind::County, Some("01001")),
            ("0500000US01001", JurisdictionKind::County, Some("01001")),
            ("001", JurisdictionKind::County, None),
            ("0101", JurisdictionKind::County, None),
            ("99001", JurisdictionKind::County, None),
            ("AL001", JurisdictionKind::County, None),
            ("1", JurisdictionKind::State, Some("01")),
            ("10", JurisdictionKind::State, Some("10")),
            ("0400000US48", JurisdictionKind::State, Some("48")),
            ("AL", JurisdictionKind::State, Some("01")),
            ("Alabama", JurisdictionKind::State, None),
            ("100100", JurisdictionKind::Place, Some("0100100")),
            ("4835000", JurisdictionKind::Place, Some("4835000")),
            ("T0150R", JurisdictionKind::Tribal, Some("T0150R")),
        ] {
            let restored = restore_code(written, kind, &states).ok();
            assert_eq!(restored.as_deref(), expected, "{written} as {kind:?}");
        }
    }
}

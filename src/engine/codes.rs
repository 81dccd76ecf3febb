//! Codes of polygon sets, held against their kind.
//!
//! Pure. A set whose counties have lost their leading zeros would place Alabama's facilities in Delaware.

use std::borrow::Cow;

use crate::plan::{JurisdictionKind, State, is_region_code};

/// A code of a set of this kind, as it has to be; the error says why it can't be one.
///
/// What the codes of a kind look like stands in its row: states have two digits (INCITS 38), counties five (INCITS 31),
/// places seven (Census GEOIDs), and all of them begin with a state's. What was printed as a number, has lost its first
/// zero, or has the Census Bureau's summary level before it (`0500000US01001`) is restored, and so is a state by its
/// letters.
pub(super) fn restore_code<'c>(
    written: &'c str,
    kind: &JurisdictionKind,
    states: &[State],
) -> Result<Cow<'c, str>, String> {
    if kind.is_region() && !is_region_code(written) {
        return Err(format!(
            "`{written}` is no region code: a letter, then letters and digits"
        ));
    }
    let Some(width) = kind.code_digits else {
        return Ok(Cow::Borrowed(written));
    };
    // Only of states: what `AL001` was meant to be is a guess.
    let by_letters = states
        .iter()
        .find(|state| kind.is_state() && state.usps == written);
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
    // Of codes that begin with a state's only those of nine states begin with a zero, and only with one.
    let has_lost_its_zero =
        kind.begins_with_state && bare.len() + 1 == width && !bare.starts_with('0') && is_digits(bare);
    let code = if has_lost_its_zero {
        Cow::Owned(format!("0{bare}"))
    } else {
        Cow::Borrowed(bare)
    };
    let is_of_state = || states.iter().any(|state| code.starts_with(&*state.fips));
    let is_known = code.len() == width
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (!kind.begins_with_state || is_of_state());
    // Those of legislative districts may have letters after the state's digits; those of the kinds that others are parts
    // of have none.
    if is_known && (!kind.is_core() || is_digits(&code)) {
        return Ok(code);
    }
    let of_state = if kind.begins_with_state {
        ", a state's first"
    } else {
        ""
    };
    Err(format!(
        "`{written}` should be the {width} digits of a {}{of_state}",
        kind.title
    ))
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
            ("01001", "county", Some("01001")),
            ("1001", "county", Some("01001")),
            ("1001.0", "county", Some("01001")),
            ("0500000US01001", "county", Some("01001")),
            ("001", "county", None),
            ("0101", "county", None),
            ("99001", "county", None),
            ("AL001", "county", None),
            ("1", "state", Some("01")),
            ("10", "state", Some("10")),
            ("0400000US48", "state", Some("48")),
            ("AL", "state", Some("01")),
            ("Alabama", "state", None),
            ("100100", "place", Some("0100100")),
            ("4835000", "place", Some("4835000")),
            ("T0150R", "tribal", Some("T0150R")),
            ("4801", "congressional_district", Some("4801")),
            ("01ZZZ", "legislative_upper", Some("01ZZZ")),
            ("35620", "metropolitan_area", Some("35620")),
            ("R06", "region", Some("R06")),
            ("6", "region", None),
        ] {
            let kind = JurisdictionKind::shipped(kind).unwrap();
            let restored = restore_code(written, &kind, &states).ok();
            assert_eq!(restored.as_deref(), expected, "{written} as {}", kind.id);
        }
    }
}

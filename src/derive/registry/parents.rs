//! What a jurisdiction is a part of: as its set says, else as its code begins.
//!
//! Pure. Source of the rule: the codes of counties, subdivisions, places and districts begin with those of their states, and of
//! subdivisions with those of their counties (Census Bureau, geographic identifiers).

use crate::plan::JurisdictionKind;

/// What a jurisdiction is a part of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parent<'a> {
    /// Its kind, where that is known.
    pub(super) kind: Option<&'static str>,
    /// Its code.
    pub(super) code: &'a str,
    /// `source` or `code`.
    pub(super) from: &'static str,
}

/// Digits of a state's code, and of a county's.
const STATE_DIGITS: usize = 2;
const COUNTY_DIGITS: usize = 5;

/// The parent that a set states, else that which the code begins with; none of a kind whose codes say nothing.
pub(super) fn parent_of<'a>(
    kind: &JurisdictionKind,
    code: &'a str,
    stated: Option<&'a str>,
) -> Option<Parent<'a>> {
    let derived = derived_parent(kind, code);
    let Some(stated) = stated else {
        return derived;
    };
    // Of a field's code nothing tells the kind, but that the code of the jurisdiction itself begins with it.
    let kind = derived
        .filter(|parent| parent.code == stated)
        .and_then(|parent| parent.kind);
    Some(Parent {
        kind,
        code: stated,
        from: "source",
    })
}

fn derived_parent<'a>(kind: &JurisdictionKind, code: &'a str) -> Option<Parent<'a>> {
    if kind.is_state() || !kind.begins_with_state {
        return None;
    }
    let (parent, digits) = match kind.id.as_str() {
        "county_subdivision" => (JurisdictionKind::COUNTY, COUNTY_DIGITS),
        _ => (JurisdictionKind::STATE, STATE_DIGITS),
    };
    let code = code.get(..digits).filter(|start| start.len() < code.len())?;
    Some(Parent {
        kind: Some(parent),
        code,
        from: "code",
    })
}

#[cfg(test)]
mod tests {
    use super::parent_of;
    use crate::plan::JurisdictionKind;

    #[test]
    fn a_code_begins_with_its_parents() {
        let parent = |kind: &str, code: &str, stated: Option<&str>| {
            let kind = JurisdictionKind::shipped(kind).unwrap();
            parent_of(&kind, code, stated).map(|parent| {
                format!(
                    "{} {} by {}",
                    parent.kind.unwrap_or("?"),
                    parent.code,
                    parent.from
                )
            })
        };
        assert_eq!(
            parent("county", "48201", None).as_deref(),
            Some("state 48 by code")
        );
        assert_eq!(
            parent("county_subdivision", "4820190000", None).as_deref(),
            Some("county 48201 by code")
        );
        assert_eq!(
            parent("place", "4835000", None).as_deref(),
            Some("state 48 by code")
        );
        assert_eq!(
            parent("place", "4835000", Some("48")).as_deref(),
            Some("state 48 by source")
        );
        assert_eq!(parent("other", "x", Some("y")).as_deref(), Some("? y by source"));
        for (kind, code) in [
            ("state", "48"),
            ("metropolitan_area", "26420"),
            ("tribal", "2430R"),
            ("county", "48"),
        ] {
            assert_eq!(parent(kind, code, None), None, "{kind}");
        }
    }
}

//! "Did you mean": the nearest of some known names.
//!
//! LEAF. Pure.

use strsim::damerau_levenshtein;

/// Longest list of known names worth printing.
const LISTED: usize = 12;

/// "did you mean `x`?" for the known name nearest to what was written, if one is near.
///
/// Near is cargo's rule: at most a third of the letters differ, upper and lower case alike. The
/// first of equally near names wins.
///
/// ```
/// use cikr::config::did_you_mean;
///
/// let hint = did_you_mean("hospital", ["dams", "hospitals"]);
/// assert_eq!(hint.as_deref(), Some("did you mean `hospitals`?"));
/// assert_eq!(did_you_mean("bridges", ["dams"]), None);
/// ```
pub fn did_you_mean<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = written.to_lowercase();
    let (distance, name) = known
        .into_iter()
        .map(|name| (damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance)?;
    // Of the shortest names one letter may differ, or no slip in them would be forgiven.
    (distance <= written.chars().count().max(3) / 3).then(|| format!("did you mean `{name}`?"))
}

/// "did you mean", or all known names where none is near and they are few.
///
/// ```
/// let hint = cikr::config::known_names_hint("bridges", ["dams", "hospitals"]);
/// assert_eq!(hint.as_deref(), Some("known: `dams`, `hospitals`"));
/// ```
pub fn known_names_hint<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    did_you_mean(written, known.iter().copied()).or_else(|| {
        // A long list would bury the mistake that it stands under.
        let listed = (1..=LISTED).contains(&known.len());
        listed.then(|| {
            format!(
                "known: {}",
                known
                    .iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            )
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_near_names_are_offered() {
        let known = ["hospitals", "dams", "schools"];
        assert_eq!(
            did_you_mean("hospital", known).as_deref(),
            Some("did you mean `hospitals`?")
        );
        assert_eq!(
            did_you_mean("Dmas", known).as_deref(),
            Some("did you mean `dams`?")
        );
        assert_eq!(did_you_mean("bridges", known), None);
        assert_eq!(
            known_names_hint("bridges", known).as_deref(),
            Some("known: `hospitals`, `dams`, `schools`")
        );
        assert_eq!(known_names_hint("bridges", []), None);
    }
}

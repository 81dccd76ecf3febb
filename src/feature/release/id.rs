//! How a release is called.

use std::borrow::Borrow;
use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};

/// Name of a release: letters, digits, `_` and `-`, the first one a letter or a digit, 100 at most. It becomes a folder, so
/// that no other text can be one.
///
/// ```
/// use cikr::feature::release::ReleaseId;
///
/// let id = ReleaseId::parse("20261130T021500123Z")?;
/// assert_eq!(id.begun().map(|time| time.to_rfc3339()).as_deref(), Some("2026-11-30T02:15:00.123+00:00"));
/// assert!(ReleaseId::parse("../landing").is_err());
/// # Ok::<(), cikr::feature::release::BadReleaseId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ReleaseId(String);

/// A text that can't be the name of a release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a name for a release: use letters, digits, `_` and `-`")]
pub struct BadReleaseId {
    /// The text.
    pub name: String,
}

impl ReleaseId {
    /// How the id of a release tells when it was begun: to the millisecond, so that ids sort by age.
    const BEGUN: &str = "%Y%m%dT%H%M%S%3fZ";
    /// As people write it who give a release its name.
    const BEGUN_TO_THE_SECOND: &str = "%Y%m%dT%H%M%SZ";

    /// That of a release begun at this moment.
    ///
    /// ```
    /// use cikr::feature::release::ReleaseId;
    ///
    /// assert_eq!(ReleaseId::begun_at(chrono::DateTime::UNIX_EPOCH).as_str(), "19700101T000000000Z");
    /// ```
    pub fn begun_at(moment: DateTime<Utc>) -> Self {
        Self(moment.format(Self::BEGUN).to_string())
    }

    /// A name that somebody gives or has given.
    ///
    /// # Errors
    /// The text is no such name.
    pub fn parse(name: &str) -> Result<Self, BadReleaseId> {
        Self::try_from(name.to_owned())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// When it was begun, where its name tells: its caller may have given it another.
    pub fn begun(&self) -> Option<DateTime<Utc>> {
        [Self::BEGUN, Self::BEGUN_TO_THE_SECOND]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(&self.0, form).ok())
            .map(|time| time.and_utc())
    }
}

impl TryFrom<String> for ReleaseId {
    type Error = BadReleaseId;

    fn try_from(name: String) -> Result<Self, BadReleaseId> {
        let is_plain = name.starts_with(|c: char| c.is_ascii_alphanumeric())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if is_plain && name.len() <= 100 {
            Ok(Self(name))
        } else {
            Err(BadReleaseId { name })
        }
    }
}

impl Borrow<str> for ReleaseId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for ReleaseId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for ReleaseId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_tell_when_the_release_was_begun() {
        let begun = |name: &str| {
            let time = ReleaseId::parse(name).unwrap().begun()?;
            Some(time.to_rfc3339())
        };
        assert_eq!(
            begun("20261125T025202896Z").as_deref(),
            Some("2026-11-25T02:52:02.896+00:00")
        );
        assert_eq!(
            begun("20261125T025202Z").as_deref(),
            Some("2026-11-25T02:52:02+00:00")
        );
        assert_eq!(begun("v2026-11"), None);
    }

    #[test]
    fn names_that_are_no_plain_ones_are_refused_also_in_records() {
        for name in ["", ".", "..", "a/b", "-a", "a.json", "ä", "a b"] {
            let error = ReleaseId::parse(name).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert!(serde_json::from_str::<ReleaseId>("\"../landing\"").is_err());
        assert!(ReleaseId::parse(&"a".repeat(101)).is_err());
    }
}

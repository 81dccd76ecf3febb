//! How far rows may be shown: the markings of the Traffic Light Protocol.
//!
//! LEAF. Source: FIRST, Traffic Light Protocol 2.0 (2022).

use std::fmt;
use std::str::FromStr;

/// A marking of the Traffic Light Protocol 2.0, in the order of how few may see what has it.
///
/// ```
/// use cikr::feature::Handling;
///
/// let green: Handling = "tlp:green".parse()?;
/// assert!(Handling::Clear < green && green < Handling::Red);
/// assert_eq!(green.word(), "TLP:GREEN");
/// assert!("secret".parse::<Handling>().is_err());
/// # Ok::<(), cikr::feature::BadHandling>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Handling {
    /// Everybody.
    Clear,
    /// The community.
    Green,
    /// The organisation and its clients, as far as they need to know.
    Amber,
    /// The organisation alone.
    AmberStrict,
    /// Those who were told by name.
    Red,
}

/// A text that is no marking.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write TLP:CLEAR, TLP:GREEN, TLP:AMBER, TLP:AMBER+STRICT or TLP:RED")]
pub struct BadHandling;

impl Handling {
    /// All of them, the widest first.
    pub const ALL: [Self; 5] = [
        Self::Clear,
        Self::Green,
        Self::Amber,
        Self::AmberStrict,
        Self::Red,
    ];

    /// As rows have it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clear => "TLP:CLEAR",
            Self::Green => "TLP:GREEN",
            Self::Amber => "TLP:AMBER",
            Self::AmberStrict => "TLP:AMBER+STRICT",
            Self::Red => "TLP:RED",
        }
    }
}

impl FromStr for Handling {
    type Err = BadHandling;

    fn from_str(text: &str) -> Result<Self, BadHandling> {
        let found = Self::ALL
            .into_iter()
            .find(|handling| handling.word().eq_ignore_ascii_case(text.trim()));
        found.ok_or(BadHandling)
    }
}

impl fmt::Display for Handling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

//! What came of a row's claim of a county: the words of `county_claim`.
//!
//! LEAF.

/// What a claimed county, by its code and by its name, is to the computed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CountyClaim {
    /// It is the computed one, or one that a line or a surface touches.
    Agrees,
    /// It is so under the codes of another vintage than the boundaries'.
    AgreesBySuccession,
    /// It is another.
    Disagrees,
    /// Nothing is claimed that could be compared.
    Absent,
}

impl CountyClaim {
    /// Every verdict, each in the place that [`key`](Self::key) tells.
    pub const ALL: [Self; 4] = [
        Self::Agrees,
        Self::AgreesBySuccession,
        Self::Disagrees,
        Self::Absent,
    ];

    /// Stable code, as in the column `county_claim`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Agrees => "agrees",
            Self::AgreesBySuccession => "agrees_by_succession",
            Self::Disagrees => "disagrees",
            Self::Absent => "absent",
        }
    }

    /// Its place in [`ALL`](Self::ALL), as the key of a dictionary over the codes.
    pub const fn key(self) -> i32 {
        self as i32
    }

    /// Whether the claim doesn't hold; none where there is none to judge.
    ///
    /// ```
    /// use cikr::feature::CountyClaim;
    ///
    /// assert_eq!(CountyClaim::AgreesBySuccession.is_mismatch(), Some(false));
    /// assert_eq!(CountyClaim::Absent.is_mismatch(), None);
    /// ```
    pub const fn is_mismatch(self) -> Option<bool> {
        match self {
            Self::Agrees | Self::AgreesBySuccession => Some(false),
            Self::Disagrees => Some(true),
            Self::Absent => None,
        }
    }

    /// Of two claims of one row, by code and by name, the one that agrees less; an absent one says nothing.
    ///
    /// ```
    /// use cikr::feature::CountyClaim;
    ///
    /// let by_code = CountyClaim::AgreesBySuccession;
    /// assert_eq!(by_code.or_worse(CountyClaim::Agrees), by_code);
    /// assert_eq!(by_code.or_worse(CountyClaim::Absent), by_code);
    /// assert_eq!(by_code.or_worse(CountyClaim::Disagrees), CountyClaim::Disagrees);
    /// ```
    #[must_use]
    pub fn or_worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Absent, one) | (one, Self::Absent) => one,
            (one, other) => one.max(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CountyClaim;

    #[test]
    fn every_verdict_stands_in_its_place() {
        for (place, verdict) in CountyClaim::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(verdict.key()), Ok(place));
        }
    }
}

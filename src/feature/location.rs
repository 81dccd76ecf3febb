//! How a row's state and county were found: the words of `location_method`, of reports and of tables.
//!
//! LEAF.

use serde::{Deserialize, Serialize};

/// How a row's state and county were found; the weaker of the two steps is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationMethod {
    /// It lies in a polygon, all of it.
    Within,
    /// It lies near a polygon, and in none.
    Nearest,
    /// It is a line or an area that lies there with the largest of several shares, or with a part alone.
    Overlap,
    /// Not at all.
    None,
}

impl LocationMethod {
    /// Every method, each in the place that [`index`](Self::index) tells.
    pub const ALL: [Self; 4] = [Self::Within, Self::Nearest, Self::Overlap, Self::None];

    /// Stable code, as in the column `location_method`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Nearest => "nearest",
            Self::Overlap => "overlap",
            Self::None => "none",
        }
    }

    /// The method of a code; none of any other text.
    ///
    /// ```
    /// use cikr::feature::LocationMethod;
    ///
    /// assert_eq!(LocationMethod::of_code("nearest"), Some(LocationMethod::Nearest));
    /// assert_eq!(LocationMethod::of_code("guessed"), None);
    /// ```
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.code() == code)
    }

    /// Its place in [`ALL`](Self::ALL), for counts by method.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Its place in [`ALL`](Self::ALL), as the key of a dictionary over the codes.
    pub const fn key(self) -> i32 {
        self as i32
    }
}

#[cfg(test)]
mod tests {
    use super::LocationMethod;

    #[test]
    fn every_method_stands_in_its_place_and_under_its_code() {
        for (place, method) in LocationMethod::ALL.into_iter().enumerate() {
            assert_eq!(method.index(), place);
            assert_eq!(usize::try_from(method.key()), Ok(place));
            assert_eq!(LocationMethod::of_code(method.code()), Some(method));
        }
    }
}

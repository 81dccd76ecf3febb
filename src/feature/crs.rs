//! Coordinate reference systems, and what turns coordinates into that of the tiles.
//!
//! LEAF. Knows names alone; PROJ is `source`'s.

use std::fmt;

use serde::Serialize;

/// A coordinate reference system, as a source states it or a person declares it.
///
/// ```
/// use cikr::feature::Crs;
///
/// assert_eq!(Crs::Crs84.to_string(), "OGC:CRS84");
/// assert_eq!(Crs::Wkt(r#"PROJCS["Texas_Centric",GEOGCS["NAD83"]]"#.to_owned()).to_string(), "Texas_Centric");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum Crs {
    /// Longitude, latitude on WGS 84: what tiles hold.
    Crs84,
    /// `AUTHORITY:CODE`, such as `EPSG:3857`.
    Code(String),
    /// A WKT definition that names no authority code.
    Wkt(String),
}

impl Crs {
    /// The CRS of this word, as people write one: `OGC:CRS84`, or `EPSG` or `ESRI` and a code; none of any other.
    ///
    /// ```
    /// use cikr::feature::Crs;
    ///
    /// assert_eq!(Crs::of_word("OGC:CRS84"), Some(Crs::Crs84));
    /// assert_eq!(Crs::of_word("EPSG:3857"), Some(Crs::Code("EPSG:3857".to_owned())));
    /// assert_eq!(Crs::of_word("4326"), None);
    /// ```
    pub fn of_word(text: &str) -> Option<Self> {
        if text == "OGC:CRS84" {
            return Some(Self::Crs84);
        }
        let (authority, code) = text.split_once(':')?;
        let is_code = (1..=9).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
        (matches!(authority, "EPSG" | "ESRI") && is_code).then(|| Self::Code(text.to_owned()))
    }
}

impl From<Crs> for String {
    fn from(crs: Crs) -> Self {
        crs.to_string()
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Crs84 => f.write_str("OGC:CRS84"),
            Self::Code(code) => f.write_str(code),
            // WKT of either version begins with a keyword and the CRS's name in quotes.
            Self::Wkt(wkt) => f.write_str(wkt.split('"').nth(1).unwrap_or("unnamed WKT")),
        }
    }
}

/// Turns coordinates of a source CRS into OGC:CRS84, in place.
///
/// Made by `source` (which knows PROJ), called by `kernel` (which must not).
pub trait Reproject {
    /// Transforms `x[i], y[i]`; all values are finite.
    ///
    /// # Errors
    /// Says why a point cannot be transformed; the slices are then unspecified.
    fn to_crs84(&self, x: &mut [f64], y: &mut [f64]) -> Result<(), String>;

    /// What the coordinates transformed so far looked like, where the CRS is a projected one.
    fn coordinates_seen(&self) -> CoordinatesSeen {
        CoordinatesSeen::default()
    }
}

/// What coordinates of a projected CRS looked like, in points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoordinatesSeen {
    /// Those that could be a longitude and a latitude.
    pub degrees: u64,
    /// Those that can't.
    pub others: u64,
}

impl CoordinatesSeen {
    /// Adds those that another thread saw.
    pub fn add(&mut self, more: Self) {
        self.degrees += more.degrees;
        self.others += more.others;
    }

    /// Whether there were some, and all could be longitudes and latitudes.
    pub fn are_degrees(self) -> bool {
        self.degrees > 0 && self.others == 0
    }
}

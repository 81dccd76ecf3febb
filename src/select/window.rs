//! A window on the map: a box in degrees, which may lie across the antimeridian.
//!
//! Pure.

use std::str::FromStr;

use geo::Rect;

/// A box of longitudes and latitudes, its sides part of it.
///
/// ```
/// use cikr::select::Window;
///
/// let texas: Window = "-106.7,25.8,-93.5,36.6".parse()?;
/// assert!(texas.meets([-97.0, 30.0, -97.0, 30.0]) && !texas.meets([-90.0, 30.0, -90.0, 30.0]));
/// let aleutians: Window = "170,50,-160,60".parse()?;
/// assert!(aleutians.meets([-170.0, 52.0, -169.0, 53.0]), "west of east is across the antimeridian");
/// assert!("25.8,-106.7,36.6,-93.5".parse::<Window>().is_err(), "longitude first");
/// # Ok::<(), cikr::select::BadWindow>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("write west,south,east,north in degrees, such as -106.7,25.8,-93.5,36.6{hint}")]
pub struct BadWindow {
    /// What is wrong with it, after a colon; empty where it is no four numbers.
    hint: &'static str,
}

impl Window {
    /// Whether a box `[xmin, ymin, xmax, ymax]` has a point in common with the window.
    pub fn meets(&self, [xmin, ymin, xmax, ymax]: [f64; 4]) -> bool {
        let is_between = if self.west <= self.east {
            xmin <= self.east && xmax >= self.west
        } else {
            xmax >= self.west || xmin <= self.east
        };
        is_between && ymin <= self.north && ymax >= self.south
    }

    /// The same of a rectangle.
    pub fn meets_rect(&self, rect: Rect<f64>) -> bool {
        self.meets([rect.min().x, rect.min().y, rect.max().x, rect.max().y])
    }
}

impl FromStr for Window {
    type Err = BadWindow;

    fn from_str(text: &str) -> Result<Self, BadWindow> {
        let numbers: Result<Vec<f64>, _> = text.split(',').map(|side| side.trim().parse()).collect();
        let sides: Option<[f64; 4]> = numbers.ok().and_then(|sides| sides.try_into().ok());
        let Some([west, south, east, north]) = sides else {
            return Err(BadWindow { hint: "" });
        };
        let are_longitudes = [west, east].iter().all(|x| (-180.0..=180.0).contains(x));
        let are_latitudes = [south, north].iter().all(|y| (-90.0..=90.0).contains(y));
        if !are_longitudes || !are_latitudes {
            return Err(BadWindow {
                hint: ": longitudes are -180 to 180, latitudes -90 to 90",
            });
        }
        if south > north {
            return Err(BadWindow {
                hint: ": south is north of north",
            });
        }
        Ok(Self {
            west,
            south,
            east,
            north,
        })
    }
}

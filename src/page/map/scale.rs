//! How many facilities a dot stands for: classes that widen by one factor, fitted to what there is.
//!
//! Pure.

use std::collections::BTreeMap;
use std::fmt::Write;

use maud::{Markup, html};

use super::panel::PITCH;
use crate::catalog::number;
use crate::page::outline::Spot;

/// Diameters of dots by class, units.
const DOTS: [f64; 5] = [2.2, 3.6, 5.0, 6.4, 7.8];

/// Factors from class to class that people can follow.
const FACTORS: [u64; 9] = [2, 3, 4, 5, 6, 8, 10, 20, 50];

/// Least facilities of each class.
pub(super) struct Scale([u64; DOTS.len()]);

impl Scale {
    /// With the least factor whose classes hold the fullest square.
    pub(super) fn fitting(squares: impl Iterator<Item = u64>) -> Self {
        let most = squares.max().unwrap_or(1);
        // There are five classes: the fifth begins at the factor's fourth power, and what is below the fifth power
        // fits into it.
        let fits = FACTORS.into_iter().find(|factor| factor.pow(5) > most);
        Self([0, 1, 2, 3, 4].map(|power| fits.unwrap_or(100).pow(power)))
    }

    /// A dot per square, all of a class in one path: points that a round line's end makes visible.
    pub(super) fn draw_dots(&self, squares: &BTreeMap<Spot, u64>) -> Markup {
        // An element for each dot would be most of the page: thousands of squares have a facility.
        let mut paths: [String; DOTS.len()] = Default::default();
        for ((row, column), n) in squares {
            let class = self.0.iter().rposition(|least| n >= least).unwrap_or(0);
            let x = column * PITCH + PITCH / 2;
            let y = row * PITCH + PITCH / 2;
            write!(paths[class], "M{x} {y}h0").expect("a string takes any text");
        }
        html! {
            @for (dot, path) in DOTS.iter().zip(&paths).filter(|(_, path)| !path.is_empty()) {
                path.dot stroke-width=(dot) d=(path) {}
            }
        }
    }

    /// What the sizes mean.
    pub(super) fn legend(&self) -> Markup {
        html! {
            ul.legend aria-label="Facilities per dot" {
                @for (class, dot) in DOTS.iter().enumerate() {
                    li {
                        svg viewBox="0 0 10 10" width="14" height="14" aria-hidden="true" {
                            path.dot stroke-width=(dot) d="M5 5h0" {}
                        }
                        (self.class_range(class))
                    }
                }
                li.m { "facilities per dot" }
            }
        }
    }
}

impl Scale {
    /// The numbers that a class stands for.
    fn class_range(&self, class: usize) -> String {
        let least = self.0[class];
        match self.0.get(class + 1) {
            Some(next) if next - 1 == least => number::count(least),
            Some(next) => format!("{}–{}", number::count(least), number::count(next - 1)),
            None => format!("{} or more", number::count(least)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_fit_the_fullest_square() {
        assert_eq!(Scale::fitting([1, 7].into_iter()).0, [1, 2, 4, 8, 16]);
        assert_eq!(Scale::fitting([31].into_iter()).0, [1, 2, 4, 8, 16]);
        assert_eq!(Scale::fitting([32].into_iter()).0, [1, 3, 9, 27, 81]);
        assert_eq!(
            Scale::fitting([90_000].into_iter()).0,
            [1, 10, 100, 1_000, 10_000]
        );
        assert_eq!(
            Scale::fitting([u64::MAX].into_iter()).0,
            [1, 100, 10_000, 1_000_000, 100_000_000]
        );
    }

    #[test]
    fn a_square_is_a_dot_of_its_class() {
        let squares = [((0, 0), 1), ((0, 1), 2), ((2, 1), 3)].into();
        let drawn = Scale::fitting([3].into_iter()).draw_dots(&squares).into_string();
        let small = r#"stroke-width="2.2" d="M4 4h0""#;
        let large = r#"stroke-width="3.6" d="M12 4h0M12 20h0""#;
        assert!(drawn.contains(small) && drawn.contains(large), "{drawn}");
    }
}

//! A sparkline: rows of a layer over the last releases.
//!
//! Pure: numbers in, inline SVG out.

use std::fmt::Write;

use maud::{Markup, html};

use crate::catalog::number;

/// Most releases drawn: more would be a smear.
const MOST: usize = 14;

const WIDTH: f64 = 84.0;
const HEIGHT: f64 = 22.0;
/// Room for the line's and the dot's width.
const EDGE: f64 = 3.0;

// Least to greatest fill the height, from no zero: what matters is whether tonight is out of line.

/// Rows per release, oldest first, this one last; none where the layer was absent.
pub(super) fn sparkline(trail: &[Option<u64>]) -> Markup {
    let trail = &trail[trail.len().saturating_sub(MOST)..];
    if trail.iter().flatten().next().is_none() {
        return html! { "–" };
    }
    // One value has no line, and a step of nothing would be a division by zero.
    if trail.len() < 2 {
        return html! { span.m { "first release" } };
    }
    let told: Vec<String> = trail
        .iter()
        .map(|rows| rows.map_or_else(|| "absent".to_owned(), number::count))
        .collect();
    let label = format!(
        "rows in the last {} releases, oldest first: {}",
        trail.len(),
        told.join("; ")
    );
    let spots = trail_spots(trail);
    html! {
        svg.sp viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT) role="img" aria-label=(label) {
            path d=(line_path(&spots)) {}
            @if let Some((x, y)) = spots.last().copied().flatten() {
                circle cx=(round_tenth(x)) cy=(round_tenth(y)) r="2.5" {}
            }
        }
    }
}

/// Where the values stand; a flat line where they don't differ.
fn trail_spots(trail: &[Option<u64>]) -> Vec<Option<(f64, f64)>> {
    let (low, high) = trail
        .iter()
        .flatten()
        .fold((u64::MAX, 0), |(low, high), n| (low.min(*n), high.max(*n)));
    let step = (WIDTH - 2.0 * EDGE) / (trail.len() - 1) as f64;
    let mut spots = Vec::with_capacity(trail.len());
    for (at, rows) in trail.iter().enumerate() {
        spots.push(rows.map(|rows| {
            let height = if high > low {
                (rows - low) as f64 / (high - low) as f64
            } else {
                0.5
            };
            let x = EDGE + step * at as f64;
            let y = HEIGHT - EDGE - height * (HEIGHT - 2.0 * EDGE);
            (x, y)
        }));
    }
    spots
}

/// A line that breaks where the layer was absent.
fn line_path(spots: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for spot in spots {
        pen = match spot {
            Some((x, y)) => {
                write!(path, "{pen}{} {}", round_tenth(*x), round_tenth(*y))
                    .expect("a string takes any text");
                'L'
            }
            None => 'M',
        };
    }
    path
}

fn round_tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_breaks_where_the_layer_was_absent() {
        let svg = sparkline(&[Some(10), None, Some(20), Some(15)]).into_string();
        assert!(svg.contains(r#"d="M3 19M55 3L81 11""#), "{svg}");
        assert!(svg.contains("oldest first: 10; absent; 20; 15"), "{svg}");
    }

    #[test]
    fn equal_numbers_are_a_flat_line_in_the_middle() {
        assert!(
            sparkline(&[Some(7), Some(7)])
                .into_string()
                .contains(r#"d="M3 11L81 11""#)
        );
    }

    #[test]
    fn one_release_has_no_line() {
        assert_eq!(
            sparkline(&[Some(7)]).into_string(),
            r#"<span class="m">first release</span>"#
        );
    }
}

//! The map: facilities as dots by density, states outlined, regions named.
//!
//! Pure: counted cells and outlines in, inline SVG out.

mod outline;
mod panel;
mod projection;
mod scale;

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::{Page, number};
use panel::{Panel, panels};
use scale::Scale;

/// Cells per degree: far finer than a dot of the map.
const PER_DEGREE: f64 = 50.0;

/// Facilities per small cell of the globe: all that the map needs of them, whatever their number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Columns", into = "Columns")]
pub struct Cells(BTreeMap<(i32, i32), u64>);

/// Cells as they are kept: by longitude, latitudes and facilities in turn, which is half as long.
#[derive(Serialize, Deserialize)]
struct Columns(BTreeMap<i32, Vec<(i32, u64)>>);

impl From<Columns> for Cells {
    fn from(columns: Columns) -> Self {
        let cells = columns.0.into_iter().flat_map(|(lon, cells)| {
            cells
                .into_iter()
                .map(move |(lat, facilities)| ((lon, lat), facilities))
        });
        Self(cells.collect())
    }
}

impl From<Cells> for Columns {
    fn from(cells: Cells) -> Self {
        let mut columns: BTreeMap<i32, Vec<(i32, u64)>> = BTreeMap::new();
        for ((lon, lat), facilities) in cells.0 {
            columns.entry(lon).or_default().push((lat, facilities));
        }
        Self(columns)
    }
}

impl Extend<(f64, f64)> for Cells {
    /// Counts facilities at longitudes and latitudes, degrees.
    fn extend<P: IntoIterator<Item = (f64, f64)>>(&mut self, places: P) {
        #[expect(clippy::cast_possible_truncation, reason = "degrees times fifty are small")]
        let cell = |degrees: f64| (degrees * PER_DEGREE).floor() as i32;
        let mut cells: Vec<(i32, i32)> = places
            .into_iter()
            .map(|(lon, lat)| (cell(lon), cell(lat)))
            .collect();
        cells.sort_unstable();
        let counted = cells
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u64));
        self.absorb(Self(counted.collect()));
    }
}

impl Cells {
    /// Adds the facilities of others.
    pub(super) fn absorb(&mut self, mut more: Self) {
        if self.0.len() < more.0.len() {
            std::mem::swap(self, &mut more);
        }
        for (cell, n) in more.0 {
            *self.0.entry(cell).or_default() += n;
        }
    }

    /// Middle of each cell, and the facilities in it.
    fn places(&self) -> impl Iterator<Item = (f64, f64, u64)> {
        let middle = |cell: i32| (f64::from(cell) + 0.5) / PER_DEGREE;
        self.0
            .iter()
            .map(move |((lon, lat), n)| (middle(*lon), middle(*lat), *n))
    }
}

/// The map with its legend; the numbers stand in the table beside it.
pub(super) fn map(page: &Page<'_>) -> Markup {
    let (panels, outside) = panels(page);
    let Some((main, insets)) = panels.split_first() else {
        return html! { p { "There is no facility to draw." } };
    };
    let scale = Scale::of(panels.iter().flat_map(|panel| panel.squares.values().copied()));
    html! {
        figure.map {
            (drawn(main, &scale, true))
            @if !insets.is_empty() {
                div.insets {
                    @for panel in insets {
                        figure { (drawn(panel, &scale, false)) figcaption { (panel.name) ": " (number::count(panel.facilities)) } }
                    }
                }
            }
            figcaption {
                (scale.legend())
                p.m {
                    (main.name) ": " (number::count(main.facilities)) " facilities. "
                    @if outside > 0 { "Outside these panels: " (number::count(outside)) ". " }
                    @if page.outlines.is_empty() { "The pipeline joins no states, so none are outlined." }
                    @else { "Outlines are simplified for this drawing; thick lines part the regions." }
                }
            }
        }
    }
}

fn drawn(panel: &Panel, scale: &Scale, is_main: bool) -> Markup {
    let label = format!(
        "Map of {}: {} facilities as dots, larger where there are more; the table of regions has the numbers.",
        panel.name,
        number::count(panel.facilities)
    );
    html! {
        svg viewBox={ "0 0 " (panel.width) " " (panel.height) } role="img" aria-label=(label) {
            @if !panel.outlines.areas.is_empty() { path.land d=(panel.outlines.areas) {} }
            @if !panel.outlines.borders.is_empty() { path.border d=(panel.outlines.borders) {} }
            (scale.dots(&panel.squares))
            @if is_main {
                @for (code, (x, y)) in &panel.labels { text x=(x) y=(y) { (code) } }
            }
        }
    }
}

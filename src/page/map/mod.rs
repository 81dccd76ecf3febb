//! The map: facilities as dots by density, states outlined, regions named.
//!
//! Pure: counted cells and outlines in, inline SVG out.

mod panel;
mod projection;
mod scale;

use maud::{Markup, html};

use self::panel::{Panel, build_panels};
use self::scale::Scale;
use super::content::Page;
use crate::catalog::number;

/// The map with its legend; the numbers stand in the table beside it.
pub(super) fn density_map(page: &Page<'_>) -> Markup {
    let (panels, outside) = build_panels(page);
    let Some((main, insets)) = panels.split_first() else {
        return html! { p { "There is no facility to draw." } };
    };
    let scale = Scale::fitting(panels.iter().flat_map(|panel| panel.squares.values().copied()));
    html! {
        figure.map {
            (panel_svg(main, &scale, true))
            @if !insets.is_empty() {
                div.insets {
                    @for panel in insets {
                        figure { (panel_svg(panel, &scale, false)) figcaption { (panel.name) ": " (number::count(panel.facilities)) } }
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

fn panel_svg(panel: &Panel, scale: &Scale, is_main: bool) -> Markup {
    let label = format!(
        "Map of {}: {} facilities as dots, larger where there are more; the table of regions has the numbers.",
        panel.name,
        number::count(panel.facilities)
    );
    // Insets are small, and each is named by its caption.
    html! {
        svg viewBox={ "0 0 " (panel.width) " " (panel.height) } role="img" aria-label=(label) {
            @if !panel.outlines.areas.is_empty() { path.land d=(panel.outlines.areas) {} }
            @if !panel.outlines.borders.is_empty() { path.border d=(panel.outlines.borders) {} }
            (scale.draw_dots(&panel.squares))
            @if is_main {
                @for (code, (x, y)) in &panel.labels { text x=(x) y=(y) { (code) } }
            }
        }
    }
}

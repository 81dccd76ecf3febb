//! How QGIS draws a layer: by sector where it has several, by status where it has few of them, each in its own colour.
//!
//! Pure. Made of what was seen of the rows while they went by, so that a legend has what is on the map and nothing else.
//! Colours are of middle brightness, with a pale seam around points: they stand out from light maps and from dark ones.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use quick_xml::escape::escape;

use super::short_names::short_name;
use crate::feature::{FacilityRows, Shape, Texts};
use crate::select::SectorNames;

/// Statuses beyond which a legend would be longer than the map.
const MOST_STATUSES: usize = 12;

/// Red, green, blue. Neighbours in the list differ in hue and brightness.
const COLOURS: [[u8; 3]; 16] = [
    [31, 119, 180],
    [214, 96, 20],
    [44, 140, 60],
    [197, 58, 66],
    [128, 96, 190],
    [150, 110, 30],
    [200, 80, 160],
    [20, 150, 160],
    [110, 130, 40],
    [80, 110, 210],
    [170, 85, 85],
    [40, 160, 110],
    [180, 110, 200],
    [190, 130, 0],
    [90, 130, 150],
    [210, 90, 110],
];
/// Of all that has no colour of its own.
const GREY: [u8; 3] = [125, 125, 125];

/// What was seen of a layer's rows, for its legend.
#[derive(Debug)]
pub(super) struct Legend {
    sectors: BTreeSet<String>,
    /// None once there are too many.
    statuses: Option<BTreeSet<String>>,
}

/// What a layer is drawn by.
struct Drawing<'a> {
    /// A column, or an expression of QGIS's.
    column: String,
    /// Value, what the legend calls it, colour.
    categories: Vec<(&'a str, &'a str, [u8; 3])>,
}

impl Legend {
    pub(super) fn new() -> Self {
        Self {
            sectors: BTreeSet::new(),
            statuses: Some(BTreeSet::new()),
        }
    }

    /// Looks at rows.
    pub(super) fn see(&mut self, rows: &FacilityRows) {
        note(rows.texts("sector_code"), &mut self.sectors, usize::MAX);
        if let Some(statuses) = &mut self.statuses
            && !note(rows.texts("status"), statuses, MOST_STATUSES)
        {
            self.statuses = None;
        }
    }

    /// The style, as QGIS keeps it in a `.qml`; none of a layer with several kinds of geometry, which QGIS takes apart.
    /// `is_shared` is one that stands beside files.
    pub(super) fn to_qml(&self, shape: Shape, sectors: &SectorNames, is_shared: bool) -> Option<String> {
        let symbol = match shape {
            Shape::Point | Shape::MultiPoint => marker,
            Shape::MultiLineString => line,
            Shape::MultiPolygon => fill,
            Shape::Mixed => return None,
        };
        let drawing = self.drawing(sectors, is_shared);
        Some(qml(&drawing, symbol))
    }

    fn drawing<'a>(&'a self, names: &'a SectorNames, is_shared: bool) -> Drawing<'a> {
        // One sector, or one status, says nothing of one facility against another; and statuses of several sectors are words
        // of several agencies.
        let statuses = self.statuses.as_ref().filter(|statuses| statuses.len() > 1);
        if let Some(statuses) = statuses.filter(|_| self.sectors.len() < 2) {
            let categories = statuses.iter().zip(COLOURS);
            return Drawing {
                column: "status".to_owned(),
                categories: categories
                    .map(|(status, colour)| (status.as_str(), status.as_str(), colour))
                    .collect(),
            };
        }
        let categories = self.sectors.iter().map(|code| {
            // By its place among all sectors, whichever are here: a sector has its colour in every file.
            let place = names.keys().position(|known| known == code);
            let colour = place.map_or(GREY, |place| COLOURS[place % COLOURS.len()]);
            let name = names.get(code).map_or(code.as_str(), String::as_str);
            (code.as_str(), name, colour)
        });
        Drawing {
            column: if is_shared {
                sector_expression()
            } else {
                "sector_code".to_owned()
            },
            categories: categories.collect(),
        }
    }
}

/// The sector of a row, whichever name its column has: files of one name share one style, and a shapefile's columns have
/// shorter names than those of the file beside it.
fn sector_expression() -> String {
    let short = short_name("sector_code");
    format!("coalesce(attribute('sector_code'),attribute('{short}'))")
}

/// Notes the texts of rows, and whether they are still few enough.
fn note(texts: Option<Texts<'_>>, seen: &mut BTreeSet<String>, most: usize) -> bool {
    for text in texts.into_iter().flat_map(Texts::iter).flatten() {
        if !seen.contains(text) {
            seen.insert(text.to_owned());
        }
        if seen.len() > most {
            return false;
        }
    }
    true
}

fn qml(drawing: &Drawing<'_>, symbol: fn([u8; 3]) -> String) -> String {
    let mut categories = String::new();
    let mut symbols = String::new();
    // An empty value is QGIS's for all that no other category has.
    let others = ("", "other", GREY);
    for (at, (value, label, colour)) in drawing.categories.iter().copied().chain([others]).enumerate() {
        let _ = writeln!(
            categories,
            "   <category value=\"{}\" label=\"{}\" symbol=\"{at}\" render=\"true\" type=\"string\"/>",
            escape(value),
            escape(label)
        );
        let _ = writeln!(symbols, "   <symbol name=\"{at}\" {}</symbol>", symbol(colour));
    }
    format!(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n\
         <qgis version=\"3.22.0\" styleCategories=\"Symbology\">\n \
         <renderer-v2 type=\"categorizedSymbol\" attr=\"{}\" symbollevels=\"0\" forceraster=\"0\" enableorderby=\"0\">\n  \
         <categories>\n{categories}  </categories>\n  <symbols>\n{symbols}  </symbols>\n \
         </renderer-v2>\n</qgis>\n",
        escape(&drawing.column)
    )
}

fn marker(colour: [u8; 3]) -> String {
    let options = [
        ("name", "circle".to_owned()),
        ("color", rgba(colour, 255)),
        ("outline_color", "245,245,245,150".to_owned()),
        ("outline_width", "0.1".to_owned()),
        ("size", "1.9".to_owned()),
    ];
    symbol("marker", "SimpleMarker", &options)
}

fn line(colour: [u8; 3]) -> String {
    let options = [
        ("line_color", rgba(colour, 255)),
        ("line_width", "0.5".to_owned()),
        ("capstyle", "round".to_owned()),
        ("joinstyle", "round".to_owned()),
    ];
    symbol("line", "SimpleLine", &options)
}

fn fill(colour: [u8; 3]) -> String {
    let options = [
        ("color", rgba(colour, 90)),
        ("outline_color", rgba(colour, 255)),
        ("outline_width", "0.4".to_owned()),
        ("style", "solid".to_owned()),
    ];
    symbol("fill", "SimpleFill", &options)
}

fn rgba([red, green, blue]: [u8; 3], alpha: u8) -> String {
    format!("{red},{green},{blue},{alpha}")
}

/// The rest of a symbol's element behind its name. Versions before 3.20 read `prop`, later ones `Option`.
fn symbol(kind: &str, class: &str, options: &[(&str, String)]) -> String {
    let mut text = format!(
        "type=\"{kind}\" alpha=\"1\" clip_to_extent=\"1\" force_rhr=\"0\"><layer class=\"{class}\" enabled=\"1\" pass=\"0\" \
         locked=\"0\"><Option type=\"Map\">"
    );
    for (name, value) in options {
        let _ = write!(
            text,
            "<Option name=\"{name}\" type=\"QString\" value=\"{value}\"/>"
        );
    }
    text.push_str("</Option>");
    for (name, value) in options {
        let _ = write!(text, "<prop k=\"{name}\" v=\"{value}\"/>");
    }
    text.push_str("</layer>");
    text
}

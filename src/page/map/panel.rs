//! One panel: which places are on it, at what scale, and what is drawn there.
//!
//! Pure.

use std::collections::BTreeMap;

use super::projection::{PIECES, Piece};
use crate::feature::Outline;
use crate::page::content::Page;
use crate::page::outline::{self, Outlines, Ring, Spot};
use crate::plan::Reference;

/// Units from square to square.
pub(super) const PITCH: i32 = 8;

/// Width of the main panel and of the others, units.
const WIDTHS: [i32; 2] = [640, 240];

/// Longitude, latitude, facilities.
type Place = (f64, f64, u64);

/// A panel ready to be drawn.
pub(super) struct Panel {
    pub(super) name: &'static str,
    pub(super) facilities: u64,
    pub(super) width: i32,
    pub(super) height: i32,
    /// Facilities per square, by its row and column.
    pub(super) squares: BTreeMap<Spot, u64>,
    pub(super) outlines: Outlines,
    /// Region codes and where they stand.
    pub(super) labels: Vec<(String, Spot)>,
}

/// The panels that hold a facility, the largest piece first; and how many facilities are on none.
pub(super) fn build_panels(page: &Page<'_>) -> (Vec<Panel>, u64) {
    let mut places: Vec<Vec<Place>> = vec![Vec::new(); PIECES.len()];
    let mut outside = Vec::new();
    for (lon, lat, n) in page.facilities.cells.middles() {
        match PIECES.iter().position(|piece| piece.holds(lon, lat)) {
            Some(piece) => places[piece].push((lon, lat, n)),
            None => outside.push((lon, lat, n)),
        }
    }
    let mut pieces: Vec<(Piece, Vec<Place>)> = PIECES.into_iter().zip(places).collect();
    pieces.retain(|(_, places)| !places.is_empty());
    // Another nation's facilities: one panel around all of them is better than none.
    if pieces.is_empty() && !outside.is_empty() {
        let around = bounds_of(outside.iter().map(|(lon, lat, _)| (*lon, *lat)));
        pieces.push((Piece::around_bounds(around), std::mem::take(&mut outside)));
    }
    let panels = pieces.iter().enumerate().map(|(at, (piece, places))| {
        build_panel(
            piece,
            places,
            page.outlines,
            &page.plan.reference,
            WIDTHS[at.min(1)],
        )
    });
    (panels.collect(), outside.iter().map(|(_, _, n)| n).sum())
}

fn build_panel(
    piece: &Piece,
    places: &[Place],
    outlines: &[Outline],
    reference: &Reference,
    width: i32,
) -> Panel {
    let projection = piece.projection();
    let spots: Vec<((f64, f64), u64)> = places
        .iter()
        .map(|(lon, lat, n)| (projection.project(*lon, *lat), *n))
        .collect();
    let rings: Vec<(&str, Vec<(f64, f64)>)> = outlines
        .iter()
        .flat_map(|outline| outline.rings.iter().map(|ring| (outline.code.as_str(), ring)))
        .filter(|(_, ring)| ring.iter().any(|[lon, lat]| piece.holds(*lon, *lat)))
        .map(|(code, ring)| {
            (
                code,
                ring.iter()
                    .map(|[lon, lat]| projection.project(*lon, *lat))
                    .collect(),
            )
        })
        .collect();
    let frame = Frame::fitting(&spots, &rings, width);
    let regions = Regions::from_reference(reference);
    let rings: Vec<Ring> = rings
        .iter()
        .map(|(code, ring)| Ring {
            group: regions.group_of(code),
            spots: ring.iter().map(|spot| frame.to_spot(*spot)).collect(),
        })
        .collect();
    Panel {
        name: piece.name,
        facilities: places.iter().map(|(_, _, n)| n).sum(),
        width,
        height: frame.height,
        squares: count_squares(&spots, &frame),
        labels: regions.region_labels(&rings, &frame),
        outlines: outline::simplify_outlines(&rings),
    }
}

/// What part of the plane a panel shows.
struct Frame {
    west: f64,
    north: f64,
    /// Units per unit of the plane.
    scale: f64,
    width: i32,
    height: i32,
}

impl Frame {
    /// Around the outlines, or around the facilities where these fill but a corner of the main panel.
    fn fitting(spots: &[((f64, f64), u64)], rings: &[(&str, Vec<(f64, f64)>)], width: i32) -> Self {
        let dots = bounds_of(spots.iter().map(|(spot, _)| *spot));
        let land = bounds_of(rings.iter().flat_map(|(_, ring)| ring.iter().copied()));
        let [west, south, east, north] = land;
        let [dots_west, dots_south, dots_east, dots_north] = dots;
        // A pipeline of one state is shown as that state, not as a few dots of a nation. Insets are small already, and
        // their land says which they are.
        let is_corner = width == WIDTHS[0]
            && dots_east - dots_west < (east - west) / 2.0
            && dots_north - dots_south < (north - south) / 2.0;
        if rings.is_empty() || is_corner {
            Self::around_bounds(dots, 0.15, width)
        } else {
            Self::around_bounds(
                [
                    west.min(dots_west),
                    south.min(dots_south),
                    east.max(dots_east),
                    north.max(dots_north),
                ],
                0.03,
                width,
            )
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a panel is some hundred units high"
    )]
    fn around_bounds([west, south, east, north]: [f64; 4], margin: f64, width: i32) -> Self {
        // 200 km at least: a single facility has no extent, and closer up the outlines' corners show.
        let least = 0.03;
        let x = (east - west).max(least) * (1.0 + 2.0 * margin);
        let y = (north - south).max(least) * (1.0 + 2.0 * margin);
        // Neither a strip nor a tower.
        let [x, y] = [x.max(y / 0.85), y.max(x * 0.45)];
        let scale = f64::from(width) / x;
        Self {
            west: f64::midpoint(west, east) - x / 2.0,
            north: f64::midpoint(south, north) + y / 2.0,
            scale,
            width,
            height: (y * scale).round() as i32,
        }
    }

    /// Where a place of the plane stands; what lies far outside stands just outside.
    fn to_spot(&self, (x, y): (f64, f64)) -> Spot {
        (
            clamped((x - self.west) * self.scale, self.width),
            clamped((self.north - y) * self.scale, self.height),
        )
    }
}

// Outside, but not on the edge: an outline that leaves the panel would be drawn along it. Not as far as it goes
// either, since the digits of such coordinates are bytes of the page.
#[expect(clippy::cast_possible_truncation, reason = "clamped")]
fn clamped(along: f64, most: i32) -> i32 {
    along.clamp(-60.0, f64::from(most) + 60.0).round() as i32
}

/// Least and greatest of both coordinates: `[west, south, east, north]`.
fn bounds_of(spots: impl Iterator<Item = (f64, f64)>) -> [f64; 4] {
    spots.fold(
        [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
        |[west, south, east, north], (x, y)| [west.min(x), south.min(y), east.max(x), north.max(y)],
    )
}

/// Facilities per square of the panel, by its row and column.
fn count_squares(spots: &[((f64, f64), u64)], frame: &Frame) -> BTreeMap<Spot, u64> {
    let mut squares: BTreeMap<Spot, u64> = BTreeMap::new();
    for (spot, n) in spots {
        let (x, y) = frame.to_spot(*spot);
        *squares
            .entry((y.div_euclid(PITCH), x.div_euclid(PITCH)))
            .or_default() += n;
    }
    squares
}

/// Regions by the code of a state.
struct Regions {
    codes: Vec<String>,
    by_fips: BTreeMap<String, usize>,
}

impl Regions {
    fn from_reference(reference: &Reference) -> Self {
        let mut codes: Vec<String> = reference
            .regions
            .iter()
            .map(|region| region.code.clone())
            .collect();
        codes.sort();
        codes.dedup();
        let mut by_fips = BTreeMap::new();
        for state in &reference.states {
            let mut regions = reference.regions.iter();
            let region = regions.find(|region| region.state == state.usps);
            if let Some(at) = region.and_then(|region| codes.iter().position(|code| *code == region.code)) {
                by_fips.insert(state.fips.clone(), at);
            }
        }
        Self { codes, by_fips }
    }

    /// Number of a state's region; states without one are a group of their own.
    fn group_of(&self, fips: &str) -> usize {
        self.by_fips.get(fips).copied().unwrap_or(self.codes.len())
    }

    /// Each region's code at the middle of its land, where that is on the panel.
    fn region_labels(&self, rings: &[Ring], frame: &Frame) -> Vec<(String, Spot)> {
        let mut sums = vec![(0.0, 0.0, 0.0); self.codes.len() + 1];
        for ring in rings {
            let (area, x, y) = area_and_centroid(&ring.spots);
            // Each ring weighs as much as its area: a chain of islands doesn't draw the code away from the land.
            let sum = &mut sums[ring.group];
            *sum = (sum.0 + area, sum.1 + area * x, sum.2 + area * y);
        }
        let mut labels = Vec::new();
        for (code, (area, x, y)) in self.codes.iter().zip(&sums) {
            #[expect(clippy::cast_possible_truncation, reason = "within the panel")]
            let [x, y] = [x, y].map(|sum| (sum / area).round() as i32);
            let is_seen =
                *area > 200.0 && (10..frame.width - 10).contains(&x) && (10..frame.height - 10).contains(&y);
            if is_seen {
                labels.push((code.clone(), (x, y)));
            }
        }
        labels
    }
}

/// Area of a ring and its centroid, by the shoelace formula; the sign of the area, which tells the direction, cancels out of
/// the centroid.
fn area_and_centroid(spots: &[Spot]) -> (f64, f64, f64) {
    let mut sum = (0.0, 0.0, 0.0);
    for (a, b) in spots.iter().zip(spots.iter().cycle().skip(1)) {
        let [(ax, ay), (bx, by)] = [a, b].map(|(x, y)| (f64::from(*x), f64::from(*y)));
        let cross = ax * by - bx * ay;
        sum = (
            sum.0 + cross,
            sum.1 + (ax + bx) * cross,
            sum.2 + (ay + by) * cross,
        );
    }
    let area = sum.0 / 2.0;
    if area == 0.0 {
        (0.0, 0.0, 0.0)
    } else {
        (area.abs(), sum.1 / (6.0 * area), sum.2 / (6.0 * area))
    }
}

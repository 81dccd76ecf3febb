//! One panel: which places are on it, at what scale, and what is drawn there.
//!
//! Pure.

use std::collections::BTreeMap;

use super::super::Page;
use super::outline::{self, Outlines, Ring, Spot};
use super::projection::{PIECES, Piece};
use crate::feature::Outline;
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
pub(super) fn panels(page: &Page<'_>) -> (Vec<Panel>, u64) {
    let mut places: Vec<Vec<Place>> = vec![Vec::new(); PIECES.len()];
    let mut outside = Vec::new();
    for (lon, lat, n) in page.facilities.cells.places() {
        match PIECES.iter().position(|piece| piece.holds(lon, lat)) {
            Some(piece) => places[piece].push((lon, lat, n)),
            None => outside.push((lon, lat, n)),
        }
    }
    let mut pieces: Vec<(Piece, Vec<Place>)> = PIECES.into_iter().zip(places).collect();
    pieces.retain(|(_, places)| !places.is_empty());
    if pieces.is_empty() && !outside.is_empty() {
        let around = bounds(outside.iter().map(|(lon, lat, _)| (*lon, *lat)));
        pieces.push((Piece::around(around), std::mem::take(&mut outside)));
    }
    let panels = pieces.iter().enumerate().map(|(at, (piece, places))| {
        panel(
            piece,
            places,
            page.outlines,
            &page.plan.reference,
            WIDTHS[at.min(1)],
        )
    });
    (panels.collect(), outside.iter().map(|(_, _, n)| n).sum())
}

fn panel(piece: &Piece, places: &[Place], outlines: &[Outline], reference: &Reference, width: i32) -> Panel {
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
    let frame = Frame::of(&spots, &rings, width);
    let regions = Regions::of(reference);
    let rings: Vec<Ring> = rings
        .iter()
        .map(|(code, ring)| Ring {
            group: regions.group(code),
            spots: ring.iter().map(|spot| frame.spot(*spot)).collect(),
        })
        .collect();
    Panel {
        name: piece.name,
        facilities: places.iter().map(|(_, _, n)| n).sum(),
        width,
        height: frame.height,
        squares: squares(&spots, &frame),
        labels: regions.labels(&rings, &frame),
        outlines: outline::outlines(&rings),
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
    fn of(spots: &[((f64, f64), u64)], rings: &[(&str, Vec<(f64, f64)>)], width: i32) -> Self {
        let dots = bounds(spots.iter().map(|(spot, _)| *spot));
        let land = bounds(rings.iter().flat_map(|(_, ring)| ring.iter().copied()));
        let size = |[west, south, east, north]: [f64; 4]| (east - west, north - south);
        let ((dots_x, dots_y), (land_x, land_y)) = (size(dots), size(land));
        let is_corner = width == WIDTHS[0] && dots_x < land_x / 2.0 && dots_y < land_y / 2.0;
        if rings.is_empty() || is_corner {
            Self::around(dots, 0.15, width)
        } else {
            let [west, south, east, north] = land;
            Self::around(
                [
                    west.min(dots[0]),
                    south.min(dots[1]),
                    east.max(dots[2]),
                    north.max(dots[3]),
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
    fn around([west, south, east, north]: [f64; 4], margin: f64, width: i32) -> Self {
        // 200 km at least: a single facility has no extent, and closer up the outlines' corners show.
        let least = 0.03;
        let (x, y) = ((east - west).max(least), (north - south).max(least));
        let (x, y) = (x * (1.0 + 2.0 * margin), y * (1.0 + 2.0 * margin));
        // Neither a strip nor a tower.
        let (x, y) = (x.max(y / 0.85), y.max(x * 0.45));
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
    #[expect(clippy::cast_possible_truncation, reason = "clamped")]
    fn spot(&self, (x, y): (f64, f64)) -> Spot {
        let spot = |along: f64, most: i32| along.clamp(-60.0, f64::from(most) + 60.0).round() as i32;
        (
            spot((x - self.west) * self.scale, self.width),
            spot((self.north - y) * self.scale, self.height),
        )
    }
}

/// Least and greatest of both coordinates: `[west, south, east, north]`.
fn bounds(spots: impl Iterator<Item = (f64, f64)>) -> [f64; 4] {
    let around = |[west, south, east, north]: [f64; 4], (x, y): (f64, f64)| {
        [west.min(x), south.min(y), east.max(x), north.max(y)]
    };
    spots.fold(
        [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
        around,
    )
}

/// Facilities per square of the panel, by its row and column.
fn squares(spots: &[((f64, f64), u64)], frame: &Frame) -> BTreeMap<Spot, u64> {
    let mut squares: BTreeMap<Spot, u64> = BTreeMap::new();
    for (spot, n) in spots {
        let (x, y) = frame.spot(*spot);
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
    fn of(reference: &Reference) -> Self {
        let mut codes: Vec<String> = reference
            .regions
            .iter()
            .map(|region| region.code.clone())
            .collect();
        codes.sort();
        codes.dedup();
        let region = |usps: &str| {
            let region = reference.regions.iter().find(|region| region.state == usps)?;
            codes.iter().position(|code| *code == region.code)
        };
        let by_fips = reference
            .states
            .iter()
            .filter_map(|state| Some((state.fips.clone(), region(&state.usps)?)))
            .collect();
        Self { codes, by_fips }
    }

    /// Number of a state's region; states without one are a group of their own.
    fn group(&self, fips: &str) -> usize {
        self.by_fips.get(fips).copied().unwrap_or(self.codes.len())
    }

    /// Each region's code at the middle of its land, where that is on the panel.
    fn labels(&self, rings: &[Ring], frame: &Frame) -> Vec<(String, Spot)> {
        let mut sums = vec![(0.0, 0.0, 0.0); self.codes.len() + 1];
        for ring in rings {
            let (area, x, y) = middle(&ring.spots);
            let sum = &mut sums[ring.group];
            *sum = (sum.0 + area, sum.1 + area * x, sum.2 + area * y);
        }
        #[expect(clippy::cast_possible_truncation, reason = "within the panel")]
        let label = |(code, (area, x, y)): (&String, &(f64, f64, f64))| {
            let (x, y) = ((x / area).round() as i32, (y / area).round() as i32);
            let is_seen =
                *area > 200.0 && (10..frame.width - 10).contains(&x) && (10..frame.height - 10).contains(&y);
            is_seen.then(|| (code.clone(), (x, y)))
        };
        self.codes.iter().zip(&sums).filter_map(label).collect()
    }
}

/// Area of a ring and its centroid.
fn middle(spots: &[Spot]) -> (f64, f64, f64) {
    let mut sum = (0.0, 0.0, 0.0);
    for (a, b) in spots.iter().zip(spots.iter().cycle().skip(1)) {
        let ((ax, ay), (bx, by)) = ((f64::from(a.0), f64::from(a.1)), (f64::from(b.0), f64::from(b.1)));
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

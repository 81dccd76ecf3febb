//! A shape cut into the pieces that the tiles of a zoom have of it, each with the buffer around its tile.
//!
//! The tiles are halved again and again, and the shape with them, so that a piece is cut from what is left of the shape in a few tiles, not
//! from all of it.

use std::ops::Range;

use super::feature_bytes::DrawnKind;
use super::pyramid::{BUFFER, EXTENT};
use super::shape::{Part, Shape, Vertex};
use super::tile_id::TileId;

/// Tiles of a zoom: columns and rows.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TileRange {
    x: Range<u32>,
    y: Range<u32>,
}

impl TileRange {
    /// All of a zoom.
    pub(super) fn of_zoom(zoom: u8) -> Self {
        let across = 1_u32 << zoom;
        Self {
            x: 0..across,
            y: 0..across,
        }
    }

    fn intersection(&self, other: &Self) -> Self {
        Self {
            x: self.x.start.max(other.x.start)..self.x.end.min(other.x.end),
            y: self.y.start.max(other.y.start)..self.y.end.min(other.y.end),
        }
    }

    fn is_empty(&self) -> bool {
        self.x.is_empty() || self.y.is_empty()
    }

    /// One.
    pub(super) fn of_tile(tile: TileId) -> Self {
        Self {
            x: tile.x()..tile.x() + 1,
            y: tile.y()..tile.y() + 1,
        }
    }
}

/// What a tile has of a shape.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    /// What is left of it there.
    Part(&'a Shape),
    /// An area that fills the tile and its buffer: the same in every such tile.
    Filled,
}

/// Takes the piece of a tile, by its column and row.
pub(super) type SeePiece<'a> = dyn FnMut(u32, u32, Piece<'_>) + 'a;

/// Shows the piece of each of the `wanted` tiles that has one; the shape is in units of their zoom.
///
/// Halves that nobody wants are left aside, but the cuts are the same: a piece that is asked for alone is rounded as it is
/// among all.
pub(super) fn each_piece(shape: Shape, zoom: u8, wanted: &TileRange, see: &mut SeePiece<'_>) {
    cut(shape, &TileRange::of_zoom(zoom), wanted, see);
}

fn cut(shape: Shape, within: &TileRange, wanted: &TileRange, see: &mut SeePiece<'_>) {
    let Some(bounds) = shape.bounds() else { return };
    let tiles = TileRange {
        x: tiles_between(bounds[0], bounds[2], &within.x),
        y: tiles_between(bounds[1], bounds[3], &within.y),
    };
    let shown = tiles.intersection(wanted);
    if shown.is_empty() {
        return;
    }
    let x = tiles.x.end - tiles.x.start;
    let y = tiles.y.end - tiles.y.start;
    if is_filled(&shape, &tiles) {
        each_filled(&shown, see);
    } else if x == 1 && y == 1 {
        let piece = clip_to(shape, &tiles);
        if !piece.parts.is_empty() {
            see(tiles.x.start, tiles.y.start, Piece::Part(&piece));
        }
    } else {
        let axis = usize::from(y > x);
        let range = if axis == 0 { &tiles.x } else { &tiles.y };
        let middle = u32::midpoint(range.start, range.end);
        let mut lower = tiles.clone();
        let mut upper = tiles.clone();
        if axis == 0 {
            lower.x.end = middle;
            upper.x.start = middle;
        } else {
            lower.y.end = middle;
            upper.y.start = middle;
        }
        let border = f64::from(middle) * f64::from(EXTENT);
        if !lower.intersection(wanted).is_empty() {
            cut(
                clip(&shape, axis, border + f64::from(BUFFER), 1.0),
                &lower,
                wanted,
                see,
            );
        }
        if !upper.intersection(wanted).is_empty() {
            cut(
                clip(&shape, axis, border - f64::from(BUFFER), -1.0),
                &upper,
                wanted,
                see,
            );
        }
    }
}

/// Those of some columns, or rows, that what lies between two places is in, buffers included.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` ends at both ends of the range, within which tiles are"
)]
fn tiles_between(least: f64, most: f64, within: &Range<u32>) -> Range<u32> {
    let (extent, buffer) = (f64::from(EXTENT), f64::from(BUFFER));
    let first = ((least - buffer) / extent).floor().max(0.0) as u32;
    let end = ((most + buffer) / extent).floor().max(0.0) as u32;
    within.start.max(first)..within.end.min(end.saturating_add(1))
}

/// The sides of tiles with the buffer around them: least x and y, most x and y.
fn sides(tiles: &TileRange) -> [f64; 4] {
    let (extent, buffer) = (f64::from(EXTENT), f64::from(BUFFER));
    [
        f64::from(tiles.x.start) * extent - buffer,
        f64::from(tiles.y.start) * extent - buffer,
        f64::from(tiles.x.end) * extent + buffer,
        f64::from(tiles.y.end) * extent + buffer,
    ]
}

fn clip_to(mut shape: Shape, tiles: &TileRange) -> Shape {
    let sides = sides(tiles);
    for (at, side) in sides.into_iter().enumerate() {
        let sign = if at < 2 { -1.0 } else { 1.0 };
        let is_beyond = shape
            .bounds()
            .is_some_and(|bounds| (bounds[at] - side) * sign > 0.0);
        if is_beyond {
            shape = clip(&shape, at % 2, side, sign);
        }
    }
    shape
}

/// Whether an area fills tiles wholly: it is one rectangle around them.
#[expect(clippy::float_cmp, reason = "bounds are copies of vertices")]
fn is_filled(shape: &Shape, tiles: &TileRange) -> bool {
    let [part] = shape.parts.as_slice() else {
        return false;
    };
    let [ring] = part.as_slice() else { return false };
    let Some(bounds) = shape.bounds() else {
        return false;
    };
    let [left, top, right, bottom] = sides(tiles);
    let is_at_corner = |vertex: &Vertex| {
        (vertex[0] == bounds[0] || vertex[0] == bounds[2])
            && (vertex[1] == bounds[1] || vertex[1] == bounds[3])
    };
    shape.kind == DrawnKind::Areas
        && ring.len() == 4
        && ring.iter().all(is_at_corner)
        && bounds[0] <= left
        && bounds[1] <= top
        && bounds[2] >= right
        && bounds[3] >= bottom
}

fn each_filled(tiles: &TileRange, see: &mut SeePiece<'_>) {
    for y in tiles.y.clone() {
        for x in tiles.x.clone() {
            see(x, y, Piece::Filled);
        }
    }
}

/// The ring around a tile and its buffer, in units from the tile's own corner.
pub(super) fn filled_ring() -> Vec<Vertex> {
    let (near, far) = (-f64::from(BUFFER), f64::from(EXTENT + BUFFER));
    vec![[near, near], [far, near], [far, far], [near, far]]
}

/// What is on one side of a straight cut: up to it where `sign` is 1, from it on where that is -1.
fn clip(shape: &Shape, axis: usize, border: f64, sign: f64) -> Shape {
    let cut = Cut { axis, border, sign };
    let parts = shape.parts.iter();
    let parts: Vec<Part> = match shape.kind {
        DrawnKind::Lines => parts
            .flatten()
            .flat_map(|path| cut.paths_within(path))
            .map(|path| vec![path])
            .collect(),
        DrawnKind::Areas => parts.filter_map(|rings| cut.rings_within(rings)).collect(),
    };
    Shape {
        kind: shape.kind,
        parts,
    }
}

#[derive(Debug, Clone, Copy)]
struct Cut {
    axis: usize,
    border: f64,
    sign: f64,
}

impl Cut {
    fn is_within(self, vertex: Vertex) -> bool {
        (vertex[self.axis] - self.border) * self.sign <= 0.0
    }

    /// Where the way between two vertices, on either side of it, meets the cut.
    fn crossing(self, one: Vertex, other: Vertex) -> Vertex {
        let share = (self.border - one[self.axis]) / (other[self.axis] - one[self.axis]);
        let across = 1 - self.axis;
        let mut crossing = [self.border; 2];
        crossing[across] = one[across] + (other[across] - one[across]) * share;
        crossing
    }

    fn paths_within(self, path: &[Vertex]) -> Vec<Vec<Vertex>> {
        let mut paths = Vec::new();
        let mut open: Vec<Vertex> = Vec::new();
        let mut before: Option<Vertex> = None;
        for vertex in path {
            if let Some(before) = before
                && self.is_within(before) != self.is_within(*vertex)
            {
                open.push(self.crossing(before, *vertex));
            }
            if self.is_within(*vertex) {
                open.push(*vertex);
            } else if !open.is_empty() {
                paths.push(std::mem::take(&mut open));
            }
            before = Some(*vertex);
        }
        paths.push(open);
        paths.retain(|path| path.len() > 1);
        paths
    }

    fn rings_within(self, rings: &[Vec<Vertex>]) -> Option<Part> {
        let mut within = rings.iter().map(|ring| self.ring_within(ring));
        let outer = within.next().filter(|ring| ring.len() > 2)?;
        let holes = within.filter(|ring| ring.len() > 2);
        Some(std::iter::once(outer).chain(holes).collect())
    }

    /// By Sutherland and Hodgman: what is cut off leaves its trace along the cut, outside of the tile.
    fn ring_within(self, ring: &[Vertex]) -> Vec<Vertex> {
        let mut within: Vec<Vertex> = Vec::with_capacity(ring.len() + 4);
        let Some(mut before) = ring.last().copied() else {
            return within;
        };
        for vertex in ring {
            if self.is_within(before) != self.is_within(*vertex) {
                push_corner(&mut within, self.crossing(before, *vertex));
            }
            if self.is_within(*vertex) {
                push_corner(&mut within, *vertex);
            }
            before = *vertex;
        }
        within
    }
}

/// Adds a vertex to a ring, in place of the last where both lie on one line along an axis: of an area that is cut off on all
/// sides four corners are left.
#[expect(clippy::float_cmp, reason = "what lies along a cut has its very coordinate")]
fn push_corner(ring: &mut Vec<Vertex>, vertex: Vertex) {
    if ring.last() == Some(&vertex) {
        return;
    }
    if let [.., before, last] = ring.as_slice()
        && (0..2).any(|axis| before[axis] == last[axis] && last[axis] == vertex[axis])
    {
        ring.pop();
    }
    if ring.last() != Some(&vertex) {
        ring.push(vertex);
    }
}

#[cfg(test)]
mod tests {
    use super::super::commands::Pen;
    use super::*;

    const TILE: f64 = EXTENT as f64;

    fn pieces(kind: DrawnKind, path: &[Vertex], zoom: u8) -> Vec<(u32, u32, Shape)> {
        let shape = Shape {
            kind,
            parts: vec![vec![path.to_vec()]],
        };
        let mut found = Vec::new();
        each_piece(shape, zoom, &TileRange::of_zoom(zoom), &mut |x, y, piece| {
            let piece = match piece {
                Piece::Part(part) => part.clone(),
                Piece::Filled => {
                    let corner = [f64::from(x) * TILE, f64::from(y) * TILE];
                    let ring = filled_ring().into_iter();
                    Shape {
                        kind,
                        parts: vec![vec![ring.map(|[x, y]| [x + corner[0], y + corner[1]]).collect()]],
                    }
                }
            };
            found.push((x, y, piece));
        });
        found
    }

    #[test]
    fn a_line_is_in_the_tiles_it_goes_through_and_in_those_it_comes_near() {
        let line = [[10.0, 10.0], [3.0 * TILE - 10.0, 10.0]];
        let found = pieces(DrawnKind::Lines, &line, 2);
        let tiles: Vec<(u32, u32)> = found.iter().map(|(x, y, _)| (*x, *y)).collect();
        assert_eq!(tiles, [(0, 0), (1, 0), (2, 0), (3, 0)]);
        let buffer = f64::from(BUFFER);
        let second = &found[1].2.parts[0][0];
        assert_eq!(
            second.as_slice(),
            [[TILE - buffer, 10.0], [2.0 * TILE + buffer, 10.0]]
        );
    }

    #[test]
    fn a_line_that_comes_back_is_cut_in_two() {
        let line = [[10.0, 10.0], [2.0 * TILE, 500.0], [10.0, 1000.0]];
        let found = pieces(DrawnKind::Lines, &line, 1);
        assert_eq!(found[0].2.parts.len(), 2);
    }

    #[test]
    fn an_area_fills_the_tiles_within_it() {
        let side = 16.0 * TILE;
        let area = [[0.5, 0.5], [side, 1.0], [side - 1.0, side - 2.0], [2.0, side]];
        let found = pieces(DrawnKind::Areas, &area, 4);
        assert_eq!(found.len(), 256);
        let filled = found.iter().filter(|(_, _, piece)| piece.parts[0][0].len() == 4);
        assert!(filled.count() > 196, "all but those along the border");
        let total: f64 = found
            .iter()
            .map(|(x, y, piece)| {
                let corner = [f64::from(*x) * TILE, f64::from(*y) * TILE];
                area_within(&piece.parts[0][0], corner)
            })
            .sum();
        assert!((total / (side * side) - 1.0).abs() < 0.001, "{total}");
    }

    #[test]
    fn nothing_is_drawn_in_the_tiles_within_a_hole_but_for_an_island() {
        let square = |from: f64, to: f64| {
            let (from, to) = (from * TILE, to * TILE);
            vec![[from, from], [to, from], [to, to], [from, to]]
        };
        let shape = Shape {
            kind: DrawnKind::Areas,
            parts: vec![vec![square(0.1, 15.9), square(4.3, 11.6)], vec![square(7.2, 8.1)]],
        };
        let mut drawn = Vec::new();
        each_piece(shape, 4, &TileRange::of_zoom(4), &mut |x, y, piece| {
            let mut pen = Pen::in_tile(x, y);
            if let Piece::Part(part) = piece {
                pen.draw(part);
            }
            if matches!(piece, Piece::Filled) || !pen.commands().is_empty() {
                drawn.push((x, y));
            }
        });
        // 6 by 6 tiles lie within the hole, of which the island is in 2 by 2.
        assert_eq!(drawn.len(), 256 - 36 + 4);
        assert!(!drawn.contains(&(5, 5)) && drawn.contains(&(7, 8)) && drawn.contains(&(4, 5)));
    }

    /// Area of a ring within a tile without its buffer.
    fn area_within(ring: &[Vertex], corner: Vertex) -> f64 {
        let mut ring = ring.to_vec();
        for (axis, start) in corner.into_iter().enumerate() {
            for (border, sign) in [(start, -1.0), (start + TILE, 1.0)] {
                ring = Cut { axis, border, sign }.ring_within(&ring);
            }
        }
        let next = ring.iter().cycle().skip(1);
        let twice: f64 = ring
            .iter()
            .zip(next)
            .map(|(a, b)| a[0] * b[1] - b[0] * a[1])
            .sum();
        twice.abs() / 2.0
    }
}

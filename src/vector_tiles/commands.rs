//! Pieces as the commands of a tile: whole numbers from the tile's corner on, each step from where the one before has ended
//! (Mapbox Vector Tile 2.1, 4.3).

use super::feature_bytes::DrawnKind;
use super::protobuf::{push_varint, zigzag};
use super::pyramid::EXTENT;
use super::shape::{Shape, Vertex};

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// A place in a tile, in its units from its corner in the northwest.
type TilePlace = [i32; 2];

/// Draws the pieces of one tile.
#[derive(Debug)]
pub(super) struct Pen {
    /// Where the tile's own corner is, in units of its zoom.
    corner: Vertex,
    at: TilePlace,
    commands: Vec<u8>,
}

impl Pen {
    /// In a tile, by its column and row.
    pub(super) fn in_tile(x: u32, y: u32) -> Self {
        let extent = f64::from(EXTENT);
        Self {
            corner: [f64::from(x) * extent, f64::from(y) * extent],
            at: [0, 0],
            commands: vec![],
        }
    }

    /// Draws a piece.
    pub(super) fn draw(&mut self, piece: &Shape) {
        for part in &piece.parts {
            match piece.kind {
                DrawnKind::Lines => part.iter().for_each(|path| self.draw_line(path)),
                DrawnKind::Areas => self.draw_area(part),
            }
        }
    }

    /// The smallest line or area, at a vertex: in place of one that has been rounded away.
    pub(super) fn draw_smallest(&mut self, kind: DrawnKind, vertex: Vertex) {
        let [x, y] = self.place_of(vertex);
        match kind {
            DrawnKind::Lines => self.push_path(&[[x, y], [x + 1, y]]),
            DrawnKind::Areas => {
                self.push_path(&[[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]);
                self.push_command(CLOSE_PATH, 1);
            }
        }
    }

    /// What is drawn; nothing where all was too small.
    pub(super) fn commands(&self) -> &[u8] {
        &self.commands
    }

    fn draw_line(&mut self, path: &[Vertex]) {
        let places = self.places_of(path);
        if places.len() > 1 {
            self.push_path(&places);
        }
    }

    fn draw_area(&mut self, rings: &[Vec<Vertex>]) {
        let rings: Vec<DrawnRing> = rings.iter().map(|ring| self.drawn_ring(ring)).collect();
        let Some((outer, holes)) = rings.split_first() else {
            return;
        };
        let of_holes: u128 = holes.iter().map(DrawnRing::size).sum();
        // A tile within a hole has both rings, each all around it: nothing is between them. The same of what is flat.
        if outer.size() <= of_holes {
            return;
        }
        // Outer rings go clockwise where y is down, holes against it.
        self.push_ring(outer, true);
        for hole in holes.iter().filter(|hole| hole.size() > 0) {
            self.push_ring(hole, false);
        }
    }

    fn push_ring(&mut self, ring: &DrawnRing, is_clockwise: bool) {
        if (ring.doubled_area > 0) == is_clockwise {
            self.push_path(&ring.places);
        } else {
            let reversed: Vec<TilePlace> = ring.places.iter().rev().copied().collect();
            self.push_path(&reversed);
        }
        self.push_command(CLOSE_PATH, 1);
    }

    fn drawn_ring(&self, ring: &[Vertex]) -> DrawnRing {
        let mut places = self.places_of(ring);
        if places.len() > 1 && places.first() == places.last() {
            places.pop();
        }
        DrawnRing {
            doubled_area: doubled_area(&places),
            places,
        }
    }

    /// Places of vertices, without those that are where the one before is.
    fn places_of(&self, path: &[Vertex]) -> Vec<TilePlace> {
        let mut places: Vec<TilePlace> = path.iter().map(|vertex| self.place_of(*vertex)).collect();
        places.dedup();
        places
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "a piece ends a buffer beyond its tile: within 4,160 units of its corner"
    )]
    fn place_of(&self, vertex: Vertex) -> TilePlace {
        [0, 1].map(|axis| (vertex[axis] - self.corner[axis]).round() as i32)
    }

    fn push_path(&mut self, places: &[TilePlace]) {
        let Some((first, rest)) = places.split_first() else {
            return;
        };
        self.push_command(MOVE_TO, 1);
        self.push_step(*first);
        self.push_command(LINE_TO, rest.len());
        for place in rest {
            self.push_step(*place);
        }
    }

    fn push_command(&mut self, command: u32, count: usize) {
        push_varint(&mut self.commands, u64::from(command) | (count as u64) << 3);
    }

    fn push_step(&mut self, to: TilePlace) {
        for (to, from) in to.into_iter().zip(self.at) {
            push_varint(&mut self.commands, zigzag(to - from).into());
        }
        self.at = to;
    }
}

/// A ring in the units of a tile.
struct DrawnRing {
    places: Vec<TilePlace>,
    /// Greater than 0 where it goes clockwise and y is down.
    doubled_area: i128,
}

impl DrawnRing {
    /// Twice its area.
    fn size(&self) -> u128 {
        self.doubled_area.unsigned_abs()
    }
}

/// Twice the area of a ring, by the surveyor's formula.
fn doubled_area(ring: &[TilePlace]) -> i128 {
    let next = ring.iter().cycle().skip(1);
    ring.iter()
        .zip(next)
        .map(|(a, b)| i128::from(a[0]) * i128::from(b[1]) - i128::from(b[0]) * i128::from(a[1]))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(kind: DrawnKind, part: Vec<Vec<Vertex>>) -> Vec<u8> {
        let mut pen = Pen::in_tile(0, 0);
        pen.draw(&Shape {
            kind,
            parts: vec![part],
        });
        pen.commands().to_vec()
    }

    #[test]
    fn lines_and_areas_are_drawn_as_the_specification_s_examples_are() {
        let line = vec![vec![[2.0, 2.0], [2.0, 10.0], [10.0, 10.0]]];
        assert_eq!(drawn(DrawnKind::Lines, line), [9, 4, 4, 18, 0, 16, 16, 0]);
        let area = vec![vec![[3.0, 6.0], [8.0, 12.0], [20.0, 34.0]]];
        assert_eq!(drawn(DrawnKind::Areas, area), [9, 6, 12, 18, 10, 12, 24, 44, 15]);
    }

    #[test]
    fn rings_go_the_right_way_around_and_flat_ones_are_left_out() {
        let square = |from: f64, to: f64| vec![[from, from], [to, from], [to, to], [from, to]];
        let against: Vec<Vertex> = square(0.0, 10.0).into_iter().rev().collect();
        let first_corner = drawn(DrawnKind::Areas, vec![against.clone()]);
        assert_eq!(first_corner, drawn(DrawnKind::Areas, vec![square(0.0, 10.0)]));
        let with_hole = drawn(DrawnKind::Areas, vec![against, square(4.0, 6.0)]);
        let closed: Vec<&u8> = with_hole.iter().filter(|byte| **byte == 15).collect();
        assert_eq!(closed.len(), 2);
        assert!(drawn(DrawnKind::Areas, vec![square(0.1, 0.2), square(0.1, 0.2)]).is_empty());
        let within_hole = vec![square(-64.0, 4160.0), square(-64.0, 4160.0)];
        assert!(drawn(DrawnKind::Areas, within_hole).is_empty());
    }
}

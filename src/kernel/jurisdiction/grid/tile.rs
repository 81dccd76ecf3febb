//! The cells of one tile, made from the polygons that meet it.

use super::super::outlines::{EdgeRun, Outlines, index_u32};
use super::record::{PAGE, Page};
use super::sweep::{Squares, Sweep};
use super::{EMPTY, RECORD};

/// Polygons that cover a whole tile, up to which it has as many cells as edges ask for.
const LAYERS: usize = 8;
/// Cells of a tile for each edge that meets it.
const CELLS_PER_EDGE: usize = 4;
/// Most cells along a side: what lies closer together shares cells.
const MAX_SIDE: u32 = 1024;
/// Edges in a cell up to which those that several polygons share are looked for.
const FEW: usize = 96;

/// A polygon that meets a tile.
pub(super) struct Meeting {
    pub(super) tile: u32,
    pub(super) part: u32,
    /// See `sweep`.
    pub(super) ground: bool,
    /// Edges that may touch the tile; where there are none, the polygon holds all of it.
    pub(super) edges: Vec<EdgeRun>,
}

/// A tile's cells: words as in [`super::Grid`], records by their place in `records`.
pub(super) struct Cells {
    pub(super) side: u32,
    pub(super) words: Vec<u32>,
    pub(super) records: Vec<u32>,
}

/// A polygon in a cell: its slot among those of the tile.
#[derive(Clone, Copy, Default)]
struct Presence {
    cell: u32,
    slot: u32,
    ground: bool,
}

/// An edge in a cell.
#[derive(Clone, Copy, Default)]
struct Mark {
    cell: u32,
    slot: u32,
    edge: u32,
}

/// An edge in a cell with the polygons that have it.
struct SharedEdge {
    edge: u32,
    ends: [[f64; 2]; 2],
    mask: u32,
}

/// How many cells along each side of a tile.
pub(super) fn side_of(meetings: &[Meeting]) -> u32 {
    let edges: u32 = meetings.iter().flat_map(|m| &m.edges).map(|run| run.count).sum();
    let layers = meetings.iter().filter(|m| m.edges.is_empty()).count();
    let cells = edges as usize * CELLS_PER_EDGE / (layers / LAYERS).max(1);
    // A power of two: multiplying by it doesn't round.
    let side = 1 << (cells.max(1).ilog2().div_ceil(2));
    MAX_SIDE.min(side)
}

/// Makes a tile's cells; `meetings` are sorted by their polygons.
pub(super) fn make_cells(meetings: &[Meeting], squares: Squares, side: u32, outlines: &Outlines) -> Cells {
    let count = (side * side) as usize;
    let mut presences = Vec::new();
    let mut marks = Vec::new();
    for (meeting, slot) in meetings.iter().zip(0u32..) {
        if meeting.edges.is_empty() {
            presences.extend((0..side * side).map(|cell| Presence {
                cell,
                slot,
                ground: true,
            }));
        } else {
            sweep_polygon(meeting, slot, squares, outlines, &mut presences, &mut marks);
        }
    }
    let (presence_ends, presences) = grouped(&presences, count, |presence| presence.cell);
    let (mark_ends, marks) = grouped(&marks, count, |mark| mark.cell);
    let owners: Vec<u32> = meetings
        .iter()
        .map(|meeting| outlines.owners[meeting.part as usize])
        .collect();
    let mut cells = Cells {
        side,
        words: Vec::with_capacity(count),
        records: Vec::new(),
    };
    for cell in 0..count {
        let present = &presences[presence_ends[cell] as usize..presence_ends[cell + 1] as usize];
        let marked = &marks[mark_ends[cell] as usize..mark_ends[cell + 1] as usize];
        let word = match present.first().map(|presence| owners[presence.slot as usize]) {
            None => EMPTY,
            Some(owner) if marked.is_empty() && is_of_one(present, &owners) => owner,
            Some(_) => {
                let at = index_u32(cells.records.len()) | RECORD;
                write_record(present, marked, squares, outlines, &owners, &mut cells.records);
                at
            }
        };
        cells.words.push(word);
    }
    cells
}

/// Whether all polygons of a cell are of the same owner; `owners` are those of the tile's slots.
fn is_of_one(present: &[Presence], owners: &[u32]) -> bool {
    let mut found = present.iter().map(|presence| owners[presence.slot as usize]);
    let first = found.next();
    found.all(|owner| Some(owner) == first)
}

/// Lists one polygon's cells and the edges in them.
fn sweep_polygon(
    meeting: &Meeting,
    slot: u32,
    squares: Squares,
    outlines: &Outlines,
    presences: &mut Vec<Presence>,
    marks: &mut Vec<Mark>,
) {
    let mut sweep = Sweep::new(squares, outlines.bounds[meeting.part as usize]);
    let across = squares.columns.count();
    let before = marks.len();
    if meeting.ground {
        sweep.turn_rows_from(0);
    }
    for edge in meeting.edges.iter().flat_map(|run| run.edges()) {
        sweep.add_edge(outlines, edge, |at| {
            let cell = index_u32(at);
            marks.push(Mark { cell, slot, edge });
        });
        for [x, y] in outlines.ends(edge) {
            let row = squares.rows.step(y);
            if squares.columns.step(x) == across && (0..across).contains(&row) {
                sweep.turn_rows_from(row + 1);
            }
        }
    }
    sweep.finish();
    // So far, a mark's cell is its place in the window.
    for mark in &mut marks[before..] {
        mark.cell = sweep.cell(mark.cell as usize);
    }
    presences.extend(sweep.met().map(|(at, _, ground)| Presence {
        cell: sweep.cell(at),
        slot,
        ground,
    }));
}

/// Items by cell, in their order, and where each cell's begin and end.
fn grouped<T: Copy + Default>(items: &[T], cells: usize, cell_of: impl Fn(&T) -> u32) -> (Vec<u32>, Vec<T>) {
    let mut ends = vec![0u32; cells + 1];
    for item in items {
        ends[cell_of(item) as usize + 1] += 1;
    }
    for cell in 1..ends.len() {
        ends[cell] += ends[cell - 1];
    }
    let mut next = ends.clone();
    let mut sorted = vec![T::default(); items.len()];
    for item in items {
        let at = &mut next[cell_of(item) as usize];
        sorted[*at as usize] = *item;
        *at += 1;
    }
    (ends, sorted)
}

/// Writes the pages of a cell.
fn write_record(
    present: &[Presence],
    marked: &[Mark],
    squares: Squares,
    outlines: &Outlines,
    owners: &[u32],
    records: &mut Vec<u32>,
) {
    let pages = present.len().div_ceil(PAGE);
    for (polygons, number) in present.chunks(PAGE).zip(1..) {
        let mut page = Page::default();
        for (presence, bit) in polygons.iter().zip(0u32..) {
            page.owners.push(owners[presence.slot as usize]);
            page.ground |= u32::from(presence.ground) << bit;
        }
        let edges = shared_edges(polygons, marked, outlines);
        for edge in &edges {
            list_edge(edge, squares, polygons[0].cell, &mut page);
        }
        page.write(number == pages, records);
    }
}

/// The edges of a page's polygons, each once.
fn shared_edges(polygons: &[Presence], marked: &[Mark], outlines: &Outlines) -> Vec<SharedEdge> {
    let from = marked.partition_point(|mark| mark.slot < polygons[0].slot);
    let mut bit = 0;
    let mut edges: Vec<SharedEdge> = Vec::new();
    // Edges of the same polygon are looked at once more only from the first of the polygons before it.
    let mut others = 0;
    for mark in &marked[from..] {
        while bit < polygons.len() && polygons[bit].slot < mark.slot {
            bit += 1;
            others = edges.len();
        }
        if bit == polygons.len() {
            break;
        }
        let mask = 1u32 << bit;
        let ends = outlines.ends(mark.edge);
        // A polygon that has an edge twice crosses it twice: the second is an edge of its own.
        let twin = edges[..others.min(FEW)]
            .iter_mut()
            .find(|other| other.mask & mask == 0 && (other.ends == ends || other.ends == [ends[1], ends[0]]));
        match twin {
            Some(twin) => twin.mask |= mask,
            None => edges.push(SharedEdge {
                edge: mark.edge,
                ends,
                mask,
            }),
        }
    }
    edges
}

/// Puts an edge on a page, and the turns at those of its ends that lie east of the cell and in its row.
fn list_edge(edge: &SharedEdge, squares: Squares, cell: u32, page: &mut Page) {
    match page.runs.last_mut() {
        Some([first, count, mask]) if *mask == edge.mask && *first + *count == edge.edge => *count += 1,
        _ => page.runs.push([edge.edge, 1, edge.mask]),
    }
    let across = squares.columns.count();
    let [column, row] = [cell.cast_signed() % across, cell.cast_signed() / across];
    for [x, y] in edge.ends {
        if squares.rows.step(y) == row && squares.columns.step(x) > column {
            page.turns.push((y, edge.mask));
        }
    }
}

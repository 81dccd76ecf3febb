//! The nearest rows to a place, best-first: of all nodes of the tree the one that may be nearest is opened next, until none may
//! have a row that is nearer than those found (Hjaltason and Samet, "Distance browsing in spatial databases", 1999).
//!
//! Rows that are equally far come in the order of the tiles, so that the answer is that of a scan that is sorted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use arrow_array::{Float64Array, UInt32Array};

use super::QueryError;
use super::descent::{Resolved, Unit};
use super::items::TileItem;
use super::reach::{Reach, with_distance_column};
use super::reader::GroupsOf;
use crate::feature::FacilityRows;
use crate::geoparquet::{GroupIndex, TileIndex};

/// Pages that are read together where each request costs: those after the first may turn out to be too far.
const PAGES_AT_ONCE: usize = 8;

/// A node of the tree that was not opened yet.
enum Node {
    Tile(usize),
    Group {
        tile: usize,
        index: Arc<TileIndex>,
        group: usize,
    },
    Page(PageNode),
}

struct PageNode {
    tile: usize,
    unit: Unit,
}

/// A row that was found. In the order of its distance, which is never negative, so that its bits are in their order; then of
/// its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    metres: u64,
    tile: usize,
    group: usize,
    row: usize,
}

struct Search<'a> {
    asked: &'a Resolved,
    reach: &'a Reach,
    items: &'a [TileItem],
    k: usize,
    nodes: Vec<Option<Node>>,
    /// Nodes by what everything in them is away at least, the nearest first.
    waiting: BinaryHeap<(Reverse<u64>, Reverse<usize>)>,
    /// The nearest so far, the farthest of them on top.
    best: BinaryHeap<Found>,
    /// Row groups in which rows were found.
    units: BTreeMap<(usize, usize), Unit>,
}

/// The `k` nearest rows that are meant, the nearest first, with their distances; none where there is no such row.
pub(super) fn nearest_rows(
    asked: &Resolved,
    reach: &Reach,
    items: &[TileItem],
    k: usize,
) -> Result<Option<FacilityRows>, QueryError> {
    let mut search = Search {
        asked,
        reach,
        items,
        k,
        nodes: Vec::new(),
        waiting: BinaryHeap::new(),
        best: BinaryHeap::new(),
        units: BTreeMap::new(),
    };
    for (tile, item) in items.iter().enumerate() {
        search.put(reach.least(item.bounds), Node::Tile(tile));
    }
    while let Some(node) = search.next_node() {
        asked.reader.limits.check(asked.reader.meter.bytes_read())?;
        search.open(node)?;
    }
    search.answer()
}

impl Search<'_> {
    /// Metres beyond which nothing is wanted.
    fn limit(&self) -> f64 {
        let farthest = self.best.peek().filter(|_| self.best.len() == self.k);
        farthest.map_or(self.reach.radius_m(), |found| f64::from_bits(found.metres))
    }

    fn put(&mut self, least: f64, node: Node) {
        if least <= self.limit() {
            self.waiting
                .push((Reverse(least.to_bits()), Reverse(self.nodes.len())));
            self.nodes.push(Some(node));
        }
    }

    /// The node that may be nearest; none where no node may have what is wanted.
    fn next_node(&mut self) -> Option<Node> {
        let (Reverse(least), Reverse(number)) = self.waiting.pop()?;
        // Equally far may still be of an earlier place.
        if f64::from_bits(least) > self.limit() {
            self.waiting.clear();
            return None;
        }
        self.nodes[number].take()
    }

    /// The next node, if it is a page.
    fn next_page(&mut self) -> Option<PageNode> {
        let (_, Reverse(number)) = self.waiting.peek()?;
        if !matches!(self.nodes[*number], Some(Node::Page(_))) {
            return None;
        }
        match self.next_node() {
            Some(Node::Page(page)) => Some(page),
            _ => None,
        }
    }

    fn open(&mut self, node: Node) -> Result<(), QueryError> {
        match node {
            Node::Tile(tile) => self.open_tile(tile),
            Node::Group { tile, index, group } => self.open_group(tile, &index, group),
            Node::Page(page) => self.open_pages(page),
        }
    }

    fn open_tile(&mut self, tile: usize) -> Result<(), QueryError> {
        let item = &self.items[tile];
        for index in self.asked.reader.tiles(&[item])? {
            self.asked.reader.meter.tile(index.groups());
            for group in self.asked.groups_of(&index) {
                let least = self.reach.least(index.extent(group).unwrap_or(item.bounds));
                let index = Arc::clone(&index);
                self.put(least, Node::Group { tile, index, group });
            }
        }
        Ok(())
    }

    fn open_group(&mut self, tile: usize, index: &Arc<TileIndex>, group: usize) -> Result<(), QueryError> {
        let asked = GroupsOf {
            tile: index,
            groups: vec![group],
        };
        for group in self.asked.reader.groups(&[asked])?.into_iter().flatten() {
            self.asked.reader.meter.group(group.leaves().len().max(1));
            self.put_pages(tile, index, &group);
        }
        Ok(())
    }

    fn put_pages(&mut self, tile: usize, index: &Arc<TileIndex>, group: &Arc<GroupIndex>) {
        let may_be = self.asked.filter.runs_in_pages(group);
        let unit = |runs| Unit {
            path: index.path().display().to_string(),
            tile: Arc::clone(index),
            group: Arc::clone(group),
            runs,
            first_row: 0,
        };
        if group.leaves().is_empty() {
            let unit = unit(may_be);
            self.put(0.0, Node::Page(PageNode { tile, unit }));
            return;
        }
        for leaf in group.leaves() {
            let whole = std::slice::from_ref(&leaf.rows);
            let unit = unit(crate::select::common_runs(&may_be, whole));
            if !unit.runs.is_empty() {
                self.put(self.reach.least(leaf.bounds), Node::Page(PageNode { tile, unit }));
            }
        }
    }

    /// Looks at the rows of a page, and of those that come next where each request costs.
    fn open_pages(&mut self, first: PageNode) -> Result<(), QueryError> {
        let mut pages = vec![first];
        if self.asked.reader.cost().most_requests.is_some() {
            while pages.len() < PAGES_AT_ONCE
                && let Some(page) = self.next_page()
            {
                pages.push(page);
            }
        }
        let units: Vec<Unit> = pages.iter().map(|page| page.unit.clone()).collect();
        let decoded = self.asked.decode(&units, &self.asked.columns.filter)?;
        for (page, rows) in pages.into_iter().zip(decoded) {
            self.asked.reader.meter.pages(page.unit.pages(), page.unit.rows());
            self.look_at(&page, &rows);
        }
        Ok(())
    }

    fn look_at(&mut self, page: &PageNode, rows: &[FacilityRows]) {
        let group = page.unit.group.group();
        let mut places = page.unit.runs.iter().cloned().flatten();
        for rows in rows {
            let marks = self.asked.filter.marks(rows);
            let Some(shapes) = rows.geometry() else { continue };
            for (number, row) in places.by_ref().take(rows.num_rows()).enumerate() {
                if !marks.value(number) {
                    continue;
                }
                let metres = self.reach.metres(shapes.value(number), self.limit());
                let Some(metres) = metres.filter(|metres| metres.is_finite()) else {
                    continue;
                };
                self.best.push(Found {
                    metres: metres.to_bits(),
                    tile: page.tile,
                    group,
                    row,
                });
                if self.best.len() > self.k {
                    self.best.pop();
                }
                self.units
                    .entry((page.tile, group))
                    .or_insert_with(|| page.unit.clone());
            }
        }
    }

    /// All columns of the rows that were found.
    fn answer(self) -> Result<Option<FacilityRows>, QueryError> {
        let by_distance = self.best.into_sorted_vec();
        let mut rows_of: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        for found in &by_distance {
            rows_of
                .entry((found.tile, found.group))
                .or_default()
                .push(found.row);
        }
        let mut units = Vec::with_capacity(rows_of.len());
        let mut places = Vec::with_capacity(by_distance.len());
        for (key, mut rows) in rows_of {
            let Some(unit) = self.units.get(&key) else {
                continue;
            };
            rows.sort_unstable();
            places.extend(rows.iter().map(|row| (key.0, key.1, *row)));
            let runs = rows.chunk_by(|one, next| one + 1 == *next);
            units.push(Unit {
                runs: runs.map(|run| run[0]..run[0] + run.len()).collect(),
                ..unit.clone()
            });
        }
        let decoded: Vec<FacilityRows> = self
            .asked
            .decode(&units, &self.asked.columns.read)?
            .into_iter()
            .flatten()
            .collect();
        if decoded.is_empty() {
            return Ok(None);
        }
        let unfit = |what: String| QueryError::format("rows", what);
        let in_places = FacilityRows::concat(&decoded).map_err(|source| unfit(source.to_string()))?;
        let order = by_distance.iter().filter_map(|found| {
            let place = places.binary_search(&(found.tile, found.group, found.row)).ok()?;
            u32::try_from(place).ok()
        });
        let nearest = in_places
            .take(&UInt32Array::from_iter_values(order))
            .map_err(|source| unfit(source.to_string()))?;
        let metres = by_distance.iter().map(|found| f64::from_bits(found.metres));
        with_distance_column(&nearest, Float64Array::from_iter_values(metres)).map(Some)
    }
}

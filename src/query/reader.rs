//! Bytes of tiles, read with as few requests as they are worth: footers, page indexes, pages.
//!
//! Asks whoever answers for files; counts what it takes, and stops at the question's bounds.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use rayon::prelude::*;

use super::account::Meter;
use super::cache::IndexCache;
use super::items::TileItem;
use super::{Limits, QueryError};
use crate::feature::{FilePart, ReleaseFiles, RequestCost};
use crate::geoparquet::{GroupIndex, SparseFile, TileIndex};
use crate::source::{check_footer, check_page_index};

/// One part in so many of a tile is its footer and its page index, about: for a tile that is read by requests, as much of its end
/// is asked for at once.
const TAIL_SHARE: u64 = 32;
/// Parts are not joined over more bytes than this, however few requests there should be: they would be in memory, too.
const MOST_GAP_BYTES: u64 = 8 << 20;
/// Last bytes of a Parquet file, which say how long its footer is.
const END_BYTES: u64 = 8;

/// Reads for one question.
#[derive(Debug, Clone)]
pub(super) struct Reader {
    pub(super) files: Arc<dyn ReleaseFiles>,
    pub(super) cache: Arc<IndexCache>,
    pub(super) meter: Arc<Meter>,
    pub(super) limits: Limits,
}

/// Row groups of a tile that are looked into.
pub(super) struct GroupsOf<'a> {
    pub(super) tile: &'a Arc<TileIndex>,
    pub(super) groups: Vec<usize>,
}

impl Reader {
    pub(super) fn cost(&self) -> RequestCost {
        self.files.cost()
    }

    /// Reads parts, those that are near each other together; gives what was read.
    pub(super) fn fetch(&self, wanted: Vec<FilePart>) -> Result<Vec<(FilePart, Bytes)>, QueryError> {
        let cost = self.cost();
        let left = cost
            .most_requests
            .map(|most| most.saturating_sub(self.meter.requests()));
        let parts = coalesced(wanted, cost.gap_bytes, left);
        if parts.is_empty() {
            return Ok(vec![]);
        }
        let bytes: u64 = parts.iter().map(|part| part.range.end - part.range.start).sum();
        // Before it is asked for: what is too much must not be in memory either.
        self.limits.check(self.meter.bytes_read() + bytes)?;
        let read = self.files.read_parts(&parts)?;
        for part in &parts {
            self.meter.request(part.range.end - part.range.start);
        }
        Ok(parts.into_iter().zip(read).collect())
    }

    /// The footers of tiles.
    pub(super) fn tiles(&self, items: &[&TileItem]) -> Result<Vec<Arc<TileIndex>>, QueryError> {
        let mut tiles: Vec<Option<Arc<TileIndex>>> =
            items.iter().map(|item| self.cache.tile(&item.path)).collect();
        let absent: Vec<&TileItem> = items
            .iter()
            .zip(&tiles)
            .filter_map(|(item, tile)| tile.is_none().then_some(*item))
            .collect();
        let opened = self.open_tiles(&absent)?;
        let mut opened = opened.into_iter();
        for tile in tiles.iter_mut().filter(|tile| tile.is_none()) {
            *tile = opened.next();
        }
        Ok(tiles.into_iter().flatten().collect())
    }

    fn open_tiles(&self, items: &[&TileItem]) -> Result<Vec<Arc<TileIndex>>, QueryError> {
        let cost = self.cost();
        let tails = items.iter().map(|item| {
            let length = (item.size / TAIL_SHARE).clamp(cost.tail_bytes, cost.most_tail_bytes);
            FilePart {
                path: item.path.clone(),
                range: item.size.saturating_sub(length)..item.size,
            }
        });
        let tails = self.fetch(tails.collect())?;
        let mut held: Vec<SparseFile> = items
            .iter()
            .map(|item| SparseFile::new(item.size, parts_of(&tails, &item.path)))
            .collect();
        let mut rest = Vec::new();
        for (item, file) in items.iter().zip(&held) {
            if item.size < END_BYTES {
                return Err(QueryError::format(&item.path, "it is too short for a tile"));
            }
            let range = TileIndex::footer_range(Path::new(&item.path), file)?;
            if file.part(&range).is_none() {
                rest.push(FilePart {
                    path: item.path.clone(),
                    range,
                });
            }
        }
        let rest = self.fetch(rest)?;
        let files = items.par_iter().zip(&mut held);
        files
            .map(|(item, file)| self.parse_tile(item, file.with_parts(parts_of(&rest, &item.path))))
            .collect()
    }

    fn parse_tile(&self, item: &TileItem, file: SparseFile) -> Result<Arc<TileIndex>, QueryError> {
        let range = TileIndex::footer_range(Path::new(&item.path), &file)?;
        let footer = file.part(&range).unwrap_or_default();
        check_footer(&footer)
            .map_err(|fault| QueryError::format(&item.path, format!("its footer can't be right: {fault}")))?;
        let tile = Arc::new(TileIndex::parse(Path::new(&item.path), file)?);
        self.cache.keep_tile(&item.path, &tile);
        Ok(tile)
    }

    /// Row groups with the index of their pages, in the order asked for.
    pub(super) fn groups(&self, asked: &[GroupsOf<'_>]) -> Result<Vec<Vec<Arc<GroupIndex>>>, QueryError> {
        let mut wanted = Vec::new();
        for of in asked {
            let path = of.tile.path().display().to_string();
            for group in &of.groups {
                let is_kept = self.cache.group(&path, *group).is_some();
                let ranges = of.tile.page_index_ranges(*group).filter(|_| !is_kept);
                let absent = ranges
                    .into_iter()
                    .flatten()
                    .filter(|range| of.tile.held().part(range).is_none());
                wanted.extend(absent.map(|range| FilePart {
                    path: path.clone(),
                    range,
                }));
            }
        }
        let fetched = self.fetch(wanted)?;
        let found = asked.par_iter().map(|of| {
            let path = of.tile.path().display().to_string();
            let file = of.tile.held_with(parts_of(&fetched, &path));
            let groups = of.groups.par_iter();
            groups
                .map(|group| self.group(of.tile, &path, *group, &file))
                .collect()
        });
        found.collect()
    }

    fn group(
        &self,
        tile: &Arc<TileIndex>,
        path: &str,
        group: usize,
        file: &SparseFile,
    ) -> Result<Arc<GroupIndex>, QueryError> {
        if let Some(kept) = self.cache.group(path, group) {
            return Ok(kept);
        }
        let ranges = tile.page_index_ranges(group);
        for range in ranges.iter().flatten() {
            let index = file.part(range).unwrap_or_default();
            check_page_index(&index).map_err(|fault| {
                QueryError::format(path, format!("its page index can't be right: {fault}"))
            })?;
        }
        let index = Arc::new(GroupIndex::parse(tile, group, ranges.map(|_| file))?);
        self.cache.keep_group(path, &index);
        Ok(index)
    }
}

/// What was read of a file.
pub(super) fn parts_of(read: &[(FilePart, Bytes)], path: &str) -> Vec<(u64, Bytes)> {
    let of_file = read.iter().filter(|(part, _)| part.path == path);
    of_file
        .map(|(part, bytes)| (part.range.start, bytes.clone()))
        .collect()
}

/// The parts, those with no more than `gap` bytes between them made one; where they are more than `most`, those with the least
/// between them, too. One for each file there will be.
fn coalesced(mut parts: Vec<FilePart>, gap: u64, most: Option<usize>) -> Vec<FilePart> {
    parts.retain(|part| part.range.start < part.range.end);
    parts.sort_by(|one, other| (&one.path, one.range.start).cmp(&(&other.path, other.range.start)));
    let near = joined(parts, |between| between <= gap);
    let Some(excess) = most
        .and_then(|most| near.len().checked_sub(most.max(1)))
        .filter(|excess| *excess > 0)
    else {
        return near;
    };
    let mut gaps: Vec<u64> = near
        .windows(2)
        .filter_map(|pair| gap_between(&pair[0], &pair[1]))
        .collect();
    gaps.sort_unstable();
    match gaps.get(excess - 1).or(gaps.last()).copied() {
        Some(widest) => joined(near, |between| between <= widest.min(MOST_GAP_BYTES)),
        None => near,
    }
}

fn joined(parts: Vec<FilePart>, is_near: impl Fn(u64) -> bool) -> Vec<FilePart> {
    let mut joined: Vec<FilePart> = Vec::new();
    for part in parts {
        match joined.last_mut() {
            Some(last) if gap_between(last, &part).is_some_and(&is_near) => {
                last.range = last.range.start..last.range.end.max(part.range.end);
            }
            _ => joined.push(part),
        }
    }
    joined
}

/// Bytes between two parts of one file, the first of which begins first.
fn gap_between(one: &FilePart, other: &FilePart) -> Option<u64> {
    (one.path == other.path).then(|| other.range.start.saturating_sub(one.range.end))
}

/// Parts of a file.
pub(super) fn parts(path: &str, ranges: Vec<Range<u64>>) -> impl Iterator<Item = FilePart> {
    ranges.into_iter().map(move |range| FilePart {
        path: path.to_owned(),
        range,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(parts: &[FilePart]) -> Vec<(&str, Range<u64>)> {
        parts
            .iter()
            .map(|part| (part.path.as_str(), part.range.clone()))
            .collect()
    }

    #[test]
    fn parts_are_joined_where_that_is_cheaper_than_a_request() {
        let asked = |most| {
            let of_a = parts("a", vec![500..600, 0..10, 10..20, 25..30, 5..12]);
            let of_b = parts("b", vec![0..10, 7..7, 5_000..5_010]);
            coalesced(of_a.chain(of_b).collect(), 5, most)
        };
        let near = asked(None);
        assert_eq!(
            ranges(&near),
            [("a", 0..30), ("a", 500..600), ("b", 0..10), ("b", 5_000..5_010)]
        );
        assert_eq!(ranges(&asked(Some(4))), ranges(&near));
        assert_eq!(
            ranges(&asked(Some(3))),
            [("a", 0..600), ("b", 0..10), ("b", 5_000..5_010)]
        );
        assert_eq!(ranges(&asked(Some(2))), [("a", 0..600), ("b", 0..5_010)]);
        assert_eq!(
            ranges(&asked(Some(0))),
            ranges(&asked(Some(2))),
            "one for each file"
        );
    }
}

//! Packing in little memory: slice by slice, rows come in the order that they have when all are in memory.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Mutex;

use arrow_array::RecordBatch;
use geo::Rect;

use super::pack::Gathered;
use super::*;
use crate::feature::{FeatureBatch, RegionId};
use crate::kernel::columns::inventory_schema;
use crate::kernel::pack::{Levels, Spot};
use crate::kernel::publish::Published;

/// Rows on few meridians, many of them at one place, so that slices end within rows of one longitude.
struct Meridians {
    spots: Vec<Spot>,
    bytes_away: usize,
    /// Groups as they were asked for, by their first row.
    asked: Mutex<Vec<Vec<u32>>>,
    /// Rows that were told to share a place.
    told: Mutex<Vec<u32>>,
}

impl Meridians {
    fn new(rows: u32, bytes_away: usize) -> Self {
        let spot = |row: u32| Spot {
            x: f64::from(row * 7 % 5),
            y: f64::from(row * 31 % 211),
            tie: 0,
            part: 0,
            row,
        };
        Self {
            spots: (0..rows).map(spot).collect(),
            bytes_away,
            asked: Mutex::default(),
            told: Mutex::default(),
        }
    }
}

impl Packable for Meridians {
    fn regions(&self) -> BTreeSet<RegionId> {
        BTreeSet::from([RegionId::new(Some("R06"))])
    }

    fn rows_in(&self, _region: &RegionId) -> u64 {
        self.spots.len() as u64
    }

    fn each_spot(&self, _region: &RegionId, see: &mut dyn FnMut(Spot)) -> Result<(), EngineError> {
        self.spots.iter().rev().for_each(|spot| see(*spot));
        Ok(())
    }

    fn tied_ids(&self, spots: &[Spot], runs: &[Range<usize>]) -> Result<Vec<String>, EngineError> {
        let shared = runs
            .iter()
            .flat_map(|run| &spots[run.clone()])
            .map(|spot| spot.row);
        self.told.lock().unwrap().extend(shared);
        Ok(spots
            .iter()
            .map(|spot| format!("{:06}", spot.row * 7_919 % 10_007))
            .collect())
    }

    fn bytes_away(&self) -> usize {
        self.bytes_away
    }

    fn bring_together<'r>(&'r self, spots: &[Spot]) -> Result<Box<dyn Gathered + 'r>, EngineError> {
        Ok(Box::new(Met {
            rows: self,
            spots: spots.iter().map(|spot| spot.row).collect(),
        }))
    }
}

struct Met<'a> {
    rows: &'a Meridians,
    spots: Vec<u32>,
}

impl Gathered for Met<'_> {
    fn publish(&self, rows: Range<usize>) -> Result<Published, EngineError> {
        self.rows.asked.lock().unwrap().push(self.spots[rows].to_vec());
        Ok(Published {
            rows: FeatureBatch::try_new(RecordBatch::new_empty(inventory_schema(&[]))).unwrap(),
            extent: Rect::new((0.0, 0.0), (0.0, 0.0)),
            geometry_types: BTreeSet::new(),
        })
    }
}

/// Every row group of one tile, in the order of the file.
#[test]
fn little_memory_changes_nothing_in_a_file_that_holds_a_region_whole() {
    let packed = |memory: usize| {
        let rows = Meridians::new(10_000, 100);
        let levels = Levels {
            tile_rows: usize::MAX,
            group_rows: 90,
            page_rows: 10,
        };
        let packing = Packing {
            collection: "a",
            levels,
            memory,
        };
        let tiles = pack(&rows, &packing, |tile, groups| {
            let lengths = groups
                .map(|group| Ok(group?.spots.len()))
                .collect::<Result<Vec<_>, EngineError>>()?;
            assert_eq!(lengths, tile.row_groups);
            Ok::<_, EngineError>(lengths)
        });
        let mut told = rows.told.into_inner().unwrap();
        told.sort_unstable();
        (tiles.unwrap(), rows.asked.into_inner().unwrap(), told)
    };
    let expected = packed(usize::MAX);
    assert_eq!(
        (expected.0.len(), expected.1.len(), expected.2.len()),
        (1, 112, 10_000)
    );
    for memory in [0, 100_000] {
        assert!(packed(memory) == expected, "{memory} bytes");
    }
}

#[test]
fn little_memory_changes_neither_the_order_nor_what_is_told_of_shared_places() {
    let packed = |memory: usize, bytes_away: usize| {
        let rows = Meridians::new(10_000, bytes_away);
        let levels = Levels {
            tile_rows: 300,
            group_rows: 90,
            page_rows: 10,
        };
        let packing = Packing {
            collection: "a",
            levels,
            memory,
        };
        let tiles = pack(&rows, &packing, |tile, groups| {
            groups.for_each(drop);
            Ok::<_, EngineError>((tile.ordinal, tile.row_groups.clone()))
        });
        let (mut asked, mut told) = (rows.asked.into_inner().unwrap(), rows.told.into_inner().unwrap());
        asked.sort();
        told.sort_unstable();
        (tiles.unwrap(), asked, told)
    };
    let (tiles, groups, told) = packed(usize::MAX, 0);
    let rows: BTreeSet<u32> = groups.iter().flatten().copied().collect();
    assert_eq!(
        (rows.len(), tiles.len(), told.len()),
        (10_000, 34, 10_000),
        "every row, and every place is shared"
    );
    let expected = (tiles, groups, told);
    for (memory, bytes_away) in [(0, 0), (0, 100), (100_000, 100), (usize::MAX, 100)] {
        assert!(
            packed(memory, bytes_away) == expected,
            "{memory} bytes, {bytes_away} each"
        );
    }
}

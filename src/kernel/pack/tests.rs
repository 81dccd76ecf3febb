//! Laws of packing: nothing lost, nothing left to chance, and pages that windows can skip.

use geo::{Coord, Intersects, Rect};
use proptest::prelude::*;

use super::{Levels, Spot, TileCut, cut_tiles, shared_centres, str_order};

/// A small generator with a seed (splitmix64), uniform in 0..1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0..n")]
    fn index(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }
}

/// Points in towns of different sizes, a few in the open country.
fn towns(rows: usize, seed: u64) -> Vec<Rect<f64>> {
    let mut random = Random(seed);
    let centres: Vec<(f64, f64)> = (0..300)
        .map(|_| (-125.0 + 58.0 * random.next(), 25.0 + 24.0 * random.next()))
        .collect();
    let point = |_| {
        let town = random.index(300);
        let (x, y) = centres[random.index(town + 1)];
        let spread = if random.next() < 0.1 { 4.0 } else { 0.3 };
        let (dx, dy) = (
            random.next() + random.next() - 1.0,
            random.next() + random.next() - 1.0,
        );
        let at = Coord {
            x: x + spread * dx,
            y: y + spread * dy,
        };
        Rect::new(at, at)
    };
    (0..rows).map(point).collect()
}

fn ids(rows: usize) -> Vec<String> {
    (0..rows).map(|row| format!("dams:{row:07}")).collect()
}

/// The rows in order; ids settle ties.
fn order(boxes: &[Rect<f64>], ids: &[String], levels: &Levels) -> Vec<u32> {
    let mut by_id: Vec<usize> = (0..boxes.len()).collect();
    by_id.sort_by_key(|row| ids.get(*row));
    let spot = |(tie, row): (u32, usize)| {
        let centre = boxes[row].center();
        Spot {
            x: centre.x,
            y: centre.y,
            tie,
            part: 0,
            row: u32::try_from(row).unwrap(),
        }
    };
    let mut spots: Vec<Spot> = (0..).zip(by_id).map(spot).collect();
    str_order(&mut spots, levels);
    spots.into_iter().map(|spot| spot.row).collect()
}

const LEVELS: Levels = Levels {
    tile_rows: 30_000,
    group_rows: 5_000,
    page_rows: 256,
};

#[test]
fn cuts_are_even_and_in_whole_pages() {
    let levels = Levels {
        tile_rows: 4096,
        group_rows: 2048,
        page_rows: 1024,
    };
    assert_eq!(cut_tiles(0, &levels), []);
    assert_eq!(
        cut_tiles(5, &levels),
        [TileCut {
            rows: 0..5,
            row_groups: vec![5]
        }]
    );
    assert_eq!(
        cut_tiles(4096, &levels),
        [TileCut {
            rows: 0..4096,
            row_groups: vec![2048, 2048]
        }]
    );
    assert_eq!(
        cut_tiles(4097, &levels),
        [
            TileCut {
                rows: 0..3072,
                row_groups: vec![2048, 1024]
            },
            TileCut {
                rows: 3072..4097,
                row_groups: vec![1025]
            },
        ]
    );
    assert_eq!(
        cut_tiles(
            2049,
            &Levels {
                page_rows: 100,
                ..levels
            }
        ),
        [TileCut {
            rows: 0..2049,
            row_groups: vec![1100, 949]
        }]
    );
}

#[test]
fn the_same_rows_give_the_same_order_however_they_come() {
    let boxes = towns(20_000, 7);
    // Every tenth row stands where its neighbour stands: only ids can settle those.
    let boxes: Vec<_> = (0..boxes.len())
        .map(|row| boxes[row - usize::from(row % 10 == 9)])
        .collect();
    let ids = ids(boxes.len());
    let levels = Levels {
        tile_rows: 8192,
        group_rows: 2048,
        page_rows: 128,
    };
    let expected: Vec<&String> = order(&boxes, &ids, &levels)
        .iter()
        .map(|row| &ids[*row as usize])
        .collect();
    for threads in [1, 4] {
        let mut rows: Vec<usize> = (0..boxes.len()).collect();
        Random(threads as u64).shuffle(&mut rows);
        let boxes: Vec<_> = rows.iter().map(|row| boxes[*row]).collect();
        let shuffled: Vec<_> = rows.iter().map(|row| ids[*row].clone()).collect();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let found = pool.install(|| order(&boxes, &shuffled, &levels));
        let found: Vec<&String> = found.iter().map(|row| &shuffled[*row as usize]).collect();
        assert!(found == expected, "{threads} threads, shuffled");
    }
}

/// Boxes of consecutive runs of rows.
fn runs(boxes: &[Rect<f64>], order: &[u32], lengths: impl Iterator<Item = usize>) -> Vec<Rect<f64>> {
    let mut rest = order;
    lengths
        .map(|length| {
            let (run, others) = rest.split_at(length);
            rest = others;
            let (mut min, mut max) = (boxes[run[0] as usize].min(), boxes[run[0] as usize].max());
            for rect in run.iter().map(|row| boxes[*row as usize]) {
                min = Coord {
                    x: min.x.min(rect.min().x),
                    y: min.y.min(rect.min().y),
                };
                max = Coord {
                    x: max.x.max(rect.max().x),
                    y: max.y.max(rect.max().y),
                };
            }
            Rect::new(min, max)
        })
        .collect()
}

/// Mean share of boxes that windows of 1 % of the extent's area don't touch, against the share in
/// a regular grid of as many boxes over the extent: what the distribution profile of GeoParquet
/// calls an ideal tiling, and asks 0.70 of.
fn skip_ratio(boxes: &[Rect<f64>]) -> f64 {
    let corners: geo::MultiPoint<f64> = boxes.iter().flat_map(|b| [b.min(), b.max()]).collect();
    let extent = geo::BoundingRect::bounding_rect(&corners).unwrap();
    let cell = |x0: f64, y0: f64, w: f64, h: f64| {
        let at = |x: f64, y: f64| Coord {
            x: extent.min().x + x * extent.width(),
            y: extent.min().y + y * extent.height(),
        };
        Rect::new(at(x0, y0), at(x0 + w, y0 + h))
    };
    let columns = boxes.len().isqrt() + 1;
    let rows = boxes.len().div_ceil(columns);
    let ideal: Vec<_> = (0..boxes.len())
        .map(|i| (i / columns, i % columns))
        .map(|(row, column)| {
            let in_row = columns.min(boxes.len() - row * columns) as f64;
            cell(
                column as f64 / in_row,
                row as f64 / rows as f64,
                1.0 / in_row,
                1.0 / rows as f64,
            )
        })
        .collect();
    let mut random = Random(42);
    let windows: Vec<_> = (0..200)
        .map(|_| cell(0.9 * random.next(), 0.9 * random.next(), 0.1, 0.1))
        .collect();
    let skipped = |tiling: &[Rect<f64>]| {
        windows
            .iter()
            .map(|w| tiling.iter().filter(|b| !b.intersects(w)).count())
            .sum::<usize>() as f64
    };
    skipped(boxes) / skipped(&ideal)
}

#[test]
fn rows_that_share_a_centre_are_found() {
    let at = |x: f64, row: u32| Spot {
        x,
        y: 1.0,
        tie: 0,
        part: 0,
        row,
    };
    let spots = [
        at(0.0, 0),
        at(0.0, 1),
        at(1.0, 2),
        at(2.0, 3),
        at(2.0, 4),
        at(2.0, 5),
    ];
    assert_eq!(shared_centres(&spots), [0..2, 3..6]);
    assert!(shared_centres(&spots[..1]).is_empty() && shared_centres(&[]).is_empty());
}

#[test]
fn windows_skip_pages_and_groups_as_in_an_ideal_tiling() {
    let boxes = towns(60_000, 1);
    let packed = order(&boxes, &ids(boxes.len()), &LEVELS);
    let mut shuffled: Vec<u32> = (0u32..60_000).collect();
    Random(3).shuffle(&mut shuffled);
    let tiles = cut_tiles(boxes.len(), &LEVELS);
    let groups: Vec<usize> = tiles.into_iter().flat_map(|tile| tile.row_groups).collect();
    let pages = groups.iter().flat_map(|&rows| {
        (0..rows.div_ceil(LEVELS.page_rows))
            .map(move |page| LEVELS.page_rows.min(rows - page * LEVELS.page_rows))
    });
    let pages: Vec<usize> = pages.collect();
    for (name, lengths) in [("pages", pages), ("groups", groups)] {
        let ratio = |order: &[u32]| skip_ratio(&runs(&boxes, order, lengths.iter().copied()));
        assert!(ratio(&packed) >= 0.95, "{name} packed: {}", ratio(&packed));
        assert!(ratio(&shuffled) < 0.5, "{name} shuffled: {}", ratio(&shuffled));
    }
}

proptest! {
    #[test]
    fn every_row_stands_once_and_every_ceiling_holds(
        rows in 0usize..3000, tile in 0usize..2000, group in 0usize..500, page in 0usize..100, seed: u64,
    ) {
        let levels = Levels { tile_rows: tile, group_rows: group, page_rows: page };
        let mut found = order(&towns(rows, seed), &ids(rows), &levels);
        found.sort_unstable();
        prop_assert!(found.iter().copied().eq(0..u32::try_from(rows).unwrap()));

        let tiles = cut_tiles(rows, &levels);
        let mut end = 0;
        for (nth, TileCut { rows: range, row_groups }) in tiles.iter().enumerate() {
            prop_assert_eq!(range.start, end);
            end = range.end;
            prop_assert!(!range.is_empty() && range.len() <= tile.max(1));
            prop_assert_eq!(row_groups.iter().sum::<usize>(), range.len());
            let group = group.clamp(1, tile.max(1));
            prop_assert!(row_groups.iter().all(|rows| (1..=group).contains(rows)));
            let page = page.clamp(1, group);
            let last = usize::from(nth + 1 == tiles.len());
            prop_assert!(row_groups.iter().rev().skip(last).all(|rows| rows % page == 0));
        }
        prop_assert_eq!(end, rows);
    }

    #[test]
    fn odd_boxes_do_not_stop_it(values in prop::collection::vec(any::<(f64, f64)>(), 0..50)) {
        let boxes: Vec<_> = values.iter().map(|&(x, y)| Rect::new((x, y), (x, y))).collect();
        let mut found = order(&boxes, &[], &Levels { tile_rows: 20, group_rows: 10, page_rows: 3 });
        found.sort_unstable();
        prop_assert!(found.iter().copied().eq(0..u32::try_from(boxes.len()).unwrap()));
    }
}

//! Order inside a tile: validators say nothing of a tile with one row group, so this test does.

use std::fmt::Write as _;

use arrow_array::UInt32Array;
use cikr::geoparquet::{Features, WriteOptions, page_boxes, read, write_features};

use crate::program::{Folder, tiles};

const ROWS: usize = 60_000;

/// A small deterministic generator (Knuth's MMIX constants), so that the test needs no crate for it.
struct Random(u64);

impl Random {
    /// From 0 to 1.
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Towns of facilities in one state, as real layers cluster.
fn towns() -> String {
    let mut random = Random(7);
    let centres: Vec<(f64, f64)> = (0..300)
        .map(|_| (-99.5 + 9.0 * random.next(), 30.5 + 9.0 * random.next()))
        .collect();
    let mut csv = String::new();
    for row in 0..ROWS {
        let (x, y) = centres[(random.next() * 300.0) as usize];
        let near = |random: &mut Random| (random.next() + random.next() - 1.0) * 0.4;
        let (x, y) = (x + near(&mut random), y + near(&mut random));
        let _ = writeln!(csv, "{row},N{row},48001,{},{x:.6},{y:.6}", row % 500);
    }
    csv
}

/// Mean share of pages that windows of 1 % of the extent skip, over that of a regular tiling by as many boxes.
fn skip_ratio(pages: &[[f32; 4]]) -> f64 {
    let side = |at: usize, pick: fn(f32, f32) -> f32| pages.iter().map(|page| page[at]).reduce(pick).unwrap();
    let (west, south) = (f64::from(side(0, f32::min)), f64::from(side(1, f32::min)));
    let (width, height) = (
        f64::from(side(2, f32::max)) - west,
        f64::from(side(3, f32::max)) - south,
    );
    let columns = pages.len().isqrt();
    let ideal: Vec<[f64; 4]> = (0..pages.len())
        .map(|page| {
            let (row, column) = (page / columns, page % columns);
            let rows = pages.len().div_ceil(columns);
            let in_row = columns.min(pages.len() - row * columns) as f64;
            [
                column as f64 / in_row,
                row as f64 / rows as f64,
                (column + 1) as f64 / in_row,
                (row + 1) as f64 / rows as f64,
            ]
        })
        .collect();
    let real: Vec<[f64; 4]> = pages
        .iter()
        .map(|page| {
            let [x0, y0, x1, y1] = page.map(f64::from);
            [
                (x0 - west) / width,
                (y0 - south) / height,
                (x1 - west) / width,
                (y1 - south) / height,
            ]
        })
        .collect();
    let mut random = Random(42);
    let (mut skipped, mut possible) = (0, 0);
    for _ in 0..400 {
        let (x, y) = (0.9 * random.next(), 0.9 * random.next());
        let outside = |b: &&[f64; 4]| b[0] > x + 0.1 || b[2] < x || b[1] > y + 0.1 || b[3] < y;
        skipped += real.iter().filter(outside).count();
        possible += ideal.iter().filter(outside).count();
    }
    f64::from(skipped as u32) / f64::from(possible as u32)
}

#[test]
fn windows_skip_nearly_as_many_pages_as_in_an_ideal_tiling() {
    let folder = Folder::new();
    folder.points(&towns()).run().code(0);
    let layer = folder.latest().join("layers/points");
    let tiles = tiles(&layer);
    assert_eq!(tiles.len(), 1, "one region, one tile");
    let pages = page_boxes(&tiles[0]).unwrap();
    assert!(pages.len() >= ROWS / 1024, "{} pages", pages.len());
    let packed = skip_ratio(&pages);
    assert!(packed >= 0.95, "{packed} of an ideal tiling");

    let shuffled = folder.path().join("shuffled.parquet");
    write_shuffled(&tiles[0], &shuffled);
    let loose = skip_ratio(&page_boxes(&shuffled).unwrap());
    assert!(loose < 0.5, "the measure doesn't notice shuffled rows: {loose}");
}

fn write_shuffled(tile: &std::path::Path, to: &std::path::Path) {
    let rows = read(tile, None).unwrap();
    let mut random = Random(3);
    let mut order: Vec<(u64, u32)> = (0..60_000_u32)
        .map(|row| ((random.next() * 1e15) as u64, row))
        .collect();
    order.sort_unstable();
    let order = UInt32Array::from_iter_values(order.into_iter().map(|(_, row)| row));
    let features = Features {
        what: "points",
        rows: &arrow_select::take::take_record_batch(&rows, &order).unwrap(),
        row_groups: &[20_480, 20_480, 19_040],
        extent: Some(geo::Rect::new((-100.0, 30.0), (-90.0, 40.0))),
        geometry_types: &["Point".to_owned()],
        footer: &[],
    };
    let options = WriteOptions {
        page_rows: 1024,
        zstd_level: 1,
    };
    write_features(&features, &options, std::fs::File::create(to).unwrap()).unwrap();
}

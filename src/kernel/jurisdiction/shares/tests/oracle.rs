//! Seven geometries over five invented jurisdictions.
//!
//! Computed with shapely 2 and pyproj: intersections, less what lower codes hold, divided into pieces of 0.0001°, whose
//! geodesic lengths and areas on WGS 84 were added up. A line was asked segment by segment.

use super::made::{EVERY, LOWEST, by_rank, gap, geometry, index_of};
use crate::kernel::jurisdiction::JurisdictionIndex;

/// A has a hole in which B lies, C shares a slanted border with A, D overlaps C and touches A.
fn invented() -> JurisdictionIndex {
    index_of(&[
        (
            "A",
            "POLYGON((-100 30,-98 30,-97.5 32,-100 32,-100 30),(-99.5 30.5,-99 30.5,-99 31.25,-99.5 31,-99.5 30.5))",
        ),
        (
            "B",
            "POLYGON((-99.5 30.5,-99 30.5,-99 31.25,-99.5 31,-99.5 30.5))",
        ),
        ("C", "POLYGON((-98 30,-96 30.5,-96.25 31.75,-97.5 32,-98 30))"),
        (
            "D",
            "MULTIPOLYGON(((-97 30.75,-95 30.75,-95 31.5,-97 31.5,-97 30.75)),((-100 32,-99 32,-99 32.5,-100 32)))",
        ),
    ])
}

struct Case {
    asked: &'static str,
    whole: f64,
    /// Shares of A to D with every place counted for the lowest code.
    lowest: [f64; 4],
    /// Share of D with every place counted for every code; the others' are the same.
    every_d: f64,
}

const CASES: [Case; 7] = [
    Case {
        asked: "LINESTRING(-100.5 30.8,-98.2 30.9,-96.4 31.1,-94.5 31.3)",
        whole: 576_044.656_201,
        lowest: [0.289_244_146_3, 0.083_127_667_0, 0.273_516_588_5, 0.187_669_230_0],
        every_d: 0.333_649_697_9,
    },
    Case {
        asked: "LINESTRING(-99.2 30.2,-99.2 30.2,-97.9 31.7,-98.4 31.2)",
        whole: 280_595.143_952,
        lowest: [1.0, 0.0, 0.0, 0.0],
        every_d: 0.0,
    },
    Case {
        asked: "MULTILINESTRING((-99.25 30.75,-99.2 30.8),(-98.5 31,-96.5 31.9,-96.1 30.2))",
        whole: 414_334.835_905,
        lowest: [0.219_424_079_2, 0.017_675_946_6, 0.623_609_682_6, 0.0],
        every_d: 0.204_762_177_7,
    },
    Case {
        asked: "POLYGON((-99.75 30.25,-98.75 30.4,-98.9 31.5,-99.6 31.4,-99.75 30.25))",
        whole: 10_140_223_067.9,
        lowest: [0.673_073_277_7, 0.326_926_722_3, 0.0, 0.0],
        every_d: 0.0,
    },
    Case {
        asked: "POLYGON((-98.6 30.6,-96.6 30.7,-96.7 31.6,-98.3 31.7,-98.6 30.6),(-98 30.9,-97.4 30.9,-97.4 31.3,-98 31.3,-98 30.9))",
        whole: 16_494_453_761.1,
        lowest: [0.429_962_245_3, 0.0, 0.570_037_754_7, 0.0],
        every_d: 0.169_653_531_5,
    },
    Case {
        asked: "POLYGON((-95.1 31.4,-94.2 31.45,-94.6 32.1,-95.1 31.4))",
        whole: 3_181_401_588.7,
        lowest: [0.0, 0.0, 0.0, 0.020_377_654_4],
        every_d: 0.020_377_654_4,
    },
    Case {
        asked: "POLYGON((-101 29.5,-94 29.75,-94.5 33,-101 32.75,-101 29.5))",
        whole: 232_362_813_031.9,
        lowest: [0.190_704_373_6, 0.014_266_955_4, 0.119_614_053_3, 0.049_648_834_9],
        every_d: 0.079_517_986_1,
    },
];

#[test]
fn shares_are_those_of_shapely_and_pyproj() {
    let index = invented();
    for Case {
        asked,
        whole,
        lowest,
        every_d,
    } in CASES
    {
        let asked_geometry = geometry(asked);
        let found = index.shares_of(&asked_geometry, LOWEST);
        assert!(
            (found.whole / whole - 1.0).abs() < 1e-9,
            "{asked}: {}",
            found.whole
        );
        assert!(gap(&found) < 1e-12, "{asked}");
        let outside = 1.0 - lowest.iter().sum::<f64>();
        assert!((found.outside / found.whole - outside).abs() < 1e-9, "{asked}");
        for (share, expected) in by_rank(&found, 4).iter().zip(lowest) {
            assert!(
                (share - expected).abs() < 1e-9,
                "{asked}: {share}, not {expected}"
            );
        }
        let every = by_rank(&index.shares_of(&asked_geometry, EVERY), 4);
        let expected = [lowest[0], lowest[1], lowest[2], every_d];
        for (share, expected) in every.iter().zip(expected) {
            assert!(
                (share - expected).abs() < 1e-9,
                "{asked}: {share}, not {expected}"
            );
        }
    }
}

#[test]
fn the_largest_share_comes_first_and_slivers_are_left_out() {
    let index = invented();
    let rule = crate::kernel::jurisdiction::ShareRule {
        tolerance: 0.1,
        ..LOWEST
    };
    let found = index.shares_of(&geometry(CASES[0].asked), rule);
    let ranks: Vec<u32> = found.parts.iter().map(|part| part.rank).collect();
    assert_eq!((ranks, found.slivers), (vec![0, 2, 3], 1));
    assert!((found.dropped / found.whole - CASES[0].lowest[1]).abs() < 1e-9);
    assert!(gap(&found) < 1e-12);
}

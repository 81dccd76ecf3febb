//! The nearest polygon against a dense search on geodesics.

use geo::{Coord, Distance, Geodesic, Point, Polygon};
use proptest::prelude::*;

use super::super::JurisdictionIndex;
use super::boundary;

/// Metres to the nearest place of a straight edge: ever finer steps around the best.
fn dense_distance(from: Point<f64>, start: Coord<f64>, end: Coord<f64>) -> f64 {
    let [mut low, mut high] = [0.0f64, 1.0f64];
    let mut least = f64::INFINITY;
    for _ in 0..6 {
        let step = (high - low) / 40.0;
        let shares = (0..=40).map(|n| (low + step * f64::from(n)).min(1.0));
        let metres = shares.map(|share| {
            (
                Geodesic.distance(from, Point(start + (end - start) * share)),
                share,
            )
        });
        let (metres, best) = metres.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        least = least.min(metres);
        [low, high] = [(best - step).max(0.0), (best + step).min(1.0)];
    }
    least
}

/// A triangle, its corners around a place; longitudes within -180..=180.
fn triangle(at: Coord<f64>, corners: [(f64, f64); 3]) -> [Coord<f64>; 3] {
    corners.map(|(x, y)| Coord {
        x: at.x + x,
        y: (at.y + y).clamp(-90.0, 90.0),
    })
}

fn check(
    at: Coord<f64>,
    size: f64,
    corners: [(f64, f64); 3],
    offset: (f64, f64),
) -> Result<(), TestCaseError> {
    // Longitudes shrink towards the poles: shapes there are as wide as elsewhere, up to half the world.
    let stretch = (1.0 / at.y.to_radians().cos().max(0.01)).min(20.0);
    let corners = triangle(at, corners.map(|(x, y)| (x * size * stretch, y * size)));
    let point = Point::new(
        at.x + offset.0 * size * stretch,
        (at.y + offset.1 * size).clamp(-90.0, 90.0),
    );
    let index = JurisdictionIndex::build(vec![boundary("A", Polygon::new(corners.to_vec().into(), vec![]))]);
    prop_assume!(index.rank_at(point).is_none());
    let best = [(0, 1), (1, 2), (2, 0)]
        .into_iter()
        .map(|(a, b)| dense_distance(point, corners[a], corners[b]))
        .fold(f64::INFINITY, f64::min);
    let found = index.nearest_rank(point, 200_000.0);
    if best > 200_000.0 * (1.0 + 1e-6) {
        prop_assert_eq!(found, None);
        return Ok(());
    }
    prop_assume!(best < 200_000.0 * (1.0 - 1e-6));
    let (rank, metres) = found.unwrap();
    prop_assert_eq!(rank, 0);
    prop_assert!(
        (metres / best - 1.0).abs() < 1e-6,
        "{} m found, {} m exists",
        metres,
        best
    );
    prop_assert!(index.nearest_rank(point, metres * (1.0 - 1e-6)).is_none());
    // The same a turn on.
    let turned = index
        .nearest_rank(Point::new(point.x() - 360.0, point.y()), 200_000.0)
        .unwrap();
    prop_assert!((turned.1 / metres - 1.0).abs() < 1e-9);
    Ok(())
}

proptest! {
    // Few, as geodesics are slow without optimization.
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn distances_are_those_of_a_dense_search(
        at in (-180.0..180.0f64, -80.0..80.0f64),
        size in 0.001..0.8f64,
        corners in prop::array::uniform3((-1.0..1.0f64, -1.0..1.0f64)),
        offset in (-2.5..2.5f64, -2.5..2.5f64),
    ) {
        check(at.into(), size, corners, offset)?;
    }

    #[test]
    fn near_a_pole_as_well(
        at in (-180.0..180.0f64, 80.0..90.0f64),
        is_south in any::<bool>(),
        size in 0.01..1.5f64,
        corners in prop::array::uniform3((-1.0..1.0f64, -1.0..1.0f64)),
        offset in (-2.5..2.5f64, -2.5..2.5f64),
    ) {
        let y = if is_south { -at.1 } else { at.1 };
        check(Coord { x: at.0, y }, size, corners, offset)?;
    }

    #[test]
    fn across_the_meridian_as_well(
        at in (179.0..181.0f64, -70.0..70.0f64),
        size in 0.01..0.8f64,
        corners in prop::array::uniform3((-1.0..1.0f64, -1.0..1.0f64)),
        offset in (-2.5..2.5f64, -2.5..2.5f64),
    ) {
        check(at.into(), size, corners, offset)?;
    }

    #[test]
    fn the_nearest_of_many_is_found_and_the_lowest_of_equals(
        centres in prop::collection::vec((-2.0..2.0f64, -2.0..2.0f64), 1..30),
        probe in (-2.5..2.5f64, -2.5..2.5f64),
    ) {
        let square = |(x, y): (f64, f64)| geo::Rect::new((x, 50.0 + y), (x + 0.1, 50.1 + y)).to_polygon();
        // Every square twice, the higher code first.
        let set: Vec<_> = centres
            .iter()
            .zip(0..)
            .flat_map(|(centre, n)| [boundary(&format!("{n:02}B"), square(*centre)), boundary(&format!("{n:02}A"), square(*centre))])
            .collect();
        let index = JurisdictionIndex::build(set);
        let point = Point::new(probe.0, 50.0 + probe.1);
        prop_assume!(index.rank_at(point).is_none());
        let nearest = centres.iter().zip(0u32..).map(|(centre, n)| {
            let lines = square(*centre);
            let metres = lines.exterior().lines().map(|l| dense_distance(point, l.start, l.end)).fold(f64::INFINITY, f64::min);
            (metres, n * 2)
        });
        let (metres, rank) = nearest.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let found = index.nearest_rank(point, 200_000.0);
        if metres < 199_000.0 {
            let found = found.unwrap();
            prop_assert!((found.1 / metres - 1.0).abs() < 1e-6, "{} {}", found.1, metres);
            prop_assert!(found.0 == rank || (metres / found.1 - 1.0).abs() < 1e-9);
            prop_assert_eq!(found.0 % 2, 0);
        }
    }
}

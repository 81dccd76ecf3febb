//! Areas by scan lines: slow, but each is sorted out by itself.

use geo::{Line, LinesIter, Polygon};

/// Square metres of a polygon, and of what each code holds of it.
pub(super) struct Areas {
    pub(super) whole: f64,
    pub(super) lowest: Vec<f64>,
    pub(super) every: Vec<f64>,
}

/// Place (0 to 1) and weight of the four nodes of Gauss and Legendre.
const NODES: [(f64, f64); 4] = [
    (0.069_431_844_202_973_71, 0.173_927_422_568_726_93),
    (0.330_009_478_207_571_9, 0.326_072_577_431_273_1),
    (0.669_990_521_792_428_1, 0.326_072_577_431_273_1),
    (0.930_568_155_797_026_3, 0.173_927_422_568_726_93),
];

/// Areas by the even-odd rule of each polygon; the code of a polygon is its place modulo the number of codes.
pub(super) fn brute_areas(asked: &Polygon<f64>, polygons: &[Polygon<f64>], codes: usize) -> Areas {
    let mut edges: Vec<(usize, Line<f64>)> = asked.lines_iter().map(|line| (0, line)).collect();
    for (polygon, at) in polygons.iter().zip(1..) {
        edges.extend(polygon.lines_iter().map(|line| (at, line)));
    }
    let mut areas = Areas {
        whole: 0.0,
        lowest: vec![0.0; codes],
        every: vec![0.0; codes],
    };
    for slab in levels_of(&edges).windows(2) {
        for (place, weight) in NODES {
            let latitude = slab[0] + place * (slab[1] - slab[0]);
            let zone = weight * (slab[1] - slab[0]).to_radians() * square_radian(latitude);
            add_scan_line(latitude, zone, &edges, polygons.len(), &mut areas);
        }
    }
    areas
}

fn add_scan_line(latitude: f64, zone: f64, edges: &[(usize, Line<f64>)], polygons: usize, areas: &mut Areas) {
    let mut borders: Vec<(f64, usize)> = edges
        .iter()
        .filter(|(_, edge)| (edge.start.y > latitude) != (edge.end.y > latitude))
        .map(|(polygon, edge)| {
            let part = (latitude - edge.start.y) / edge.dy();
            (edge.start.x + part * edge.dx(), *polygon)
        })
        .collect();
    borders.sort_by(|a, b| a.0.total_cmp(&b.0));
    let codes = areas.lowest.len();
    let mut is_inside = vec![false; polygons + 1];
    for ends in borders.windows(2) {
        is_inside[ends[0].1] ^= true;
        if !is_inside[0] {
            continue;
        }
        let area = zone * (ends[1].0 - ends[0].0).to_radians();
        areas.whole += area;
        let holders =
            (0..codes).filter(|code| is_inside[1..].iter().skip(*code).step_by(codes).any(|&is| is));
        for (holder, at) in holders.zip(0..) {
            areas.every[holder] += area;
            if at == 0 {
                areas.lowest[holder] += area;
            }
        }
    }
}

/// Latitudes of all corners and of all places where lines of edges meet.
fn levels_of(edges: &[(usize, Line<f64>)]) -> Vec<f64> {
    let mut levels: Vec<f64> = edges
        .iter()
        .flat_map(|(_, edge)| [edge.start.y, edge.end.y])
        .collect();
    for (at, (_, edge)) in edges.iter().enumerate() {
        for (_, other) in &edges[..at] {
            let cross = edge.dx() * other.dy() - edge.dy() * other.dx();
            let offset = other.start - edge.start;
            let part = (offset.x * other.dy() - offset.y * other.dx()) / cross;
            if (0.0..=1.0).contains(&part) {
                levels.push(edge.start.y + part * edge.dy());
            }
        }
    }
    levels.sort_by(f64::total_cmp);
    levels
}

/// Square metres of a square radian of longitude and latitude on WGS 84.
fn square_radian(latitude: f64) -> f64 {
    let flattening = 1.0 / 298.257_223_563;
    let e2 = flattening * (2.0 - flattening);
    let (sin, cos) = latitude.to_radians().sin_cos();
    6_378_137.0_f64.powi(2) * (1.0 - e2) * cos / (1.0 - e2 * sin * sin).powi(2)
}

//! Panels of the map and how places come onto them.
//!
//! A nation of six scattered pieces on one sheet would be a sliver on an ocean: each piece has a
//! panel of its own. Pure.

/// Equal-area conic projection on the sphere (Snyder, Map Projections, USGS PP 1395, 14-3 to 14-6).
#[derive(Debug, Clone, Copy)]
pub(super) struct Albers {
    n: f64,
    c: f64,
    rho0: f64,
    middle: f64,
}

impl Albers {
    /// With standard parallels `south` and `north` and the origin at `middle`, `origin` (degrees).
    pub(super) fn new(south: f64, north: f64, middle: f64, origin: f64) -> Self {
        let s = south.to_radians().sin();
        let t = north.to_radians().sin();
        let n = f64::midpoint(s, t);
        let c = 1.0 - s * s + 2.0 * n * s;
        let rho0 = cone_radius(n, c, origin);
        Self { n, c, rho0, middle }
    }

    /// Longitude and latitude to the plane, in radii of the globe, north up.
    pub(super) fn project(&self, lon: f64, lat: f64) -> (f64, f64) {
        // Within half a turn of the middle: the Aleutians beyond 180° lie west of Alaska, not a world away.
        let east = (lon - self.middle + 540.0).rem_euclid(360.0) - 180.0;
        let theta = self.n * east.to_radians();
        let rho = cone_radius(self.n, self.c, lat);
        (rho * theta.sin(), self.rho0 - rho * theta.cos())
    }
}

/// Snyder's rho: how far a parallel is from the cone's tip.
fn cone_radius(n: f64, c: f64, lat: f64) -> f64 {
    (c - 2.0 * n * lat.to_radians().sin()).max(0.0).sqrt() / n
}

/// A piece of the nation with a panel of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    /// Its name, under the panel.
    pub(super) name: &'static str,
    /// West, south, east, north; west of east also across the antimeridian.
    bounds: [f64; 4],
    /// South and north standard parallel, middle, origin.
    parallels: [f64; 4],
}

// Parallels and middles of the contiguous states and of Alaska are those of the U.S. Geological Survey's maps, which
// Snyder gives; the others' lie within their piece.

/// The contiguous states first: they have the large panel. Bounds leave some water for what stands off a coast.
pub(super) const PIECES: [Piece; 6] = [
    piece(
        "Contiguous states",
        [-126.5, 23.5, -65.5, 50.5],
        [29.5, 45.5, -96.0, 37.5],
    ),
    piece("Alaska", [170.0, 50.5, -129.0, 72.5], [55.0, 65.0, -154.0, 60.0]),
    piece("Hawaii", [-161.5, 18.0, -154.0, 23.0], [19.0, 22.0, -157.5, 20.5]),
    piece(
        "Puerto Rico and U.S. Virgin Islands",
        [-68.5, 17.0, -64.0, 19.0],
        [17.5, 18.5, -66.2, 18.0],
    ),
    piece(
        "Guam and Northern Mariana Islands",
        [144.0, 12.5, 147.0, 21.0],
        [13.5, 19.0, 145.3, 16.0],
    ),
    piece(
        "American Samoa",
        [-172.0, -15.5, -167.5, -10.5],
        [-14.5, -11.5, -170.0, -14.0],
    ),
];

const fn piece(name: &'static str, bounds: [f64; 4], parallels: [f64; 4]) -> Piece {
    Piece {
        name,
        bounds,
        parallels,
    }
}

impl Piece {
    /// A piece around some places of another nation.
    pub(super) fn around_bounds(bounds: [f64; 4]) -> Self {
        let [west, south, east, north] = bounds;
        let middle = f64::midpoint(west, east);
        let origin = f64::midpoint(south, north);
        // A cone that opens neither way has no parallels: the equator's neighbours get some.
        let origin = if origin.abs() < 5.0 {
            5.0_f64.copysign(origin)
        } else {
            origin
        };
        piece(
            "All facilities",
            bounds,
            [origin - 2.0, origin + 2.0, middle, origin],
        )
    }

    /// Whether a place is on its panel.
    pub(super) fn holds(&self, lon: f64, lat: f64) -> bool {
        let [west, south, east, north] = self.bounds;
        let across = if west <= east {
            lon >= west && lon <= east
        } else {
            lon >= west || lon <= east
        };
        across && lat >= south && lat <= north
    }

    /// Its projection.
    pub(super) fn projection(&self) -> Albers {
        let [south, north, middle, origin] = self.parallels;
        Albers::new(south, north, middle, origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Snyder's worked example of the sphere (PP 1395, p. 291): 35° N, 75° W.
    #[test]
    fn the_projection_is_that_of_the_book() {
        let (x, y) = Albers::new(29.5, 45.5, -96.0, 23.0).project(-75.0, 35.0);
        assert!(
            (x - 0.295_272_0).abs() < 1e-6 && (y - 0.241_677_4).abs() < 1e-6,
            "{x} {y}"
        );
    }

    #[test]
    fn each_place_is_on_the_panel_of_its_piece() {
        let at = |lon, lat| {
            PIECES
                .iter()
                .find(|piece| piece.holds(lon, lat))
                .map(|piece| piece.name)
        };
        assert_eq!(at(-98.6, 39.8), Some("Contiguous states"));
        assert_eq!(at(-149.9, 61.2), Some("Alaska"));
        assert_eq!(
            at(173.2, 52.9),
            Some("Alaska"),
            "Attu lies beyond the antimeridian"
        );
        assert_eq!(at(-157.9, 21.3), Some("Hawaii"));
        assert_eq!(at(-66.1, 18.4), Some("Puerto Rico and U.S. Virgin Islands"));
        assert_eq!(at(144.8, 13.5), Some("Guam and Northern Mariana Islands"));
        assert_eq!(at(-170.7, -14.3), Some("American Samoa"));
        assert_eq!(at(2.3, 48.9), None);
    }

    #[test]
    fn a_piece_spans_the_antimeridian_without_a_jump() {
        let alaska = PIECES[1].projection();
        let (west, _) = alaska.project(179.9, 52.0);
        let (east, _) = alaska.project(-179.9, 52.0);
        assert!((0.0..0.01).contains(&(east - west)), "{west} {east}");
    }

    #[test]
    fn any_place_can_be_around() {
        for bounds in [
            [-1.0, -1.0, 1.0, 1.0],
            [10.0, -40.0, 20.0, -30.0],
            [5.0, 45.0, 6.0, 46.0],
        ] {
            let piece = Piece::around_bounds(bounds);
            let projection = piece.projection();
            let south = projection.project(bounds[0], bounds[1]);
            let north = projection.project(bounds[0], bounds[3]);
            assert!(south.1 < north.1, "north is up: {bounds:?}");
        }
    }
}

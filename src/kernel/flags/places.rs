//! Claimed against computed: county and state, by code and by name; and coordinates that seem to be another's.

use arrow_array::{Array, RecordBatch, StringArray};
use geo::{CoordsIter, Geometry, Point};

use super::names;
use crate::feature::{FlagCode, RowFlag, Texts};
use crate::kernel::CodedArray;
use crate::kernel::locate::{JoinContext, Located};

/// A batch's rows, and where they were found to be.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// Their columns.
    pub columns: &'a RecordBatch,
    /// Their geometries, in degrees.
    pub geometries: &'a [Geometry<f64>],
    /// The point that stands for each.
    pub points: &'a [Point<f64>],
    /// What was computed of them.
    pub located: &'a Located,
}

/// Flags of rows whose place is doubtful.
///
/// `detail` is `claimed → computed`, with `none` for a row outside every polygon.
pub fn places(placed: &Placed<'_>, join: &JoinContext) -> Vec<RowFlag> {
    let mut flags = zeros(placed.geometries);
    let located = placed.located;
    if located.counts.county_mismatch > 0 {
        let pairs = differing(placed, "county_fips_claimed", &located.county_fips);
        flags.extend(pairs.map(|pair| pair.flag("county_fips_claimed", FlagCode::CountyMismatch)));
    }
    county_names(&mut flags, placed);
    if join.knows_states() {
        states(&mut flags, placed, join);
    }
    for told in &located.disagreements {
        flags.push(RowFlag {
            index: told.row,
            field: "state_code".to_owned(),
            value: told.state.clone(),
            code: FlagCode::BoundariesDisagree,
            detail: format!("{}, its county is in {}", told.state, told.of_county),
        });
    }
    for (index, column) in &located.missing {
        flags.push(RowFlag {
            index: *index,
            field: (*column).to_owned(),
            value: String::new(),
            code: FlagCode::BoundaryMissing,
            detail: "in the box of a polygon that can't be used".to_owned(),
        });
    }
    flags
}

/// A claim that isn't what was computed.
struct Pair<'a> {
    index: usize,
    claimed: &'a str,
    computed: Option<&'a str>,
}

impl Pair<'_> {
    fn flag(&self, field: &str, code: FlagCode) -> RowFlag {
        RowFlag {
            index: self.index,
            field: field.to_owned(),
            value: self.claimed.to_owned(),
            code,
            detail: format!("{} → {}", self.claimed, self.computed.unwrap_or("none")),
        }
    }
}

/// Rows whose claim in a column is not the computed text.
fn differing<'a>(
    placed: &Placed<'a>,
    column: &str,
    computed: &'a CodedArray,
) -> impl Iterator<Item = Pair<'a>> {
    let claimed: Option<&'a StringArray> =
        placed.columns.column_by_name(column).and_then(|column| column.as_any().downcast_ref());
    let computed = Texts::of(computed).expect("computed codes are text");
    let pairs = claimed.into_iter().flatten().zip(computed.iter()).enumerate();
    pairs.filter_map(|(index, (claimed, computed))| {
        let claimed = claimed.filter(|claimed| Some(*claimed) != computed)?;
        Some(Pair { index, claimed, computed })
    })
}

/// Rows whose claimed county, by name, is another one, or the same spelt otherwise; a row in no county claims nothing that
/// could be held against it.
fn county_names(flags: &mut Vec<RowFlag>, placed: &Placed<'_>) {
    const FIELD: &str = "county_name_claimed";
    let codes = Texts::of(&placed.located.county_fips).expect("computed codes are text");
    for pair in differing(placed, FIELD, &placed.located.county_name) {
        let Some(computed) = pair.computed else { continue };
        if pair.claimed.eq_ignore_ascii_case(computed) {
            continue;
        }
        let is_city = codes.value(pair.index).is_some_and(names::is_independent_city);
        let is_of_kind = names::is_city(pair.claimed, computed).is_none_or(|claimed| claimed == is_city);
        let is_same = is_of_kind && names::county(pair.claimed) == names::county(computed);
        let code = if is_same { FlagCode::CountySpelling } else { FlagCode::CountyMismatch };
        flags.push(pair.flag(FIELD, code));
    }
}

/// Rows whose claimed state is another one: a line or a surface must not touch it.
fn states(flags: &mut Vec<RowFlag>, placed: &Placed<'_>, join: &JoinContext) {
    const FIELD: &str = "state_code_claimed";
    for pair in differing(placed, FIELD, &placed.located.state_code) {
        if touches(&placed.geometries[pair.index], pair.claimed, join) {
            continue;
        }
        flags.push(pair.flag(FIELD, FlagCode::StateMismatch));
        flags.extend(misplaced(placed.points[pair.index], &pair, join));
    }
}

/// Whether a vertex of a line or a surface lies in a state.
fn touches(geometry: &Geometry<f64>, state: &str, join: &JoinContext) -> bool {
    match geometry {
        Geometry::Point(_) => false,
        other => other.coords_iter().any(|vertex| join.state_at(Point(vertex)) == Some(state)),
    }
}

/// The flag of a point that lies in the state that it claims, once its coordinates are exchanged or negated.
fn misplaced(point: Point<f64>, pair: &Pair<'_>, join: &JoinContext) -> Option<RowFlag> {
    let (x, y) = point.x_y();
    let proposals = [
        ("x negated", [-x, y]),
        ("y negated", [x, -y]),
        ("x and y negated", [-x, -y]),
        ("x and y exchanged", [y, x]),
        ("x and y exchanged, x negated", [-y, x]),
        ("x and y exchanged, y negated", [y, -x]),
    ];
    let is_meant = |[x, y]: &[f64; 2]| {
        y.abs() <= 90.0 && join.state_at(Point::new(*x, *y)).is_some_and(|state| state == pair.claimed)
    };
    let (how, [to_x, to_y]) = proposals.into_iter().find(|(_, place)| is_meant(place))?;
    Some(RowFlag {
        index: pair.index,
        field: "geometry".to_owned(),
        value: format!("POINT({x} {y})"),
        code: FlagCode::MisplacedCoordinates,
        detail: format!("in {} as POINT({to_x} {to_y}): {how}", pair.claimed),
    })
}

/// Points with a coordinate of exactly zero.
fn zeros(geometries: &[Geometry<f64>]) -> Vec<RowFlag> {
    let flag = |(index, geometry): (usize, &Geometry<f64>)| {
        let Geometry::Point(point) = geometry else { return None };
        let detail = match (point.x() == 0.0, point.y() == 0.0) {
            (true, true) => "both coordinates",
            (true, false) => "x",
            (false, true) => "y",
            (false, false) => return None,
        };
        Some(RowFlag {
            index,
            field: "geometry".to_owned(),
            value: format!("POINT({} {})", point.x(), point.y()),
            code: FlagCode::ZeroCoordinate,
            detail: detail.to_owned(),
        })
    };
    geometries.iter().enumerate().filter_map(flag).collect()
}

//! Whether today's rows have facilities where others were: in their very places, or close to them and of their name.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use arrow_array::Array;
use geo::{Distance, Haversine, Point};

use crate::engine::rows::{LocalRows, RowStore, RowsError, SpotPlace};
use crate::engine::sample::value_digest;
use crate::feature::{FacilityRows, spelling};
use crate::kernel::pack::Spot;
use crate::plan::LayerPlan;

/// Parts of a degree within which two places are one.
const PLACES: f64 = 1e6;

/// Metres within which a facility of the same name is the same: geocoders differ by the width of a block.
const NEAR_M: f64 = 150.0;

/// Degrees of the cells that places are filed in: no shorter than [`NEAR_M`] up to 74 degrees of latitude.
const CELL: [f64; 2] = [0.005, 0.0015];

/// Rows of today whose names are looked at, at most; of a layer with more of them in few cells, a part says enough.
const MOST_SPOTS: usize = 500_000;

/// Column of ids.
const ID: &str = "facility_id";

/// Rows whose names are read at a time.
const ROWS: usize = 8_192;

/// A facility of the last release that is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoughtFacility {
    /// Its id, as [`id_digest`] has it.
    pub(super) id: Option<u64>,
    /// Where it was, degrees.
    pub(super) place: [f64; 2],
    /// Its name then, as [`name_digest`] has it.
    pub(super) name: Option<u64>,
    /// Whether its id is elsewhere now, or nowhere: what stands in its very place has another.
    pub(super) has_moved: bool,
}

/// Columns by which a facility is told from its neighbours: its name, else all but the key.
pub(super) fn naming_columns(layer: &LayerPlan) -> Vec<String> {
    let names = layer.schema.fields.iter().map(|field| field.name.clone());
    let fields: Vec<String> = names.filter(|name| !layer.schema.key.contains(name)).collect();
    match fields.iter().find(|field| *field == "name") {
        Some(name) => vec![name.clone()],
        None => fields,
    }
}

/// The letters and digits in these columns as a number, whatever their case; none where there are none.
pub(super) fn name_digest(rows: &FacilityRows, naming: &[String], row: usize) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut is_empty = true;
    for column in naming {
        let column = rows.column(column).filter(|column| column.is_valid(row));
        let text = column
            .and_then(|column| spelling::spell_value(column, row))
            .unwrap_or_default();
        let plain: String = text
            .chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        is_empty &= plain.is_empty();
        plain.hash(&mut hasher);
    }
    (!is_empty).then(|| hasher.finish())
}

/// The id of a row as a number.
pub(super) fn id_digest(rows: &FacilityRows, row: usize) -> Option<u64> {
    value_digest(rows.column(ID)?, row)
}

/// Whether two places are within the distance in which a name counts.
pub(super) fn is_near(one: [f64; 2], other: [f64; 2]) -> bool {
    Haversine.distance(Point::from(one), Point::from(other)) <= NEAR_M
}

/// How many of those sought have somebody else in their place today.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn count_places_taken(
    sought: &[SoughtFacility],
    naming: &[String],
    rows: &LocalRows,
) -> Result<u64, RowsError> {
    let cells: HashSet<[i64; 2]> = sought
        .iter()
        .flat_map(|sought| cells_around(cell_of(sought.place)))
        .collect();
    // Cells first: names are read from rows that may have been spilled, and only those near to somebody sought are worth it.
    let mut places: HashSet<[i64; 2]> = HashSet::new();
    let mut spots: Vec<Spot> = Vec::new();
    rows.each_spot(None, SpotPlace::AtCentre, &mut |spot| {
        if cells.contains(&cell_of([spot.x, spot.y])) {
            places.insert(rounded_place([spot.x, spot.y]));
            if spots.len() < MOST_SPOTS {
                spots.push(spot);
            }
        }
    })?;
    let mut others: Vec<&SoughtFacility> = sought.iter().collect();
    others.retain(|sought| !(sought.has_moved && places.contains(&rounded_place(sought.place))));
    let there = sought.len() - others.len();
    if others.is_empty() {
        return Ok(there as u64);
    }
    let named = index_by_name(&spots, naming, rows)?;
    let close = others.iter().filter(|sought| has_namesake_near(sought, &named));
    Ok((there + close.count()) as u64)
}

/// Whether a facility with another id stands close to where one was, under its name.
fn has_namesake_near(sought: &SoughtFacility, named: &NameIndex) -> bool {
    let Some(name) = sought.name else { return false };
    cells_around(cell_of(sought.place))
        .filter_map(|cell| named.get(&(cell, name)))
        .flatten()
        .any(|(id, place)| *id != sought.id && is_near(*place, sought.place))
}

/// How many of those sought have given their names to others, wherever these are; names that several of them had don't count.
///
/// # Errors
/// When scratch files can't be read.
pub(super) fn count_names_given_away(
    sought: &[SoughtFacility],
    naming: &[String],
    rows: &LocalRows,
) -> Result<u64, RowsError> {
    let mut by_name: HashMap<u64, Vec<&SoughtFacility>> = HashMap::new();
    for sought in sought {
        by_name
            .entry(sought.name.unwrap_or_default())
            .or_default()
            .push(sought);
    }
    by_name.retain(|name, sought| *name != 0 && sought.len() == 1);
    let mut spots: Vec<Spot> = Vec::new();
    rows.each_spot(None, SpotPlace::AtCentre, &mut |spot| {
        if spots.len() < MOST_SPOTS {
            spots.push(spot);
        }
    })?;
    let mut given: HashSet<u64> = HashSet::new();
    let mut kept: HashSet<u64> = HashSet::new();
    for spots in spots.chunks(ROWS) {
        let taken = rows.take_rows(spots, Some(&columns_to_read(naming)))?;
        for row in 0..taken.num_rows() {
            let Some(name) = name_digest(&taken, naming, row) else {
                continue;
            };
            let Some(sought) = by_name.get(&name).and_then(|sought| sought.first()) else {
                continue;
            };
            let is_own = id_digest(&taken, row) == sought.id;
            (if is_own { &mut kept } else { &mut given }).insert(name);
        }
    }
    // A name that its own facility still has was not given away, whoever else is called so.
    Ok(given.difference(&kept).count() as u64)
}

/// The id of rows, and what they are named by.
fn columns_to_read(naming: &[String]) -> Vec<&str> {
    std::iter::once(ID)
        .chain(naming.iter().map(String::as_str))
        .collect()
}

/// Ids and places of rows by their cell and name.
type NameIndex = HashMap<([i64; 2], u64), Vec<(Option<u64>, [f64; 2])>>;

fn index_by_name(spots: &[Spot], naming: &[String], rows: &LocalRows) -> Result<NameIndex, RowsError> {
    /// Places of one name in a cell that are kept: what stands for no name is in many.
    const KEPT: usize = 32;
    let mut named = NameIndex::new();
    for spots in spots.chunks(ROWS) {
        let taken = rows.take_rows(spots, Some(&columns_to_read(naming)))?;
        for (row, spot) in spots.iter().enumerate() {
            let place = [spot.x, spot.y];
            let Some(name) = name_digest(&taken, naming, row) else {
                continue;
            };
            let places = named.entry((cell_of(place), name)).or_default();
            if places.len() < KEPT {
                places.push((id_digest(&taken, row), place));
            }
        }
    }
    Ok(named)
}

/// A place, such that what is written with other digits is the same.
fn rounded_place(place: [f64; 2]) -> [i64; 2] {
    place.map(|degrees| to_whole_number((degrees * PLACES).round()))
}

/// The cell that a place is in.
fn cell_of([x, y]: [f64; 2]) -> [i64; 2] {
    [
        to_whole_number((x / CELL[0]).floor()),
        to_whole_number((y / CELL[1]).floor()),
    ]
}

/// A cell and its neighbours.
fn cells_around([x, y]: [i64; 2]) -> impl Iterator<Item = [i64; 2]> {
    (x - 1..=x + 1).flat_map(move |x| (y - 1..=y + 1).map(move |y| [x, y]))
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees by a million are within 64 bits"
)]
fn to_whole_number(number: f64) -> i64 {
    number as i64
}

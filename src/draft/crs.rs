//! Which CRS a draft proposes for coordinates whose file names none, and on what evidence.
//!
//! The program never guesses one: a run reads in the CRS that the pipeline declares. What is
//! proposed here stands in the draft with its evidence, to be confirmed; without evidence the draft
//! asks, and its pipeline is refused until somebody answers. Asks PROJ through `source`.

use std::cmp::Reverse;

use super::crs_evidence::CrsEvidence;
use super::places::{Agreement, Place, Places};
use super::whose::{self, Whose};
use crate::feature::Crs;
use crate::source;

/// Where the coordinates are read from, and in which CRS.
#[derive(Debug)]
pub(super) struct PlaceChoice {
    /// Pair by position, or the geometry, which comes after the pairs.
    pub(super) place: usize,
    /// Its CRS.
    pub(super) word: CrsEvidence,
    /// Other places of the file, and whether they agree.
    pub(super) remarks: Vec<String>,
}

/// Degrees on WGS 84; NAD83 is read the same.
const DEGREES: &str = "EPSG:4326";

/// Projections that agencies publish in, beside UTM on NAD83: rows that also give degrees can prove one.
const PROJECTIONS: [&str; 10] = [
    "EPSG:3857",
    "EPSG:5070",
    "ESRI:102003",
    "ESRI:102008",
    "ESRI:102009",
    "EPSG:2163",
    "EPSG:9311",
    "EPSG:3395",
    "EPSG:3338",
    "EPSG:3310",
];

/// UTM zones of the United States.
const ZONES: std::ops::RangeInclusive<u32> = 1..=23;

/// A CRS for a place, and how it is known.
type InferredCrs = (String, String);

/// For a text file of coordinates: of the pairs whose CRS is known the likeliest with the fewest blanks.
pub(super) fn of_pairs(places: &Places) -> Option<PlaceChoice> {
    let reference = degrees_pair(places);
    let known: Vec<Option<InferredCrs>> = (0..places.pairs.len())
        .map(|at| infer_crs(places, at, reference))
        .collect();
    let place = (0..places.pairs.len())
        .filter(|at| position_count(places, *at) > 0)
        .min_by_key(|at| {
            (
                known[*at].is_none(),
                doubts(places, *at),
                Reverse(position_count(places, *at)),
                Some(*at) != reference,
            )
        })
        .or((!places.pairs.is_empty()).then_some(0))?;
    let word = known[place]
        .clone()
        .map_or(CrsEvidence::Asked, |(code, why)| CrsEvidence::Inferred(code, why));
    let others = (0..places.pairs.len()).filter(|at| *at != place && position_count(places, *at) > 0);
    let remarks = others
        .map(|other| other_pair_remark(places, place, other, reference, known[other].as_ref()))
        .collect();
    Some(PlaceChoice { place, word, remarks })
}

/// For a geometry whose file names no CRS.
pub(super) fn of_geometry(places: &Places) -> CrsEvidence {
    match infer_crs(places, places.pairs.len(), degrees_pair(places)) {
        Some((code, why)) => CrsEvidence::Inferred(code, why),
        None => CrsEvidence::Asked,
    }
}

/// Why a pair is hardly where the rows are: it has far fewer positions than another, or is called somebody else's.
fn doubts(places: &Places, at: usize) -> (bool, bool) {
    let most = (0..places.pairs.len())
        .map(|at| places.distinct_positions(at))
        .max()
        .unwrap_or(0);
    (
        places.distinct_positions(at) * 2 < most,
        whose::whose_column(&places.pairs[at].x) == Whose::Others,
    )
}

/// The pair that gives degrees, if one does: named so, then the likeliest, with the fewest blanks.
fn degrees_pair(places: &Places) -> Option<usize> {
    let found = (0..places.pairs.len()).filter(|at| places.pairs[*at].may_be_degrees());
    found.min_by_key(|at| {
        let pair = &places.pairs[*at];
        (
            !pair.is_named,
            doubts(places, *at),
            Reverse(pair.place.shapes.count()),
        )
    })
}

fn infer_crs(places: &Places, at: usize, reference: Option<usize>) -> Option<InferredCrs> {
    let place = place_at(places, at);
    if place.shapes.count() == 0 {
        return None;
    }
    let is_beyond = place.shapes.is_beyond_degrees();
    let compared = reference.filter(|reference| *reference != at);
    if let Some(reference) = compared {
        let proven = prove_crs(places, reference, at);
        // Metres that no projection brings to the degrees of their own rows are not guessed at any further;
        // degrees that differ from others may still be degrees of another place.
        if proven.is_some() || is_beyond {
            return proven;
        }
    }
    let name = place_name(places, at);
    let is_named = places.pairs.get(at).is_some_and(|pair| pair.is_named);
    match () {
        () if is_beyond => None,
        () if is_named => Some((
            DEGREES.to_owned(),
            format!("the names {name} and values within ±180 and ±90"),
        )),
        () if place.looks_like_degrees() => Some((
            DEGREES.to_owned(),
            format!("the values of {name}, within ±180 and ±90 and as finely written as degrees are"),
        )),
        () => None,
    }
}

/// The CRS in which a place says the same as the degrees of the same rows.
fn prove_crs(places: &Places, reference: usize, at: usize) -> Option<InferredCrs> {
    if !place_at(places, at).shapes.is_beyond_degrees() {
        let agreement = places.agreement(reference, at, None);
        return agreement
            .is_proof()
            .then(|| (DEGREES.to_owned(), why_proven(places, reference, at, agreement)));
    }
    // NAD83 / UTM zones 1N to 23N are EPSG:26901 to 26923.
    let zones = ZONES.map(|zone| format!("EPSG:{}", 26_900 + zone));
    let mut codes = PROJECTIONS.into_iter().map(str::to_owned).chain(zones);
    codes.find_map(|code| {
        let reproject = source::reprojection_to_crs84(&Crs::Code(code.clone()))
            .ok()
            .flatten()?;
        let agreement = places.agreement(reference, at, Some(reproject.as_ref()));
        agreement
            .is_proof()
            .then(|| (code, why_proven(places, reference, at, agreement)))
    })
}

fn why_proven(places: &Places, reference: usize, at: usize, agreement: Agreement) -> String {
    let Agreement { rows, same } = agreement;
    format!(
        "{}, which say the same as {} in {same} of the {rows} rows compared",
        place_name(places, at),
        place_name(places, reference)
    )
}

/// A further pair beside the chosen one, and whether the two agree.
fn other_pair_remark(
    places: &Places,
    chosen: usize,
    other: usize,
    reference: Option<usize>,
    found: Option<&InferredCrs>,
) -> String {
    let blanks = format!(
        "{} rows have them, {} the chosen",
        position_count(places, other),
        position_count(places, chosen)
    );
    let compared = reference.map(|reference| if reference == other { chosen } else { reference });
    // Where the reference is the other one, it is the chosen that is held against it.
    let are_same = match compared {
        Some(against) if against == chosen && reference == Some(other) => {
            prove_crs(places, other, chosen).is_some()
        }
        Some(against) => prove_crs(places, against, other).is_some(),
        None => false,
    };
    let other = place_name(places, other);
    let chosen = place_name(places, chosen);
    match found {
        Some((code, _)) if are_same => {
            format!("{other} hold the same places in {code} ({blanks}); {chosen} were chosen.")
        }
        _ => format!(
            "EDIT: {other} hold coordinates too, and don't say the same as {chosen} in any CRS tried ({blanks})."
        ),
    }
}

/// Positions that a pair has.
fn position_count(places: &Places, at: usize) -> u64 {
    places.pairs[at].place.shapes.count()
}

fn place_at(places: &Places, at: usize) -> &Place {
    places.pairs.get(at).map_or(&places.geometry, |pair| &pair.place)
}

fn place_name(places: &Places, at: usize) -> String {
    places.pairs.get(at).map_or_else(
        || "the geometries".to_owned(),
        |pair| format!("{}, {}", pair.x, pair.y),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 4] = ["X", "Y", "LONGITUDE", "LATITUDE"];

    /// Places of rows of X, Y, LONGITUDE and LATITUDE.
    fn places(rows: &[[&str; 4]]) -> Places {
        let mut places = Places::new(NAMES);
        for row in rows {
            let value = |name: &str| NAMES.iter().position(|known| *known == name).map(|at| row[at]);
            places.note_row(1, value, None);
        }
        places
    }

    fn chosen(rows: &[[&str; 4]]) -> (String, Option<String>, String) {
        let places = places(rows);
        let choice = of_pairs(&places).unwrap();
        let code = match choice.word {
            CrsEvidence::Inferred(code, _) => Some(code),
            _ => None,
        };
        (
            places.pairs[choice.place].x.clone(),
            code,
            choice.remarks.join(" "),
        )
    }

    #[test]
    fn metres_are_proven_by_the_degrees_of_their_rows() {
        let rows = [
            ["-11904201.6640", "4049308.9116", "-106.937263", "34.152585"],
            ["-11050709.1168", "4049727.9419", "-99.270209", "34.1557"],
            ["-10575352.0", "3580000.0", "-95.0", "30.59297"],
        ];
        let (x, code, remarks) = chosen(&rows);
        assert_eq!((x.as_str(), code.as_deref()), ("LONGITUDE", Some("EPSG:4326")));
        assert!(
            remarks.contains("X, Y hold the same places in EPSG:3857"),
            "{remarks}"
        );
        let mut blank = rows.to_vec();
        blank.push(["-10575352.0", "3580000.0", "", ""]);
        let (x, code, remarks) = chosen(&blank);
        assert_eq!(
            (x.as_str(), code.as_deref()),
            ("X", Some("EPSG:3857")),
            "{remarks}"
        );
    }

    #[test]
    fn a_zone_of_utm_is_found() {
        // 500 km east and the equator's northing are on the zone's meridian.
        let rows = [["500000.0", "0.5", "-93.0", "0.0"]; 3];
        let places = places(&rows);
        let found = infer_crs(&places, 1, Some(0)).unwrap();
        assert_eq!(found.0, "EPSG:26915");
    }

    #[test]
    fn metres_alone_are_asked_about() {
        let rows = [["-11904201.6640", "4049308.9116", "", ""]; 4];
        assert_eq!(chosen(&rows).1, None);
    }

    /// Two pairs of degrees, 2,000 km apart: both are named so, and neither is the other.
    #[test]
    fn degrees_of_other_places_are_not_the_same_places() {
        const NAMES: [&str; 4] = ["LONGITUDE", "LATITUDE", "OWNER_LON", "OWNER_LAT"];
        let mut places = Places::new(NAMES);
        for row in [["-95.1234", "30.5678", "-74.1234", "40.5678"]; 4] {
            places.note_row(
                1,
                |name| NAMES.iter().position(|known| *known == name).map(|at| row[at]),
                None,
            );
        }
        let remarks = of_pairs(&places).unwrap().remarks.join(" ");
        assert!(
            remarks.contains("don't say the same") && !remarks.contains("the same places"),
            "{remarks}"
        );
    }

    /// An owner has one address, and the facilities a place each; where both vary, names tell.
    #[test]
    fn places_that_vary_or_are_the_facilities_are_chosen() {
        const NAMES: [&str; 4] = ["OWNER_LON", "OWNER_LAT", "FAC_LON", "FAC_LAT"];
        let longitudes = ["-95.1234", "-95.2345", "-95.3456"];
        let chosen = |owners: [&str; 3]| {
            let mut places = Places::new(NAMES);
            for (row, lon) in longitudes.iter().enumerate() {
                let values = [owners[row], "40.5678", lon, "30.5678"];
                places.note_row(
                    1,
                    |name| NAMES.iter().position(|known| *known == name).map(|at| values[at]),
                    None,
                );
            }
            let choice = of_pairs(&places).unwrap();
            places.pairs[choice.place].x.clone()
        };
        assert_eq!(chosen(["-74.1234"; 3]), "FAC_LON");
        assert_eq!(chosen(["-74.1234", "-75.1234", "-76.1234"]), "FAC_LON");
    }

    #[test]
    fn pairs_that_differ_are_told() {
        let rows = [["-11904201.0", "9.5", "-95.1234", "30.5678"]; 4];
        let (x, code, remarks) = chosen(&rows);
        assert_eq!((x.as_str(), code.as_deref()), ("LONGITUDE", Some("EPSG:4326")));
        assert!(remarks.contains("EDIT: X, Y hold coordinates too"), "{remarks}");
    }
}

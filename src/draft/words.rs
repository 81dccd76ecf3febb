//! Which sector the layer may belong to, from words in its name, its columns and its types.
//!
//! Pure. The words are this project's judgement of what agencies call such layers; a guess is made
//! only where one sector has more of them than any other, and it says which words it is made of.

use super::sector::SectorGuess;
use super::snake_case::snake_case;
use crate::plan::Reference;

/// Words that speak for a sector, each a word or a run of words in snake case.
const WORDS: [(&str, &[&str]); 16] = [
    ("CHEM", &["chemical", "rmp", "toxic", "fertilizer", "chlorine"]),
    (
        "COMF",
        &[
            "stadium",
            "venue",
            "casino",
            "hotel",
            "mall",
            "convention",
            "arena",
            "museum",
        ],
    ),
    (
        "COMM",
        &[
            "cellular",
            "cell",
            "tower",
            "antenna",
            "broadcast",
            "microwave",
            "callsign",
            "call_sign",
            "telecom",
            "telephone_exchange",
            "fiber",
            "paging",
            "land_mobile",
        ],
    ),
    (
        "CRMF",
        &[
            "steel",
            "aluminum",
            "manufacturing",
            "smelter",
            "mine",
            "machinery",
        ],
    ),
    (
        "DAMS",
        &[
            "dam",
            "nid",
            "nidid",
            "lock",
            "lockcd",
            "levee",
            "spillway",
            "hurricane_barrier",
            "dam_name",
        ],
    ),
    ("DIB", &["defense", "defence", "munitions", "arsenal"]),
    (
        "EMSV",
        &[
            "fire_station",
            "fire",
            "ems",
            "ambulance",
            "police",
            "sheriff",
            "law_enforcement",
            "psap",
            "911",
            "rescue",
            "emergency_operations",
            "eoc",
        ],
    ),
    (
        "ENER",
        &[
            "power",
            "power_plant",
            "substation",
            "transmission",
            "electric",
            "generator",
            "natural_gas",
            "pipeline",
            "oil",
            "petroleum",
            "refinery",
            "lng",
            "crude",
            "hgl",
            "biodiesel",
            "ethanol",
            "solar",
            "wind",
            "coal",
            "voltage",
            "max_volt",
            "volt_class",
            "prim_source",
            "total_mw",
            "install_mw",
            "utility",
            "typepipe",
            "type_pipe",
            "wells",
            "service_territories",
            "holding_co",
        ],
    ),
    (
        "FINS",
        &[
            "bank",
            "fdic",
            "credit_union",
            "savings",
            "branch_bank",
            "reserve_bank",
        ],
    ),
    (
        "FOAG",
        &[
            "food",
            "farm",
            "grain",
            "meat",
            "dairy",
            "poultry",
            "agricultural",
            "refrigerated_warehouse",
            "grocery",
        ],
    ),
    (
        "GOVF",
        &[
            "school",
            "college",
            "university",
            "courthouse",
            "capitol",
            "capital",
            "prison",
            "correctional",
            "government",
            "embassy",
            "polling",
            "ncesid",
            "ipedsid",
            "courts",
        ],
    ),
    (
        "HLPH",
        &[
            "hospital",
            "clinic",
            "nursing",
            "nursing_home",
            "urgent_care",
            "pharmacy",
            "dialysis",
            "medical",
            "health",
            "hospice",
            "blood",
            "veterans_health",
            "trauma",
        ],
    ),
    ("INFT", &["data_center", "internet_exchange", "server"]),
    ("NUCL", &["nuclear", "reactor", "radioactive", "uranium"]),
    (
        "TRAN",
        &[
            "airport",
            "aviation",
            "heliport",
            "runway",
            "port",
            "dock",
            "rail",
            "railroad",
            "amtrak",
            "bridge",
            "tunnel",
            "transit",
            "ferry",
            "highway",
            "waterway",
            "icao",
            "iata",
            "rail_station",
        ],
    ),
    (
        "WATR",
        &[
            "wastewater",
            "drinking_water",
            "sewage",
            "water_treatment",
            "potw",
            "reservoir",
            "cwp_name",
        ],
    ),
];

/// What a word in the name of file or table counts, and in a column's name or most of the types.
const IN_TITLE: u64 = 6;
const IN_COLUMN: u64 = 2;
const IN_TYPES: u64 = 3;

/// The sector with the most words; none where no word is known or two sectors are equal.
pub(super) fn guess_by_words(
    titles: &[String],
    columns: &[&str],
    types: &[(String, u64)],
    reference: &Reference,
) -> Option<SectorGuess> {
    let titles: Vec<String> = titles.iter().map(|title| between_underscores(title)).collect();
    let columns: Vec<String> = columns.iter().map(|column| between_underscores(column)).collect();
    let types: Vec<(String, u64)> = types
        .iter()
        .map(|(value, count)| (between_underscores(value), *count))
        .collect();
    let all: u64 = types.iter().map(|(_, count)| count).sum();
    let mut scored: Vec<(u64, &str, Vec<&str>)> = Vec::new();
    for (code, words) in WORDS {
        let is_known =
            reference.sectors.is_empty() || reference.sectors.iter().any(|sector| sector.code == code);
        if !is_known {
            continue;
        }
        let mut said = Vec::new();
        let mut score = 0;
        for word in words {
            let of_type: u64 = types
                .iter()
                .filter(|(value, _)| has_word(value, word))
                .map(|(_, n)| n)
                .sum();
            let points = IN_TITLE * u64::from(titles.iter().any(|title| has_word(title, word)))
                + IN_COLUMN * u64::from(columns.iter().any(|column| has_word(column, word)))
                + IN_TYPES * u64::from(of_type * 2 > all);
            if points > 0 {
                score += points;
                said.push(*word);
            }
        }
        scored.push((score, code, said));
    }
    // In the order of the codes where scores are equal, so that a draft doesn't depend on chance; equal winners
    // name none.
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let is_clear = scored.get(1).is_none_or(|second| second.0 < scored[0].0);
    let (score, code, said) = scored.into_iter().next()?;
    (score > 0 && is_clear).then(|| SectorGuess {
        code: Some(code.to_owned()),
        subsector: None,
        why: format!(
            "words in the names of file, columns or types say so ({})",
            said.join(", ")
        ),
    })
}

/// Snake case between underscores, so that whole words can be sought.
fn between_underscores(text: &str) -> String {
    format!("_{}_", snake_case(text))
}

/// Whether a word or its plural stands in a padded text.
fn has_word(text: &str, word: &str) -> bool {
    let plurals = [format!("_{word}_"), format!("_{word}s_"), format!("_{word}es_")];
    plurals.iter().any(|plural| text.contains(plural))
        || word
            .strip_suffix('y')
            .is_some_and(|stem| text.contains(&format!("_{stem}ies_")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(title: &str, columns: &[&str], types: &[&str]) -> Option<String> {
        let types: Vec<_> = types.iter().map(|value| ((*value).to_owned(), 10)).collect();
        guess_by_words(&[title.to_owned()], columns, &types, &Reference::default())?.code
    }

    #[test]
    fn names_of_layers_tell() {
        for (title, sector) in [
            ("Local_Law_Enforcement", "EMSV"),
            ("eia_power_plants_202305", "ENER"),
            ("Electric Substations", "ENER"),
            ("usace_locks", "DAMS"),
            ("Public_Schools", "GOVF"),
            ("refineries", "ENER"),
            ("Wastewater_Treatment_Plants", "WATR"),
            ("FDIC insured banks", "FINS"),
        ] {
            assert_eq!(code(title, &[], &[]).as_deref(), Some(sector), "{title}");
        }
    }

    #[test]
    fn columns_and_types_tell_too() {
        assert_eq!(code("new", &["NIDID", "STATE"], &[]).as_deref(), Some("DAMS"));
        assert_eq!(
            code("new", &[], &["GENERAL HOSPITAL", "HOSPITAL"]).as_deref(),
            Some("HLPH")
        );
    }

    #[test]
    fn nothing_is_said_where_nothing_tells() {
        assert_eq!(code("new", &["ID", "NAME", "STATE"], &["OTHER"]), None);
        assert_eq!(code("damage", &[], &[]), None, "a part of a word is no word");
        assert_eq!(code("hospital_bank", &[], &[]), None, "two sectors alike");
    }
}

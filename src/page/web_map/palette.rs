//! Colours and marks of sectors and lifelines.
//!
//! LEAF. Eight hues, each as a disc and as a ring, tell sixteen sectors apart. Any two hues of a theme differ by 9 hundredths
//! of OKLab or more, also as people without one kind of cones see them (Machado, Oliveira and Fernandes 2009), and stand out
//! from the land by 3:1 at least (WCAG 2.2, 1.4.11).

use serde::Serialize;

/// A colour in the light and in the dark, `#rrggbb`.
pub(super) type Hue = [&'static str; 2];

const BLUE: Hue = ["#094b9a", "#349cff"];
const SKY: Hue = ["#1489eb", "#a3e6f1"];
const GREEN: Hue = ["#0b7e5c", "#308a6e"];
const AMBER: Hue = ["#cc7c0b", "#ffe00c"];
const RED: Hue = ["#d2172d", "#ff7d3f"];
const PURPLE: Hue = ["#ab6faf", "#daa3d7"];
const BROWN: Hue = ["#6b2f00", "#a76f1b"];
const INK: Hue = ["#20272e", "#ffffff"];

/// Of all that has no colour of its own.
pub(super) const GREY: Hue = ["#59636e", "#a3adb8"];

/// How a facility is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mark {
    /// Filled.
    Disc,
    /// Hollow.
    Ring,
}

/// The look of a group of facilities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Look {
    /// In the light and in the dark.
    pub(super) colour: Hue,
    pub(super) mark: Mark,
}

/// Sectors that people know by a colour have it; of two sectors of a hue, that with fewer facilities is the ring.
const SECTORS: [(&str, Hue, Mark); 16] = [
    ("CHEM", AMBER, Mark::Ring),
    ("COMF", PURPLE, Mark::Ring),
    ("COMM", PURPLE, Mark::Disc),
    ("CRMF", BROWN, Mark::Ring),
    ("DAMS", SKY, Mark::Disc),
    ("DIB", GREEN, Mark::Ring),
    ("EMSV", BROWN, Mark::Disc),
    ("ENER", AMBER, Mark::Disc),
    ("FINS", SKY, Mark::Ring),
    ("FOAG", GREEN, Mark::Disc),
    ("GOVF", INK, Mark::Ring),
    ("HLPH", RED, Mark::Disc),
    ("INFT", BLUE, Mark::Ring),
    ("NUCL", RED, Mark::Ring),
    ("TRAN", INK, Mark::Disc),
    ("WATR", BLUE, Mark::Disc),
];

/// FEMA's lifelines, in the order of its toolkit.
const LIFELINES: [(&str, Hue); 8] = [
    ("Safety and Security", BROWN),
    ("Food, Hydration, Shelter", GREEN),
    ("Health and Medical", RED),
    ("Energy", AMBER),
    ("Communications", PURPLE),
    ("Transportation", INK),
    ("Hazardous Materials", SKY),
    ("Water Systems", BLUE),
];

/// The look of a sector of today; grey for one that a reference table of one's own has added.
pub(super) fn look_of_sector(code: &str) -> Look {
    let known = SECTORS.iter().find(|(known, ..)| *known == code);
    known.map_or(UNKNOWN, |(_, colour, mark)| Look {
        colour: *colour,
        mark: *mark,
    })
}

/// The look of a lifeline.
pub(super) fn look_of_lifeline(name: &str) -> Look {
    let known = LIFELINES.iter().find(|(known, _)| *known == name);
    known.map_or(UNKNOWN, |(_, colour)| Look {
        colour: *colour,
        mark: Mark::Disc,
    })
}

/// The look of what is neither.
pub(super) const UNKNOWN: Look = Look {
    colour: GREY,
    mark: Mark::Disc,
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_sector_and_lifeline_of_the_tables_has_a_look_of_its_own() {
        let tables = crate::plan::reference_tables("schemas/reference".as_ref()).unwrap();
        let sectors = tables.sectors.iter().map(|sector| look_of_sector(&sector.code));
        let looks: BTreeSet<String> = sectors.map(|look| format!("{look:?}")).collect();
        assert_eq!(looks.len(), tables.sectors.len());
        for lifeline in &tables.lifelines {
            assert_ne!(
                look_of_lifeline(&lifeline.lifeline),
                UNKNOWN,
                "{}",
                lifeline.lifeline
            );
        }
    }
}

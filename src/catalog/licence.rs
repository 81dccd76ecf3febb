//! Whether words name a licence that programs know.
//!
//! Pure. Source: the SPDX licence list 3.28, and that of the Citation File Format 1.2.0.

/// Licences that data such as these come under and that are SPDX identifiers. Any other words are none, a licence that they
/// only mention among them.
const SPDX: [&str; 20] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-3.0",
    "CC-BY-4.0",
    "CC-BY-NC-4.0",
    "CC-BY-SA-3.0",
    "CC-BY-SA-4.0",
    "CC-PDDC",
    "CC-PDM-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "ODC-By-1.0",
    "ODbL-1.0",
    "OGL-UK-3.0",
    "PDDL-1.0",
    "Unlicense",
];

/// Those of them that came after the list of the Citation File Format 1.2.0.
const NOT_IN_CFF: [&str; 2] = ["CC-PDM-1.0", "CDLA-Permissive-2.0"];

/// Whether the words are an SPDX identifier, and nothing else.
pub(super) fn is_spdx(licence: &str) -> bool {
    SPDX.contains(&licence)
}

/// Whether `CITATION.cff` may name the licence.
pub(super) fn is_known_to_cff(licence: &str) -> bool {
    is_spdx(licence) && !NOT_IN_CFF.contains(&licence)
}

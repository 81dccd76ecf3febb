//! `formats`: which layers stand in formats of other tools, too, beside their tiles.

use std::collections::BTreeMap;

use super::check::Check;
use crate::config::{PipelineConfig, Spanned};
use crate::feature::ExportFormat;

/// Formats by layer, those of the layer itself or else those of `[output]`; a layer without any isn't there.
pub(super) fn wanted_formats(
    check: &mut Check<'_>,
    config: &PipelineConfig,
) -> BTreeMap<String, Vec<ExportFormat>> {
    let usual = known_formats(check, config.output.formats.as_ref()).unwrap_or_default();
    let mut wanted = BTreeMap::new();
    for layer in &config.layers {
        let own = known_formats(check, layer.value.formats.as_ref());
        let formats = own.unwrap_or_else(|| usual.clone());
        if let Some(id) = layer.value.id.as_ref().filter(|_| !formats.is_empty()) {
            wanted.insert(id.value.clone(), formats);
        }
    }
    wanted
}

/// The formats of a list; none where nothing is written.
fn known_formats(
    check: &mut Check<'_>,
    written: Option<&Spanned<Vec<Spanned<String>>>>,
) -> Option<Vec<ExportFormat>> {
    let written = &written?.value;
    let words = ExportFormat::ALL.map(|format| (format.word(), format));
    check.report_repeats_in_any_case("format", written);
    let formats = written
        .iter()
        .filter_map(|word| check.choice("a format", Some(word), &words));
    Some(formats.collect())
}

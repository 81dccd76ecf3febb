//! Layers of the run: `[[layer]]` → plan.

use std::sync::Arc;

use serde::Serialize;

use super::check::{Bounds, Check};
use super::gate::{self, GatePlan};
use super::layer_schema::{GEOMETRIES, LayerSchema, Schemas};
use super::overrides::Overrides;
use super::reference::Reference;
use super::sector;
use super::serialize::as_if_owned;
use super::source::{self, SourcePlan};
use super::unanswered::refuse_unanswered;
use crate::config::{Diagnostic, LayerConfig, PipelineConfig, Spanned};
use crate::feature::LayerId;
use crate::feature::release::paths::FACILITIES;

/// One layer of the run.
#[derive(Debug, Clone, Serialize)]
pub struct LayerPlan {
    /// Layer id.
    pub id: LayerId,
    /// Its schema, resolved.
    #[serde(serialize_with = "as_if_owned")]
    pub schema: Arc<LayerSchema>,
    /// Where its rows are.
    pub source: SourcePlan,
    /// Whether its facilities stand in the all-layers inventory `facilities`.
    pub inventory: bool,
    /// Days for which a source date counts as current.
    pub current_days: u32,
    /// What the gate lets through.
    pub gate: GatePlan,
}

/// Days for which a source date counts as current: agencies commonly revise such layers once a year.
pub(super) const CURRENT_DAYS: Bounds<i64> = Bounds {
    key: "current-days",
    range: 1..=36_525,
    default: 365,
};

/// Id of the schema a layer names: its own id where it names none.
pub(super) fn schema_id(layer: &LayerConfig) -> Option<&Spanned<String>> {
    layer.schema.as_ref().or(layer.id.as_ref())
}

/// The layers that the command line wants (all by default), in pipeline order; every layer is checked.
pub(super) fn resolve(
    config: &PipelineConfig,
    schemas: &Schemas,
    reference: &Reference,
    overrides: &Overrides,
    found: &mut Vec<Diagnostic>,
) -> Vec<LayerPlan> {
    let wanted = &overrides.layers;
    let mut check = Check { found };
    check.report_repeats_in_any_case(
        "layer",
        config.layers.iter().filter_map(|layer| layer.value.id.as_ref()),
    );
    let mut layers = Vec::new();
    for Spanned { value: layer, span } in &config.layers {
        let id = check.identifier("a layer id", layer.id.as_ref());
        if id == FACILITIES {
            let place = layer.id.as_ref().map_or(span, |id| &id.span);
            check.error(
                place,
                format!("`{FACILITIES}` is the inventory of all layers; choose another id"),
            );
        }
        let schema = schema_id(layer)
            .and_then(|id| schemas.get(&id.value))
            .cloned()
            .flatten();
        // None where the schema is not known: it may well declare a CRS, so nothing is said of one that is
        // missing.
        let fallback = schema.as_ref().map(|schema| schema.crs.clone());
        let source = source::resolve(
            &mut check,
            &config.path,
            layer.source.as_ref(),
            fallback.as_ref(),
            overrides.variables,
        );
        let gate = gate::resolve(&mut check, layer.gate.as_ref(), &reference.states);
        // Only now: `--layer` chooses what is run, not what has to be right.
        if !wanted.is_empty() && !wanted.contains(&id) {
            continue;
        }
        if let (Some(schema), Some(source)) = (schema, source) {
            source::warn_if_absent(&mut check, layer.source.as_ref(), &source);
            let inventory = layer.inventory.as_ref().is_none_or(|inventory| inventory.value);
            let current_days = check.in_range_or_default(layer.current_days.as_ref(), &CURRENT_DAYS);
            layers.push(LayerPlan {
                id: LayerId::new(id),
                schema: own_schema(&mut check, schema, layer, reference),
                source,
                inventory,
                current_days: u32::try_from(current_days).unwrap_or(u32::MAX),
                gate,
            });
        }
    }
    layers
}

/// The schema with what the layer says about this source alone: a made-up or mirrored file in the
/// layout of an agency's is not that agency's.
fn own_schema(
    check: &mut Check<'_>,
    mut schema: Arc<LayerSchema>,
    layer: &LayerConfig,
    reference: &Reference,
) -> Arc<LayerSchema> {
    if let Some(synthetic) = &layer.synthetic {
        // Layers share a schema that none of them changes: it is copied with the first key that one has of its
        // own.
        Arc::make_mut(&mut schema).synthetic = synthetic.value;
    }
    refuse_unanswered(check, [&layer.agency, &layer.licence]);
    if let Some(agency) = &layer.agency {
        let schema = Arc::make_mut(&mut schema);
        schema.agency.clone_from(&agency.value);
        // The schema's page is its agency's.
        schema.homepage = None;
    }
    if let Some(licence) = &layer.licence {
        Arc::make_mut(&mut schema).licence.clone_from(&licence.value);
    }
    if let Some(title) = &layer.title {
        Arc::make_mut(&mut schema).title.clone_from(&title.value);
    }
    if let Some(geometry) = check.choice("a geometry", layer.geometry.as_ref(), &GEOMETRIES) {
        Arc::make_mut(&mut schema).geometry = geometry;
    }
    if let Some(sector) = &layer.sector {
        let sector = sector::resolve_for_layer(check, &sector.value, &schema.sector, reference);
        Arc::make_mut(&mut schema).sector = sector;
    }
    schema
}

//! Sources, layers and jurisdictions: `[[layer]]` and `[[jurisdiction]]` → plan.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::check::{Bounds, Check, LONGEST_ID, optional, text};
use super::field::is_core;
use super::gate;
use super::reference::Reference;
use super::resolve::{Overrides, Variables};
use super::schema::{GEOMETRIES, of_layer, said};
use super::{
    JurisdictionKind, JurisdictionPlan, LayerPlan, LayerSchema, Location, SourcePlan, format, remote,
};
use crate::feature::{Crs, LayerId};
use crate::spec::{
    Diagnostic, JurisdictionSpec, LayerSpec, LocationSpec, PipelineSpec, SourceSpec, Spanned, beside,
};

/// Characters that the id of a polygon set has at most.
const LONGEST_SET: usize = 87;

pub(super) const KINDS: [(&str, JurisdictionKind); 5] = [
    ("state", JurisdictionKind::State),
    ("county", JurisdictionKind::County),
    ("place", JurisdictionKind::Place),
    ("tribal", JurisdictionKind::Tribal),
    ("other", JurisdictionKind::Other),
];

/// Collection of every layer's facilities, so no layer's name.
pub(super) const INVENTORY: &str = "facilities";

/// How far the fallback to the nearest polygon reaches, metres.
pub(super) const NEAREST_M: Bounds<f64> = Bounds {
    key: "nearest-m",
    range: 0.0..=200_000.0,
    default: 0.0,
};

/// Days for which a source date counts as current: agencies commonly revise such layers once a year.
pub(super) const CURRENT_DAYS: Bounds<i64> = Bounds {
    key: "current-days",
    range: 1..=36_525,
    default: 365,
};

/// Schemas by id; none where the file could not be read.
pub(super) type Schemas = BTreeMap<String, Option<Arc<LayerSchema>>>;

/// Id of the schema a layer names: its own id where it names none.
pub(super) fn schema_id(layer: &LayerSpec) -> Option<&Spanned<String>> {
    layer.schema.as_ref().or(layer.id.as_ref())
}

/// The layers that the command line wants (all by default), in pipeline order; every layer is checked.
pub(super) fn layers(
    spec: &PipelineSpec,
    schemas: &Schemas,
    reference: &Reference,
    overrides: &Overrides,
    found: &mut Vec<Diagnostic>,
) -> Vec<LayerPlan> {
    let wanted = &overrides.layers;
    let mut check = Check { found };
    check.unique(
        "layer",
        spec.layers.iter().filter_map(|layer| layer.value.id.as_ref()),
    );
    let mut layers = Vec::new();
    for Spanned { value: layer, span } in &spec.layers {
        let id = check.identifier("a layer id", layer.id.as_ref());
        if id == INVENTORY {
            let place = layer.id.as_ref().map_or(span, |id| &id.span);
            check.error(
                place,
                format!("`{INVENTORY}` is the inventory of all layers; choose another id"),
            );
        }
        let schema = schema_id(layer)
            .and_then(|id| schemas.get(&id.value))
            .cloned()
            .flatten();
        let fallback = schema.as_ref().map(|schema| schema.crs.clone());
        let source = source(
            &mut check,
            &spec.path,
            layer.source.as_ref(),
            fallback.as_ref(),
            overrides.variables,
        );
        let gate = gate::resolve(&mut check, layer.gate.as_ref(), &reference.states);
        if !wanted.is_empty() && !wanted.contains(&id) {
            continue;
        }
        if let (Some(schema), Some(source)) = (schema, source) {
            absent(&mut check, layer.source.as_ref(), &source);
            let inventory = layer.inventory.as_ref().is_none_or(|inventory| inventory.value);
            let current_days = check.within(layer.current_days.as_ref(), &CURRENT_DAYS);
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
    layer: &LayerSpec,
    reference: &Reference,
) -> Arc<LayerSchema> {
    if let Some(synthetic) = &layer.synthetic {
        Arc::make_mut(&mut schema).synthetic = synthetic.value;
    }
    said(check, [&layer.agency, &layer.licence]);
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
        let sector = of_layer(check, &sector.value, &schema.sector, reference);
        Arc::make_mut(&mut schema).sector = sector;
    }
    schema
}

/// The jurisdictions, in pipeline order.
pub(super) fn jurisdictions(
    spec: &PipelineSpec,
    schemas: &Schemas,
    variables: Variables,
    found: &mut Vec<Diagnostic>,
) -> Vec<JurisdictionPlan> {
    let mut check = Check { found };
    check.unique(
        "jurisdiction",
        spec.jurisdictions.iter().filter_map(|set| set.value.id.as_ref()),
    );
    let mut sets: Vec<JurisdictionPlan> = Vec::new();
    let mut kinds: BTreeMap<JurisdictionKind, &str> = BTreeMap::new();
    for Spanned { value: set, .. } in &spec.jurisdictions {
        let id = check.identifier("a jurisdiction id", set.id.as_ref());
        // Its landing is called after it, with a word before.
        if let Some(written) = set
            .id
            .as_ref()
            .filter(|id| (LONGEST_SET + 1..=LONGEST_ID).contains(&id.value.len()))
        {
            let message = format!("a jurisdiction id has {LONGEST_SET} characters at most");
            check.error(&written.span, message);
        }
        let kind = check.choice("a kind of jurisdiction", set.kind.as_ref(), &KINDS);
        if let (Some(kind), Some(written)) = (kind, &set.kind) {
            one_per_kind(&mut check, kind, written, &mut kinds, set);
            own_column(&mut check, kind, set, schemas);
        }
        said(&mut check, [&set.agency, &set.licence]);
        let nearest_m = check.within(set.nearest_m.as_ref(), &NEAREST_M);
        let source = source(
            &mut check,
            &spec.path,
            set.source.as_ref(),
            Some(&None),
            variables,
        );
        let Some(source) = source else { continue };
        absent(&mut check, set.source.as_ref(), &source);
        sets.push(JurisdictionPlan {
            id,
            kind: kind.unwrap_or(JurisdictionKind::Other),
            vintage: text(set.vintage.as_ref()),
            source,
            code: text(set.code.as_ref()),
            name: optional(set.name.as_ref()),
            nearest_m,
            agency: text(set.agency.as_ref()),
            licence: text(set.licence.as_ref()),
        });
    }
    sets
}

fn one_per_kind<'a>(
    check: &mut Check<'_>,
    kind: JurisdictionKind,
    written: &Spanned<String>,
    kinds: &mut BTreeMap<JurisdictionKind, &'a str>,
    set: &'a JurisdictionSpec,
) {
    let id = set.id.as_ref().map_or("", |id| &id.value);
    match kinds.get(&kind) {
        Some(first) if kind != JurisdictionKind::Other => {
            let message = format!(
                "`{first}` is already the jurisdiction of kind `{}`",
                written.value
            );
            check.error(&written.span, message).help = Some("further sets are of kind `other`".to_owned());
        }
        _ => {
            kinds.insert(kind, id);
        }
    }
}

/// A set of kind `other` fills `<id>_code`, which nothing else may be called.
fn own_column(check: &mut Check<'_>, kind: JurisdictionKind, set: &JurisdictionSpec, schemas: &Schemas) {
    let Some(id) = set.id.as_ref().filter(|_| kind == JurisdictionKind::Other) else {
        return;
    };
    let column = format!("{}_code", id.value);
    if is_core(&column) {
        check.error(
            &id.span,
            format!("`{}` would fill `{column}`, which is a core column", id.value),
        );
    }
    for schema in schemas.values().flatten() {
        let mut columns = schema
            .fields
            .iter()
            .flat_map(|field| [Some(&field.name), field.decoded.as_ref()]);
        if columns.any(|other| other == Some(&column)) {
            let message = format!(
                "`{}` would fill `{column}`, which is a column of schema `{}`",
                id.value, schema.id
            );
            check.error(&id.span, message);
        }
    }
}

/// A source with the CRS that the pipeline declares for it, if any.
///
/// `schema` is the CRS the schema falls back to; the outer none means that the schema is not known.
fn source(
    check: &mut Check<'_>,
    pipeline: &Path,
    spec: Option<&Spanned<SourceSpec>>,
    schema: Option<&Option<Crs>>,
    variables: Variables,
) -> Option<SourcePlan> {
    let Spanned { value: source, span } = spec?;
    let format = format::resolve(check, source, span, schema);
    let (location, shown) = match &source.location {
        LocationSpec::Path(path) => local(check, pipeline, path.as_ref(), variables),
        LocationSpec::Http(http) => (
            Location::Http(remote::http(check, http, &format, variables)),
            text(http.url.as_ref()),
        ),
        LocationSpec::Arcgis(arcgis) => (
            Location::Arcgis(remote::arcgis(check, arcgis, variables)),
            text(arcgis.url.as_ref()),
        ),
    };
    let crs = check.crs(source.crs.as_ref());
    let shown: Arc<str> = shown.into();
    let path = match &source.location {
        LocationSpec::Path(path) => path.as_ref(),
        LocationSpec::Http(_) | LocationSpec::Arcgis(_) => None,
    };
    let written = path.map_or_else(|| Arc::clone(&shown), |path| path.value.as_str().into());
    Some(SourcePlan {
        location,
        shown,
        written,
        format,
        crs,
    })
}

fn local(
    check: &mut Check<'_>,
    pipeline: &Path,
    written: Option<&Spanned<String>>,
    variables: Variables,
) -> (Location, String) {
    let path = text(written);
    // Where a variable stands first, what the path is relative to is the variable's affair.
    let shown = if path.starts_with("${") {
        path.into()
    } else {
        beside(pipeline, &path)
    };
    let expanded = written.map(|path| check.expanded(path, variables).0);
    let location = Location::Path(beside(pipeline, &expanded.unwrap_or_default()));
    (location, shown.display().to_string())
}

/// An absent source fails its layer when the run comes to it, and not the whole plan before.
fn absent(check: &mut Check<'_>, spec: Option<&Spanned<SourceSpec>>, source: &SourcePlan) {
    let written = spec.and_then(|spec| spec.value.path());
    if let Some(written) = written.filter(|_| source.local().is_some_and(|path| !path.exists())) {
        check.warning(&written.span, format!("there is no `{}`", source.shown));
    }
}

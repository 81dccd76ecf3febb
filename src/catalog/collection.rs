//! A collection of a release: what its tiles hold, and where it stands.
//!
//! Pure: plan and records in.

use std::path::PathBuf;

use arrow_schema::SchemaRef;

use super::dictionary::{ColumnDoc, dictionary, documented};
use crate::feature::release::paths::{FACILITIES, ITEMS, collection_folder};
use crate::feature::{ExportFormat, FileRecord, LayerId, LayerReport, TileRecord, UNVERIFIED};
use crate::plan::{LayerPlan, LayerSchema, Plan};

/// One product of the release: a layer, or the inventory.
#[derive(Debug, Clone)]
pub struct Collection<'a> {
    /// Layer id, or `facilities`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Licence, SPDX identifier or words.
    pub licence: String,
    /// Agencies the rows come from.
    pub agencies: Vec<String>,
    /// Where the rows are described.
    pub homepage: Option<String>,
    /// Words to find it by.
    pub keywords: Vec<String>,
    /// Schema of the tiles.
    pub schema: SchemaRef,
    /// What the columns mean.
    pub dictionary: Vec<ColumnDoc>,
    /// Its tiles, `data/` and `crossing/`.
    pub tiles: &'a [TileRecord],
    /// The file that holds all its rows, where there is one.
    pub national: Option<&'a FileRecord>,
    /// The files of other tools' formats that hold all its rows.
    pub formats: &'a [(ExportFormat, FileRecord)],
    /// Its vector tiles, where there are such.
    pub map: Option<FileRecord>,
    /// What differs from the release before, where that could be compared.
    pub changes: Option<&'a FileRecord>,
    /// Layers that take part, for the inventory.
    pub members: Vec<LayerId>,
    /// Plan and report of the layer; none for the inventory.
    pub layer: Option<(&'a LayerPlan, &'a LayerReport)>,
}

impl<'a> Collection<'a> {
    /// The collection of a layer.
    pub fn of_layer(
        plan: &Plan,
        layer: &'a LayerPlan,
        report: &'a LayerReport,
        schema: SchemaRef,
        tiles: &'a [TileRecord],
    ) -> Self {
        let about = &layer.schema;
        let sector = plan
            .reference
            .sectors
            .iter()
            .find(|s| s.code == about.sector.code);
        let mut keywords = vec!["critical infrastructure".to_owned(), about.sector.code.clone()];
        keywords.extend(sector.map(|s| s.name.clone()));
        keywords.extend(about.sector.subsector.clone());
        keywords.extend(about.sector.lifeline.clone());
        keywords.extend(about.unverified.then(|| UNVERIFIED.to_owned()));
        Self {
            id: layer.id.as_str().to_owned(),
            title: about.catalog_title(),
            description: about.catalog_description(),
            licence: about.licence.clone(),
            agencies: vec![about.agency.clone()],
            homepage: about.homepage.clone(),
            keywords,
            schema,
            dictionary: dictionary(plan, Some(about)),
            tiles,
            national: None,
            formats: &[],
            map: None,
            changes: None,
            members: Vec::new(),
            layer: Some((layer, report)),
        }
    }

    /// The inventory: every facility of every layer that doesn't opt out, core columns only.
    pub fn inventory(plan: &Plan, schema: SchemaRef, tiles: &'a [TileRecord]) -> Self {
        let members: Vec<&LayerPlan> = plan.layers.iter().filter(|layer| layer.inventory).collect();
        let schemas: Vec<&LayerSchema> = members.iter().map(|layer| layer.schema.as_ref()).collect();
        let mut licences = distinct(schemas.iter().map(|schema| schema.licence.clone()));
        licences.sort();
        Self {
            id: FACILITIES.to_owned(),
            title: "Facilities of every layer".to_owned(),
            description: "Every facility of every layer as a point, with the columns all layers share"
                .to_owned(),
            licence: licences.join("; "),
            agencies: distinct(schemas.iter().map(|schema| schema.agency.clone())),
            homepage: None,
            keywords: vec!["critical infrastructure".to_owned(), "inventory".to_owned()],
            schema,
            dictionary: dictionary(plan, None),
            tiles,
            national: None,
            formats: &[],
            map: None,
            changes: None,
            members: members.iter().map(|layer| layer.id.clone()).collect(),
            layer: None,
        }
    }

    /// With the file that holds all rows and that of the changes, where there are such.
    #[must_use]
    pub fn with_files(self, national: Option<&'a FileRecord>, changes: Option<&'a FileRecord>) -> Self {
        Self {
            national,
            changes,
            ..self
        }
    }

    /// With its files in formats of other tools.
    #[must_use]
    pub fn with_formats(self, formats: &'a [(ExportFormat, FileRecord)]) -> Self {
        Self { formats, ..self }
    }

    /// With its vector tiles, where there are such.
    #[must_use]
    pub fn with_map(self, map: Option<FileRecord>) -> Self {
        Self { map, ..self }
    }

    /// Folder of the collection, relative to the release.
    pub fn base(&self) -> String {
        // The inventory is beside the layers, not among them: it repeats their rows.
        collection_folder(&self.id).display().to_string()
    }

    /// What every column of the tiles means, in file order. A column the dictionary doesn't know
    /// (of a layer carried from an earlier release) is listed too, without a meaning.
    pub fn columns(&self) -> Vec<ColumnDoc> {
        documented(&self.dictionary, &self.schema)
    }

    /// Its `items.parquet`, and how many rows that has; none where there are no items to mirror.
    pub fn index(&self) -> Option<(PathBuf, u64)> {
        let path = PathBuf::from(self.base()).join(ITEMS);
        (!self.tiles.is_empty()).then_some((path, self.tiles.len() as u64))
    }

    /// Whether rows of a layer are among its own.
    pub(super) fn has_rows_of(&self, layer: &LayerReport) -> bool {
        match self.layer {
            Some((own, _)) => own.id == layer.id,
            None => self.members.contains(&layer.id) && !layer.is_absent(),
        }
    }

    /// Path from the collection's folder to the release's: `../` or `../../`.
    pub(super) fn to_root(&self) -> String {
        "../".repeat(self.base().split('/').count())
    }
}

/// The values without repetition, in order of first appearance.
pub(super) fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}

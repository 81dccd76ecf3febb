//! `jurisdictions/<set>.parquet`: the jurisdictions of a set, those that have no polygon too.
//!
//! Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::builder::{Float32Builder, MapBuilder, StringBuilder, StructBuilder, UInt64Builder};
use arrow_array::{ArrayRef, BinaryArray, StringArray};
use arrow_schema::{DataType, Field, Fields};
use geo::Rect;

use super::counts::SectorCounts;
use super::parents::{Parent, parent_of};
use crate::derive::column::{count_column, flag_column, number_column, text_column};
use crate::derive::{DeriveError, FeatureTable, Table};
use crate::feature::release::paths::jurisdictions_path;
use crate::feature::{BBOX_SIDES, Jurisdiction, JurisdictionShape, SetCount};
use crate::kernel::boxes::box_around_two;
use crate::kernel::geometry;
use crate::plan::{JurisdictionPlan, Reference};

/// The jurisdictions of a set, and its facilities.
pub(super) struct SetRows<'a> {
    set: &'a JurisdictionPlan,
    rows: Vec<Row<'a>>,
    /// Facilities without a code; none of a set that fills no column.
    unassigned: Option<u64>,
}

struct Row<'a> {
    code: &'a str,
    name: Option<&'a str>,
    parent: Option<Parent<'a>>,
    /// None of a code without a polygon.
    shape: Option<&'a JurisdictionShape>,
    has_polygon: bool,
    sectors: Option<&'a SectorCounts>,
}

impl Row<'_> {
    fn facilities(&self) -> u64 {
        self.sectors.map_or(0, |sectors| sectors.values().sum())
    }
}

impl<'a> SetRows<'a> {
    /// Puts the rows of a set together, by code. `counts` are by code, the empty one for facilities without; none of a set that
    /// fills no column.
    pub(super) fn new(
        set: &'a JurisdictionPlan,
        listed: &'a [Jurisdiction],
        counts: Option<&'a BTreeMap<String, SectorCounts>>,
        reference: &'a Reference,
    ) -> Self {
        let known: BTreeMap<&str, &Jurisdiction> = listed
            .iter()
            .map(|jurisdiction| (jurisdiction.code.as_str(), jurisdiction))
            .collect();
        let expected = reference_codes(set, reference);
        let mut codes: BTreeSet<&str> = known.keys().chain(expected.keys()).copied().collect();
        // Rows that were carried may have codes of boundaries of before: they are counted all the same.
        codes.extend(counts.into_iter().flat_map(BTreeMap::keys).map(String::as_str));
        codes.remove("");
        let rows = codes.into_iter().map(|code| {
            let jurisdiction = known.get(code).copied();
            let name = jurisdiction.and_then(|jurisdiction| jurisdiction.name.as_deref());
            let stated = jurisdiction.and_then(|jurisdiction| jurisdiction.parent.as_deref());
            Row {
                code,
                name: name.or_else(|| expected.get(code).copied()),
                parent: parent_of(&set.kind, code, stated),
                shape: jurisdiction.and_then(|jurisdiction| jurisdiction.shape.as_ref()),
                has_polygon: jurisdiction.is_some(),
                sectors: counts.and_then(|counts| counts.get(code)),
            }
        });
        Self {
            set,
            rows: rows.collect(),
            unassigned: counts.map(rows_without_code),
        }
    }

    /// What the report says of the set.
    pub(super) fn count(&self) -> SetCount {
        let with_polygon = self.rows.iter().filter(|row| row.has_polygon).count() as u64;
        SetCount {
            set: self.set.id.clone(),
            kind: self.set.kind.id.clone(),
            vintage: self.set.vintage.clone(),
            with_polygon,
            without_polygon: self.rows.len() as u64 - with_polygon,
            facilities: self
                .unassigned
                .map(|_| self.rows.iter().map(Row::facilities).sum()),
            unassigned: self.unassigned,
        }
    }

    /// The table.
    ///
    /// # Errors
    /// When columns don't fit together, which would be a mistake of this program.
    pub(super) fn table(&self) -> Result<FeatureTable, DeriveError> {
        let path = jurisdictions_path(&self.set.id);
        let rows = &self.rows;
        let boxes: Vec<Option<Rect<f64>>> = rows
            .iter()
            .map(|row| row.shape.and_then(|shape| geometry::wkb_bounds(&shape.outline)))
            .collect();
        let mut columns = self.text_columns();
        columns.extend(self.measures());
        columns.push(("geometry", self.outlines()));
        columns.push(("bbox", bbox_column(&boxes)));
        let types: BTreeSet<&str> = rows
            .iter()
            .filter_map(|row| Some(geometry::type_of(&row.shape?.outline)))
            .collect();
        Ok(FeatureTable {
            rows: Table::new(&path, columns)?.rows,
            path,
            extent: boxes.into_iter().flatten().reduce(box_around_two),
            geometry_types: types.into_iter().map(str::to_owned).collect(),
        })
    }

    fn text_columns(&self) -> Vec<(&'static str, ArrayRef)> {
        let rows = &self.rows;
        let ids: Vec<String> = rows
            .iter()
            .map(|row| format!("{}:{}", self.set.id, row.code))
            .collect();
        vec![
            ("jurisdiction_id", text_column(&ids, |id| Some(id))),
            ("set", self.repeated(&self.set.id)),
            ("kind", self.repeated(&self.set.kind.id)),
            ("code", text_column(rows, |row| Some(row.code))),
            ("name", text_column(rows, |row| row.name)),
            ("parent_kind", text_column(rows, |row| row.parent.as_ref()?.kind)),
            (
                "parent_code",
                text_column(rows, |row| Some(row.parent.as_ref()?.code)),
            ),
            (
                "parent_from",
                text_column(rows, |row| Some(row.parent.as_ref()?.from)),
            ),
            ("vintage", self.repeated(&self.set.vintage)),
            ("agency", self.repeated(&self.set.agency)),
            ("licence", self.repeated(&self.set.licence)),
        ]
    }

    /// One text in every row.
    fn repeated(&self, text: &str) -> ArrayRef {
        Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            text,
            self.rows.len(),
        )))
    }

    fn measures(&self) -> Vec<(&'static str, ArrayRef)> {
        let rows = &self.rows;
        let governs = match self.set.kind.is_government.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let is_counted = self.unassigned.is_some();
        vec![
            ("is_government", flag_column(rows, |_| governs)),
            (
                "area_km2",
                number_column(rows, |row| row.shape.map(|shape| shape.area_km2)),
            ),
            ("has_polygon", flag_column(rows, |row| Some(row.has_polygon))),
            (
                "outline_tolerance_deg",
                number_column(rows, |row| row.shape.map(|shape| shape.tolerance_deg)),
            ),
            (
                "facilities",
                count_column(rows, |row| is_counted.then(|| row.facilities())),
            ),
            ("facilities_by_sector", self.sector_maps()),
        ]
    }

    /// A map for each row, from sectors to facilities; null where nothing is counted.
    fn sector_maps(&self) -> ArrayRef {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), UInt64Builder::new());
        for row in &self.rows {
            let sectors = row.sectors.into_iter().flatten();
            for (sector, facilities) in sectors.filter(|(sector, _)| !sector.is_empty()) {
                maps.keys().append_value(sector);
                maps.values().append_value(*facilities);
            }
            maps.append(self.unassigned.is_some())
                .expect("a key and a value are added at a time");
        }
        Arc::new(maps.finish())
    }

    fn outlines(&self) -> ArrayRef {
        let outlines = self.rows.iter().map(|row| Some(row.shape?.outline.as_slice()));
        Arc::new(outlines.collect::<BinaryArray>())
    }
}

/// Facilities that have no code, which the empty one stands for.
fn rows_without_code(counts: &BTreeMap<String, SectorCounts>) -> u64 {
    counts.get("").map_or(0, |sectors| sectors.values().sum())
}

/// Codes that the reference tables list of a kind, and their names: where a set has no polygon of one, that is told.
fn reference_codes<'a>(set: &JurisdictionPlan, reference: &'a Reference) -> BTreeMap<&'a str, &'a str> {
    if set.kind.is_state() {
        let states = reference.states.iter();
        return states
            .map(|state| (state.fips.as_str(), state.name.as_str()))
            .collect();
    }
    if set.kind.is_region() {
        let regions = reference.regions.iter();
        return regions
            .map(|region| (region.code.as_str(), region.name.as_str()))
            .collect();
    }
    BTreeMap::new()
}

/// The covering of rows of which some have no outline.
fn bbox_column(boxes: &[Option<Rect<f64>>]) -> ArrayRef {
    let fields: Fields = BBOX_SIDES
        .iter()
        .map(|side| Field::new(*side, DataType::Float32, false))
        .collect();
    let mut covering = StructBuilder::from_fields(fields, boxes.len());
    for bounds in boxes {
        // Under a box that isn't there stands a number all the same.
        let sides = bounds.map_or([0.0; 4], geometry::round_outward);
        for (at, value) in sides.into_iter().enumerate() {
            let side: &mut Float32Builder = covering
                .field_builder(at)
                .expect("the sides are made of Float32 fields");
            side.append_value(value);
        }
        covering.append(bounds.is_some());
    }
    Arc::new(covering.finish())
}

//! Which columns are read, and which are handed out.
//!
//! Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::question::ROW_NUMBER;
use super::reach::distance_name;
use super::{QueryError, Question};
use crate::config::known_names_hint;
use crate::feature::FacilityRows;
use crate::select::{RowFilter, SelectError};

/// What stands for the distance in an order.
const BY_DISTANCE: &str = "distance";

/// Columns of an answer.
#[derive(Debug, Clone)]
pub(super) struct Projection {
    /// Those that tell of a row whether it is meant.
    pub(super) filter: Vec<String>,
    /// Those that are read of a row that is.
    pub(super) read: Vec<String>,
    /// Those that are handed out, in their order.
    pub(super) out: Vec<String>,
    /// That by which rows are put in order.
    pub(super) order: Option<String>,
    /// Columns handed out, with their types.
    pub(super) schema: SchemaRef,
}

impl Projection {
    /// Of a layer's columns.
    ///
    /// # Errors
    /// When a column that is asked for isn't there.
    pub(super) fn resolve(
        question: &Question,
        filter: &RowFilter,
        layer: &Schema,
    ) -> Result<Self, QueryError> {
        let distance = question.near.map(|_| distance_name(layer));
        let mut known: Vec<Arc<Field>> = layer.fields().iter().cloned().collect();
        if let Some(name) = &distance {
            known.push(Arc::new(Field::new(name, DataType::Float64, true)));
        }
        if question.are_numbered {
            known.push(Arc::new(Field::new(ROW_NUMBER, DataType::Int64, true)));
        }
        let known = Schema::new(known);
        let mut out = match &question.columns {
            Some(columns) => columns.clone(),
            None => known.fields().iter().map(|field| field.name().clone()).collect(),
        };
        out.extend(question.are_numbered.then(|| ROW_NUMBER.to_owned()));
        let mut seen = BTreeSet::new();
        out.retain(|name| seen.insert(name.clone()));
        let order = match &question.order {
            Some(order) if order.by == BY_DISTANCE && layer.index_of(BY_DISTANCE).is_err() => {
                let name = distance.clone();
                Some(name.ok_or_else(|| QueryError::asked("distance from where? say `near` which place"))?)
            }
            Some(order) => Some(order.by.clone()),
            None => None,
        };
        for name in out.iter().chain(&order) {
            if known.index_of(name).is_err() {
                return Err(unknown_column(name, &known));
            }
        }
        let mut of_filter: BTreeSet<&str> = filter.columns();
        of_filter.extend(question.near.map(|_| "geometry"));
        // In the order of the file, as the decoder gives them.
        let in_layer = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
            let fields = layer.fields().iter().map(|field| field.name());
            fields.filter(|name| wanted(name)).cloned().collect()
        };
        let is_read =
            |name: &str| of_filter.contains(name) || out.iter().chain(&order).any(|wanted| wanted == name);
        let fields: Vec<Arc<Field>> = out
            .iter()
            .filter_map(|name| known.field_with_name(name).ok())
            .map(|field| Arc::new(field.clone()))
            .collect();
        Ok(Self {
            filter: in_layer(&|name| of_filter.contains(name)),
            read: in_layer(&is_read),
            schema: Arc::new(Schema::new(fields)),
            out,
            order,
        })
    }

    /// Whether each row tells which of the layer it is.
    pub(super) fn are_numbered(&self) -> bool {
        self.out.iter().any(|name| name == ROW_NUMBER)
    }

    /// The columns that are handed out.
    pub(super) fn project(&self, rows: &FacilityRows) -> Result<FacilityRows, QueryError> {
        let batch = rows.as_batch();
        let places = self.out.iter().map(|name| batch.schema_ref().index_of(name));
        let projected = places
            .collect::<Result<Vec<usize>, _>>()
            .and_then(|places| batch.project(&places));
        let projected = projected.map_err(|source| QueryError::format("rows", source.to_string()))?;
        FacilityRows::try_new(projected).map_err(|source| QueryError::column("rows", &source))
    }
}

fn unknown_column(written: &str, known: &Schema) -> QueryError {
    let names = known.fields().iter().map(|field| field.name().as_str());
    let hint = known_names_hint(written, names);
    SelectError::Unknown {
        what: "column",
        written: written.to_owned(),
        hint: hint.map_or_else(String::new, |hint| format!("; {hint}")),
    }
    .into()
}

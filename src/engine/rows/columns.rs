//! The columns in which a store holds its rows: codes as keys, and back.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{Array, ArrayRef, DictionaryArray, Int32Array, RecordBatch};
use arrow_schema::{DataType, Field, Schema};

use super::RowsError;
use super::codes::Codes;
use crate::feature::{RegionId, Texts};
use crate::kernel::map::CROSSED_REGION;

/// Columns of rows in a store, and the lists of their codes.
///
/// Codes are stored as keys into one list for the layer. Batches come with dictionaries of their own, and gathering rows of
/// many batches would put these together again for every row group.
#[derive(Debug, Default)]
pub(super) struct StoredColumns {
    /// Columns as they are stored: codes are keys.
    pub(super) schema: Option<Arc<Schema>>,
    /// By name, of the columns of codes.
    codes: HashMap<String, Codes>,
    /// The lists of the codes, once no more are to come.
    values: OnceLock<HashMap<String, ArrayRef>>,
}

impl StoredColumns {
    /// Rows as they are stored: codes as keys.
    pub(super) fn hold(&mut self, rows: &RecordBatch) -> Result<RecordBatch, RowsError> {
        let mut fields: Vec<Field> = Vec::new();
        let mut columns: Vec<ArrayRef> = Vec::new();
        for (field, column) in rows.schema().fields().iter().zip(rows.columns()) {
            if let Some(dictionary) = column.as_dictionary_opt::<Int32Type>() {
                let codes = self.codes.entry(field.name().clone()).or_default();
                fields.push(Field::new(field.name(), DataType::Int32, true));
                columns.push(Arc::new(codes.keys_of(dictionary)));
            } else {
                fields.push(field.as_ref().clone());
                columns.push(Arc::clone(column));
            }
        }
        // That of the first batch: columns follow from the plan alone, and a batch that has others is an error here.
        let schema = Arc::clone(self.schema.get_or_insert_with(|| Arc::new(Schema::new(fields))));
        Ok(RecordBatch::try_new(schema, columns)?)
    }

    /// Rows by region.
    pub(super) fn rows_by_region(&self, stored: &RecordBatch) -> Vec<(RegionId, Vec<u32>)> {
        let rows = 0..u32::try_from(stored.num_rows()).expect("a batch has less than 2^32 rows");
        // Rows that reach into another region than their own are there for that one.
        let crossed = stored.schema_ref().index_of(CROSSED_REGION).is_ok();
        let name = if crossed { CROSSED_REGION } else { "region_code" };
        let keys = stored
            .column_by_name(name)
            .and_then(|keys| keys.as_primitive_opt::<Int32Type>());
        let Some((keys, codes)) = keys.zip(self.codes.get(name)) else {
            let texts = Texts::of_column(stored, name);
            let mut by_text: BTreeMap<Option<&str>, Vec<u32>> = BTreeMap::new();
            for row in rows {
                by_text
                    .entry(texts.and_then(|texts| texts.value(row as usize)))
                    .or_default()
                    .push(row);
            }
            return by_text
                .into_iter()
                .map(|(code, rows)| (RegionId::new(code), rows))
                .collect();
        };
        let mut by_key: HashMap<Option<i32>, Vec<u32>> = HashMap::new();
        for (row, key) in rows.zip(keys) {
            by_key.entry(key).or_default().push(row);
        }
        by_key
            .into_iter()
            .map(|(key, rows)| {
                let code = key.and_then(|key| codes.text_of(key));
                (RegionId::new(code), rows)
            })
            .collect()
    }

    /// Positions of the named columns that there are, or of all but those that only help.
    pub(super) fn positions_of(&self, names: Option<&[&str]>) -> Vec<usize> {
        let fields = self
            .schema
            .iter()
            .flat_map(|schema| schema.fields().iter().enumerate());
        fields
            .filter(|(_, field)| match names {
                Some(names) => names.contains(&field.name().as_str()),
                None => !field.name().starts_with("__"),
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Rows with codes in place of keys.
    pub(super) fn give_back(&self, stored: &RecordBatch) -> Result<RecordBatch, RowsError> {
        // Made once, when no further texts are to come: every dictionary that is given back then shares its values.
        let values = self.values.get_or_init(|| {
            self.codes
                .iter()
                .map(|(name, codes)| (name.clone(), codes.to_values()))
                .collect()
        });
        let mut fields: Vec<Field> = Vec::with_capacity(stored.num_columns());
        let mut columns: Vec<ArrayRef> = Vec::with_capacity(stored.num_columns());
        for (field, column) in stored.schema().fields().iter().zip(stored.columns()) {
            let Some(values) = values.get(field.name()) else {
                fields.push(field.as_ref().clone());
                columns.push(Arc::clone(column));
                continue;
            };
            let keys: &Int32Array = column.as_primitive();
            let coded = DictionaryArray::<Int32Type>::try_new(keys.clone(), Arc::clone(values))?;
            fields.push(Field::new(field.name(), coded.data_type().clone(), true));
            columns.push(Arc::new(coded));
        }
        Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
    }
}

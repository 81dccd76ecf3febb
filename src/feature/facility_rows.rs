//! Rows of facilities, of which every published column has its type.
//!
//! LEAF. Rows flow as Arrow's batches, which may hold anything. What these hold is checked once, where they are made or
//! read: whoever looks at them afterwards has no type to doubt, only columns that may not be there.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float32Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Float32Array, ListArray, RecordBatch,
};
use arrow_schema::{ArrowError, DataType, Field, Fields, Schema};
use arrow_select::concat::concat_batches;
use arrow_select::filter::filter_record_batch;
use arrow_select::take::take_record_batch;

use super::columns::{BBOX_SIDES, CORE_COLUMNS, CoreType};
use super::texts::Texts;
use super::typed_column::ColumnError;

/// Rows of facilities: some of the published columns or all, attributes of the layer, and what flows beside them.
///
/// Every core column that is there has its type, `geometry` is Binary (WKB), `bbox` a struct of Float32 `xmin, ymin, xmax,
/// ymax`. A text column may be a dictionary. An accessor of one of these columns gives none where it isn't there, and for
/// no other reason: an older tile may lack it, or nobody has asked for it. A column of any other name may be of any type.
///
/// ```
/// use std::sync::Arc;
///
/// use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
/// use cikr::feature::FacilityRows;
///
/// let ids: ArrayRef = Arc::new(StringArray::from(vec!["dams:TX00001"]));
/// let beds: ArrayRef = Arc::new(Int64Array::from(vec![120]));
/// let rows = RecordBatch::try_from_iter([("facility_id", ids), ("beds", Arc::clone(&beds))])?;
/// let rows = FacilityRows::try_new(rows)?;
/// assert_eq!(rows.ids().and_then(|ids| ids.value(0)), Some("dams:TX00001"));
/// assert!(rows.states().is_none(), "nobody has asked for it");
///
/// let mistyped = RecordBatch::try_from_iter([("state_code", beds)])?;
/// let refused = FacilityRows::try_new(mistyped).unwrap_err();
/// assert_eq!(refused.to_string(), "the column `state_code` is Int64, not Utf8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FacilityRows(RecordBatch);

impl FacilityRows {
    /// Takes a batch whose published columns have their types.
    ///
    /// # Errors
    /// When one has another.
    pub fn try_new(rows: RecordBatch) -> Result<Self, ColumnError> {
        for field in rows.schema_ref().fields() {
            check_type(field)?;
        }
        Ok(Self(rows))
    }

    /// The rows as Arrow has them, for what goes by the schema.
    pub fn as_batch(&self) -> &RecordBatch {
        &self.0
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.0.num_rows()
    }

    /// A column, whatever its type.
    pub fn column(&self, name: &str) -> Option<&ArrayRef> {
        self.0.column_by_name(name)
    }

    /// A published column that must be there.
    ///
    /// # Errors
    /// When it isn't.
    pub fn require(&self, name: &str) -> Result<&ArrayRef, ColumnError> {
        self.column(name).ok_or_else(|| ColumnError::Absent {
            column: name.to_owned(),
            expected: PublishedType::of_column(name).map_or("of any type", PublishedType::name),
        })
    }

    /// `facility_id`.
    pub fn ids(&self) -> Option<Texts<'_>> {
        self.texts("facility_id")
    }

    /// `name`.
    pub fn names(&self) -> Option<Texts<'_>> {
        self.texts("name")
    }

    /// `state_code`.
    pub fn states(&self) -> Option<Texts<'_>> {
        self.texts("state_code")
    }

    /// `region_code`.
    pub fn regions(&self) -> Option<Texts<'_>> {
        self.texts("region_code")
    }

    /// `geometry`, WKB.
    pub fn geometry(&self) -> Option<&BinaryArray> {
        self.column("geometry")?.as_binary_opt()
    }

    /// The sides of `bbox`: west, south, east, north.
    pub fn covering(&self) -> Option<[&Float32Array; 4]> {
        let boxes = self.column("bbox")?.as_struct_opt()?;
        let sides: Vec<&Float32Array> = boxes
            .columns()
            .iter()
            .filter_map(|side| side.as_primitive_opt::<Float32Type>())
            .collect();
        sides.try_into().ok()
    }

    /// A text column; none, too, where an attribute of this name is no text.
    pub fn texts(&self, name: &str) -> Option<Texts<'_>> {
        Texts::from_array(self.column(name)?.as_ref())
    }

    /// A column of yes and no; none, too, where an attribute of this name is something else.
    pub fn booleans(&self, name: &str) -> Option<&BooleanArray> {
        self.column(name)?.as_boolean_opt()
    }

    /// A column of days; none, too, where an attribute of this name is something else.
    pub fn dates(&self, name: &str) -> Option<&Date32Array> {
        self.column(name)?.as_primitive_opt::<Date32Type>()
    }

    /// A column of lists; none, too, where an attribute of this name is something else.
    pub fn lists(&self, name: &str) -> Option<&ListArray> {
        self.column(name)?.as_list_opt()
    }

    // What follows takes rows as they are: their columns keep their types, and needn't be checked again.

    /// So many rows from one on, without copying them.
    #[must_use]
    pub fn slice(&self, start: usize, rows: usize) -> Self {
        Self(self.0.slice(start, rows))
    }

    /// The rows with these numbers, in this order.
    ///
    /// # Errors
    /// When the numbers are no whole numbers.
    pub fn take(&self, numbers: &dyn Array) -> Result<Self, ArrowError> {
        Ok(Self(take_record_batch(&self.0, numbers)?))
    }

    /// The rows that are marked.
    ///
    /// # Errors
    /// When there are fewer marks than rows.
    pub fn filter(&self, marks: &BooleanArray) -> Result<Self, ArrowError> {
        Ok(Self(filter_record_batch(&self.0, marks)?))
    }

    /// Rows with the same columns, one after the other.
    ///
    /// # Errors
    /// When their columns differ.
    pub fn concat(parts: &[Self]) -> Result<Self, ArrowError> {
        let schema = parts
            .first()
            .map_or_else(|| Arc::new(Schema::empty()), |part| part.0.schema());
        Ok(Self(concat_batches(&schema, parts.iter().map(Self::as_batch))?))
    }

    /// The rows with a further column.
    ///
    /// # Errors
    /// When it has another length, or the name of a published column and another type.
    pub fn with_column(&self, field: Field, column: ArrayRef) -> Result<Self, ArrowError> {
        self.with_columns(vec![(field, column)])
    }

    /// The rows with further columns.
    ///
    /// # Errors
    /// When one has another length, or the name of a published column and another type.
    pub fn with_columns(&self, added: Vec<(Field, ArrayRef)>) -> Result<Self, ArrowError> {
        let mut fields: Vec<Arc<Field>> = self.0.schema_ref().fields().to_vec();
        let mut columns = self.0.columns().to_vec();
        for (field, column) in added {
            check_type(&field).map_err(|error| ArrowError::from_external_error(Box::new(error)))?;
            fields.push(Arc::new(field));
            columns.push(column);
        }
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map(Self)
    }

    /// The rows without a column, if it is there.
    #[must_use]
    pub fn without_column(mut self, name: &str) -> Self {
        if let Ok(at) = self.0.schema_ref().index_of(name) {
            self.0.remove_column(at);
        }
        self
    }
}

/// A published column has its type; whatever isn't published may have any.
fn check_type(field: &Field) -> Result<(), ColumnError> {
    match PublishedType::of_column(field.name()) {
        Some(expected) if !expected.is_type_of(field.data_type()) => Err(ColumnError::Mistyped {
            column: field.name().clone(),
            expected: expected.name(),
            found: field.data_type().clone(),
        }),
        _ => Ok(()),
    }
}

/// Type of a published column.
#[derive(Debug, Clone, Copy)]
enum PublishedType {
    Core(CoreType),
    Geometry,
    Covering,
}

impl PublishedType {
    /// None of a column that isn't published for every layer.
    fn of_column(name: &str) -> Option<Self> {
        match name {
            "geometry" => Some(Self::Geometry),
            "bbox" => Some(Self::Covering),
            name => {
                let core = CORE_COLUMNS.iter().find(|column| column.name == name)?;
                Some(Self::Core(core.kind))
            }
        }
    }

    /// As Arrow calls it.
    fn name(self) -> &'static str {
        match self {
            Self::Core(CoreType::Text) => "Utf8",
            Self::Core(CoreType::TextList) => "List(Utf8)",
            Self::Core(CoreType::Boolean) => "Boolean",
            Self::Core(CoreType::Number) => "Float64",
            Self::Core(CoreType::Date) => "Date32",
            Self::Geometry => "Binary",
            Self::Covering => "Struct of Float32 xmin, ymin, xmax, ymax",
        }
    }

    fn is_type_of(self, found: &DataType) -> bool {
        match (self, found) {
            (Self::Core(CoreType::Text), DataType::Dictionary(key, value)) => {
                **key == DataType::Int32 && **value == DataType::Utf8
            }
            // By the items alone: what a list calls them differs by who wrote the file.
            (Self::Core(CoreType::TextList), DataType::List(item)) => *item.data_type() == DataType::Utf8,
            (Self::Covering, DataType::Struct(sides)) => are_sides(sides),
            (Self::Core(CoreType::Text), DataType::Utf8)
            | (Self::Core(CoreType::Boolean), DataType::Boolean)
            | (Self::Core(CoreType::Number), DataType::Float64)
            | (Self::Core(CoreType::Date), DataType::Date32)
            | (Self::Geometry, DataType::Binary) => true,
            _ => false,
        }
    }
}

/// Whether these are the sides of a box, in the order in which they are read.
fn are_sides(fields: &Fields) -> bool {
    let is_side =
        |(field, side): (&Arc<Field>, &str)| field.name() == side && *field.data_type() == DataType::Float32;
    fields.len() == BBOX_SIDES.len() && fields.iter().zip(BBOX_SIDES).all(is_side)
}

#[cfg(test)]
mod tests {
    use arrow_array::types::Int32Type;
    use arrow_array::{DictionaryArray, Int64Array, StringArray, StructArray};

    use super::*;

    fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
        RecordBatch::try_from_iter(columns).unwrap()
    }

    fn texts(values: &[&str]) -> ArrayRef {
        Arc::new(StringArray::from(values.to_vec()))
    }

    fn numbers() -> ArrayRef {
        Arc::new(Int64Array::from(vec![1, 2]))
    }

    fn boxes(sides: [&str; 4]) -> ArrayRef {
        let fields: Fields = sides
            .iter()
            .map(|side| Field::new(*side, DataType::Float32, false))
            .collect();
        let columns = (0..4u8).map(|side| Arc::new(Float32Array::from(vec![f32::from(side); 2])) as ArrayRef);
        Arc::new(StructArray::new(fields, columns.collect(), None))
    }

    #[test]
    fn a_published_column_of_another_type_is_refused_by_its_name() {
        let published = CORE_COLUMNS.iter().map(|column| column.name);
        for name in published.chain(["geometry", "bbox"]) {
            let refused = FacilityRows::try_new(batch(vec![("beds", numbers()), (name, numbers())]));
            let told = refused.unwrap_err();
            assert!(
                matches!(&told, ColumnError::Mistyped { column, found: DataType::Int64, .. } if column == name),
                "{told}"
            );
        }
        assert!(
            FacilityRows::try_new(batch(vec![("beds", numbers())])).is_ok(),
            "an attribute"
        );
    }

    #[test]
    fn a_covering_has_its_sides_in_their_order() {
        let rows = FacilityRows::try_new(batch(vec![("bbox", boxes(BBOX_SIDES))])).unwrap();
        let sides = rows.covering().unwrap().map(|side| side.value(1).to_string());
        assert_eq!(sides, ["0", "1", "2", "3"]);
        let mixed = boxes(["xmin", "xmax", "ymin", "ymax"]);
        let told = FacilityRows::try_new(batch(vec![("bbox", mixed)])).unwrap_err();
        assert!(told.to_string().starts_with("the column `bbox` is "), "{told}");
    }

    #[test]
    fn a_dictionary_reads_as_plain_text_does() {
        let codes = ["R06", "R01"];
        let dictionary: DictionaryArray<Int32Type> = codes.into_iter().collect();
        for column in [texts(&codes), Arc::new(dictionary)] {
            let rows = FacilityRows::try_new(batch(vec![("region_code", column)])).unwrap();
            let read: Vec<_> = rows.regions().unwrap().iter().flatten().collect();
            assert_eq!(read, codes);
        }
    }

    #[test]
    fn what_an_older_tile_lacks_is_none() {
        let rows = FacilityRows::try_new(batch(vec![("facility_id", texts(&["a:1"]))])).unwrap();
        assert!(rows.ids().is_some());
        let further = [
            rows.names(),
            rows.states(),
            rows.regions(),
            rows.texts("sector_class"),
        ];
        assert!(further.iter().all(Option::is_none));
        assert!(rows.geometry().is_none() && rows.covering().is_none());
        assert!(rows.booleans("is_state_mismatch").is_none() && rows.dates("source_date").is_none());
        assert!(rows.lists("sector_also").is_none());
        let told = rows.require("sector_also").unwrap_err();
        assert_eq!(
            told.to_string(),
            "no column `sector_also`, which is to be List(Utf8)"
        );
    }

    #[test]
    fn a_column_that_is_added_is_checked_too() {
        let rows = FacilityRows::try_new(batch(vec![("beds", numbers())])).unwrap();
        let add = |name: &str| rows.with_column(Field::new(name, DataType::Int64, true), numbers());
        let told = add("geometry").unwrap_err().to_string();
        assert!(told.contains("`geometry` is Int64, not Binary"), "{told}");
        let more = add("stories").unwrap();
        assert!(more.column("stories").is_some());
        assert_eq!(more.without_column("stories"), rows);
    }
}

//! Rows of `links/sector_membership.parquet`.
//!
//! Pure.

use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef};

use super::resolve::Membership;
use super::tables::MEMBERSHIP;
use crate::kernel::sector::class::ClassValues;

/// Columns of the table of memberships.
pub(super) fn membership_schema() -> SchemaRef {
    // The names are those of the data dictionary, so that it can't say anything else than the file.
    let fields = MEMBERSHIP
        .columns
        .iter()
        .map(|(name, _)| Field::new(*name, column_type(name), true));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn column_type(name: &str) -> DataType {
    match name {
        "sector_also" => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
        "is_primary" | "is_judged" => DataType::Boolean,
        _ => DataType::Utf8,
    }
}

/// Rows of the table to be.
#[derive(Default)]
pub(super) struct MembershipRows {
    /// `sector_class` to `lifeline`, without the list.
    of_class: [StringBuilder; 6],
    also: ListBuilder<StringBuilder>,
    /// `scheme` to `note`, without the flags.
    texts: [StringBuilder; 7],
    is_primary: BooleanBuilder,
    is_judged: BooleanBuilder,
}

impl MembershipRows {
    pub(super) fn push(&mut self, layer: &str, class: &str, of: &ClassValues, found: &Membership) {
        // An empty text of a class stands for none (its name is a digest of texts); in the table that is a null.
        let of_class = [class, layer, &of.sector, &of.subsector, &of.naics, &of.lifeline]
            .map(|text| (!text.is_empty()).then_some(text));
        self.of_class
            .iter_mut()
            .zip(of_class)
            .for_each(|(column, text)| column.append_option(text));
        self.also.append_value(of.also.iter().map(Some));
        let texts = [
            Some(found.scheme.as_str()),
            found.code.as_deref(),
            found.name.as_deref(),
            found.lead_agency.as_deref(),
            Some(found.basis),
            found.reason.as_deref(),
            found.note.as_deref(),
        ];
        self.texts
            .iter_mut()
            .zip(texts)
            .for_each(|(column, text)| column.append_option(text));
        self.is_primary.append_value(found.is_primary);
        self.is_judged.append_value(found.is_judged);
    }

    pub(super) fn finish(mut self) -> RecordBatch {
        let [class, layer, sector, subsector, naics, lifeline] = self.of_class.each_mut().map(finish_column);
        let [scheme, code, name, lead_agency, basis, reason, note] = self.texts.each_mut().map(finish_column);
        let also: ArrayRef = Arc::new(self.also.finish());
        let is_primary: ArrayRef = Arc::new(self.is_primary.finish());
        let is_judged: ArrayRef = Arc::new(self.is_judged.finish());
        let columns = vec![
            class,
            layer,
            sector,
            subsector,
            also,
            naics,
            lifeline,
            scheme,
            code,
            name,
            lead_agency,
            is_primary,
            basis,
            is_judged,
            reason,
            note,
        ];
        RecordBatch::try_new(membership_schema(), columns).expect("every push adds one value to each column")
    }
}

fn finish_column(column: &mut StringBuilder) -> ArrayRef {
    Arc::new(column.finish())
}

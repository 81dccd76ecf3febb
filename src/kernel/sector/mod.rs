//! Classify: sector, subsector, second sectors, lead agency, lifeline and class of every row.
//!
//! Pure. The layer's sector stands; the first matching rule of the schema refines it; the row's
//! NAICS code (longest prefix wins) refines or decides, as the schema says. Second memberships are kept.
//! Few memberships differ: each is worked out and told once, and a row is the number of its own.

pub mod class;
mod membership;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, Int32Array, ListArray, StringArray};
use arrow_select::take::take;

use self::class::ClassValues;
use self::membership::{Membership, membership};
use super::{CodedArray, KernelError};
use crate::feature::{FlagCode, RowFlag};
use crate::plan::{LayerPlan, Reference, SectorRule};

/// Sector columns, one value per row.
#[derive(Debug, Clone)]
pub struct Sectors {
    /// `sector_code`.
    pub code: CodedArray,
    /// `subsector`.
    pub subsector: CodedArray,
    /// `sector_also`: further sector codes, sorted; an empty list where there is none.
    pub also: ListArray,
    /// `sector_class`, as [`class`] makes it.
    pub class: CodedArray,
    /// `lead_agency` of the sector.
    pub lead_agency: CodedArray,
    /// `lifeline`.
    pub lifeline: CodedArray,
    /// Rows whose NAICS code belongs to another sector than the layer.
    pub flags: Vec<RowFlag>,
}

/// Classifies `rows` rows.
///
/// `field` gives the text column of a canonical field, for the schema's rules and `naics_code`.
///
/// # Errors
/// When further sectors don't fit into a column, which would be a mistake of this program.
///
/// # Panics
/// On 2³¹ rows or more, which no batch has.
pub fn classify<'a>(
    rows: usize,
    field: impl Fn(&str) -> Option<&'a StringArray>,
    layer: &LayerPlan,
    reference: &Reference,
) -> Result<Sectors, KernelError> {
    let schema = &layer.schema;
    let naics = field("naics_code");
    let rules: Vec<(&SectorRule, &StringArray)> = schema
        .sector
        .rules
        .iter()
        .filter_map(|rule| Some((rule, field(&rule.values.field)?)))
        .collect();
    let mut places: HashMap<(Option<usize>, &str), i32> = HashMap::new();
    let mut known: Vec<KnownMembership<'_>> = Vec::new();
    let mut keys: Vec<i32> = Vec::with_capacity(rows);
    let mut flags = Vec::new();
    for row in 0..rows {
        let rule = rules
            .iter()
            .position(|(rule, values)| rule.values.match_value(text_or_empty(values, row)));
        let naics = naics.map_or("", |values| text_or_empty(values, row));
        let key = *places.entry((rule, naics)).or_insert_with(|| {
            let rule = rule.map(|at| rules[at].0);
            known.push(KnownMembership {
                naics,
                is: membership(&schema.sector, rule, naics, &reference.naics),
            });
            i32::try_from(known.len() - 1).expect("no batch has 2^31 rows")
        });
        flags.extend(known[place_of(key)].disagreement_flag(row));
        keys.push(key);
    }
    let columns = CodedColumns {
        keys: Int32Array::from(keys),
        known: &known,
    };
    columns.into_sectors(layer.id.as_str(), reference, flags)
}

/// Where a key's value stands.
fn place_of(key: i32) -> usize {
    usize::try_from(key).expect("keys are made of places")
}

fn text_or_empty(values: &StringArray, row: usize) -> &str {
    if values.is_null(row) {
        ""
    } else {
        values.value(row)
    }
}

/// A membership, and the NAICS code of its rows.
struct KnownMembership<'a> {
    naics: &'a str,
    is: Membership,
}

impl KnownMembership<'_> {
    /// The flag of a row whose NAICS code belongs to another sector.
    fn disagreement_flag(&self, index: usize) -> Option<RowFlag> {
        let detail = self.is.disagrees.clone()?;
        Some(RowFlag {
            index,
            field: "naics_code".to_owned(),
            value: self.naics.to_owned(),
            code: FlagCode::NaicsDisagrees,
            detail,
        })
    }

    fn class_name(&self, layer: &str) -> String {
        let values = ClassValues {
            sector: self.is.code.clone(),
            subsector: self.is.subsector.clone().unwrap_or_default(),
            also: self.is.also.iter().cloned().collect(),
            naics: self.naics.to_owned(),
            lifeline: self.is.lifeline.clone().unwrap_or_default(),
        };
        values.class_name(layer)
    }
}

/// What differs, and which of it a row is.
struct CodedColumns<'a> {
    keys: Int32Array,
    known: &'a [KnownMembership<'a>],
}

impl CodedColumns<'_> {
    fn into_sectors(
        self,
        layer: &str,
        reference: &Reference,
        flags: Vec<RowFlag>,
    ) -> Result<Sectors, KernelError> {
        let leads: BTreeMap<&str, &str> = reference
            .sectors
            .iter()
            .map(|s| (s.code.as_str(), s.lead_agency.as_str()))
            .collect();
        let classes: Vec<String> = self.known.iter().map(|known| known.class_name(layer)).collect();
        Ok(Sectors {
            code: self.coded_texts(|is| Some(&is.code)),
            subsector: self.coded_texts(|is| is.subsector.as_deref()),
            also: self.further_sectors()?,
            class: coded_column(
                &self.keys,
                classes.iter().map(|class| Some(class.as_str())).collect(),
            ),
            lead_agency: self.coded_texts(|is| leads.get(is.code.as_str()).copied()),
            lifeline: self.coded_texts(|is| is.lifeline.as_deref()),
            flags,
        })
    }

    fn coded_texts<'k>(&'k self, value: impl Fn(&'k Membership) -> Option<&'k str>) -> CodedArray {
        coded_column(
            &self.keys,
            self.known.iter().map(|known| value(&known.is)).collect(),
        )
    }

    fn further_sectors(&self) -> Result<ListArray, KernelError> {
        let mut lists = ListBuilder::new(StringBuilder::new());
        self.known
            .iter()
            .for_each(|known| lists.append_value(known.is.also.iter().map(Some)));
        let taken = take(&lists.finish(), &self.keys, None);
        Ok(taken
            .map_err(|source| KernelError::Arrow { source })?
            .as_list::<i32>()
            .clone())
    }
}

/// A row whose value is null has no key: what counts nulls finds them without looking the values up.
fn coded_column(keys: &Int32Array, values: StringArray) -> CodedArray {
    if values.null_count() == 0 {
        return CodedArray::new(keys.clone(), Arc::new(values));
    }
    let keys = keys
        .values()
        .iter()
        .map(|key| values.is_valid(place_of(*key)).then_some(*key))
        .collect();
    CodedArray::new(keys, Arc::new(values))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feature::Texts;

    #[test]
    fn a_null_of_few_values_is_a_null_of_its_rows() {
        let keys = Int32Array::from(vec![1, 0, 1]);
        let column = coded_column(&keys, StringArray::from(vec![None, Some("Dams")]));
        assert_eq!((column.null_count(), column.keys().len()), (1, 3));
        let read: Vec<_> = Texts::from_array(&column).unwrap().iter().collect();
        assert_eq!(read, [Some("Dams"), None, Some("Dams")]);
    }
}

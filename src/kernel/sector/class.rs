//! `sector_class`: a short name for everything that decides where a facility belongs.
//!
//! Pure. Facilities of a layer with the same sector, subsector, further sectors, NAICS code and lifeline are of one
//! class; what follows from these is told once per class, not once per facility.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ListArray, StringArray};
use serde::{Deserialize, Serialize};

use crate::feature::digest::sha256_hex;
use crate::feature::{FacilityRows, Texts};

/// Name of the column.
pub const COLUMN: &str = "sector_class";

/// The column, and those it follows from in the order in which they are hashed.
pub const COLUMNS: [&str; 6] = [
    COLUMN,
    "sector_code",
    "subsector",
    "sector_also",
    "naics_code",
    "lifeline",
];

/// Digits of the digest in a name, which stands in every row of a tile: of a layer with a million classes, two share a name in one case of 560.
const DIGITS: usize = 12;

/// What a class follows from; an empty text is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassValues {
    /// `sector_code`.
    pub sector: String,
    /// `subsector`.
    pub subsector: String,
    /// `sector_also`, in order.
    pub also: Vec<String>,
    /// `naics_code`.
    pub naics: String,
    /// `lifeline`.
    pub lifeline: String,
}

impl ClassValues {
    /// What is hashed: a JSON array without blanks, such as `["ENER","Electricity",["DAMS"],"221111",""]`. No two
    /// values run together, and one line of any language spells it again.
    fn to_hashed_json(&self) -> String {
        serde_json::json!([self.sector, self.subsector, self.also, self.naics, self.lifeline]).to_string()
    }

    /// Name of the class: the layer, and the first 12 hex digits of the SHA-256 of the values as JSON in UTF-8.
    ///
    /// ```
    /// let hydro = cikr::kernel::sector::class::ClassValues {
    ///     sector: "ENER".to_owned(),
    ///     subsector: "Electricity".to_owned(),
    ///     also: vec!["DAMS".to_owned()],
    ///     naics: "221111".to_owned(),
    ///     lifeline: String::new(),
    /// };
    /// // printf '["ENER","Electricity",["DAMS"],"221111",""]' | sha256sum
    /// assert_eq!(hydro.class_name("plants"), "plants:462aec75aa53");
    /// ```
    pub fn class_name(&self, layer: &str) -> String {
        class_name(layer, &self.to_hashed_json())
    }
}

fn class_name(layer: &str, json: &str) -> String {
    format!("{layer}:{}", &sha256_hex(json)[..DIGITS])
}

/// Rows of one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SectorClass {
    /// Its name.
    pub name: String,
    /// What it stands for, by its first row.
    pub values: ClassValues,
    /// How many rows there are.
    pub rows: u64,
}

/// Classes of published rows, in the order first seen.
pub fn classes(layer: &str, rows: &FacilityRows) -> Vec<SectorClass> {
    group_rows(layer, rows).0
}

/// Class of each published row.
pub fn of_rows(layer: &str, rows: &FacilityRows) -> StringArray {
    let (classes, places) = group_rows(layer, rows);
    places
        .into_iter()
        .map(|place| Some(classes[place].name.as_str()))
        .collect()
}

/// What is wrong with rows of which a class isn't the one of the values beside it.
pub fn misnamed_class(rows: &FacilityRows) -> Option<String> {
    // Tiles of before there were classes have no names that could be wrong.
    rows.column(COLUMN)?;
    let wrong = classes("", rows).into_iter().find(|class| {
        let layer = class.name.split_once(':').map(|(layer, _)| layer);
        layer.is_none_or(|layer| class.values.class_name(layer) != class.name)
    })?;
    Some(format!("class `{}` is not that of its values", wrong.name))
}

/// Classes, and which of them each row is of: as the rows tell, or by their values where an older tile doesn't.
fn group_rows(layer: &str, rows: &FacilityRows) -> (Vec<SectorClass>, Vec<usize>) {
    let names = rows.texts(COLUMN);
    let columns = ClassColumns::of_rows(rows);
    let mut found = FoundClasses::default();
    // By their JSON, so that values are hashed once however many rows have them.
    let mut by_values: HashMap<String, usize> = HashMap::new();
    let mut places = Vec::with_capacity(rows.num_rows());
    for row in 0..rows.num_rows() {
        let place = if let Some(name) = names.and_then(|names| names.value(row)) {
            found.place_of(name, || columns.values_at(row))
        } else {
            let values = columns.values_at(row);
            let json = values.to_hashed_json();
            let known = by_values.get(&json).copied();
            let place = known.unwrap_or_else(|| found.place_of(&class_name(layer, &json), || values));
            by_values.insert(json, place);
            place
        };
        found.classes[place].rows += 1;
        places.push(place);
    }
    (found.classes, places)
}

/// Classes in the order first seen, to be found by their names.
#[derive(Default)]
struct FoundClasses {
    classes: Vec<SectorClass>,
    by_name: HashMap<String, usize>,
}

impl FoundClasses {
    /// Where the class of a name is; a new one has these values.
    fn place_of(&mut self, name: &str, values: impl FnOnce() -> ClassValues) -> usize {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        let place = self.classes.len();
        self.classes.push(SectorClass {
            name: name.to_owned(),
            values: values(),
            rows: 0,
        });
        self.by_name.insert(name.to_owned(), place);
        place
    }
}

/// The columns that a class follows from; one that is absent is empty throughout.
struct ClassColumns<'a> {
    texts: [Option<Texts<'a>>; 4],
    also: Option<&'a ListArray>,
}

impl<'a> ClassColumns<'a> {
    fn of_rows(rows: &'a FacilityRows) -> Self {
        let texts = ["sector_code", "subsector", "naics_code", "lifeline"];
        Self {
            texts: texts.map(|name| rows.texts(name)),
            also: rows.lists("sector_also"),
        }
    }

    fn values_at(&self, row: usize) -> ClassValues {
        let [sector, subsector, naics, lifeline] = self.texts.map(|texts| {
            let text = texts.and_then(|texts| texts.value(row));
            text.unwrap_or_default().to_owned()
        });
        let list = self
            .also
            .filter(|lists| lists.is_valid(row))
            .map(|lists| lists.value(row));
        let list = list.as_ref().and_then(|list| list.as_string_opt::<i32>());
        let also = list.into_iter().flatten().flatten().map(str::to_owned).collect();
        ClassValues {
            sector,
            subsector,
            also,
            naics,
            lifeline,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, StringBuilder};
    use arrow_array::{ArrayRef, RecordBatch};
    use arrow_schema::{DataType, Field};

    use super::*;

    fn values(sector: &str, subsector: &str, also: &[&str], naics: &str) -> ClassValues {
        ClassValues {
            sector: sector.to_owned(),
            subsector: subsector.to_owned(),
            also: also.iter().map(|&code| code.to_owned()).collect(),
            naics: naics.to_owned(),
            lifeline: String::new(),
        }
    }

    #[test]
    fn values_do_not_run_together() {
        let class = |of: &ClassValues| of.class_name("a");
        assert_ne!(
            class(&values("A", "B", &[], "")),
            class(&values("AB", "", &[], ""))
        );
        assert_ne!(
            class(&values("A", "", &["B", "C"], "")),
            class(&values("A", "", &["B\",\"C"], ""))
        );
        assert_ne!(
            class(&values("A", "", &["B"], "")),
            class(&values("A", "", &[], "B"))
        );
        assert_ne!(
            class(&values("A", "", &["B", "C"], "")),
            class(&values("A", "", &["C", "B"], ""))
        );
        assert_ne!(
            values("A", "", &[], "").class_name("b"),
            class(&values("A", "", &[], ""))
        );
    }

    /// Two rows of one class and one of another; `None` for lists and texts is as good as empty.
    fn rows(naics: &[Option<&str>], also: &[Option<&[&str]>]) -> FacilityRows {
        let mut lists = ListBuilder::new(StringBuilder::new());
        for codes in also {
            lists.append_option(codes.map(|codes| codes.iter().map(Some)));
        }
        let sector = StringArray::from(vec!["ENER"; naics.len()]);
        let columns: [(&str, ArrayRef); 3] = [
            ("sector_code", Arc::new(sector)),
            ("naics_code", Arc::new(StringArray::from(naics.to_vec()))),
            ("sector_also", Arc::new(lists.finish())),
        ];
        let columns = columns.map(|(name, column)| (name, column, true));
        FacilityRows::try_new(RecordBatch::try_from_iter_with_nullable(columns).unwrap()).unwrap()
    }

    #[test]
    fn null_and_empty_are_alike_and_an_old_tile_gets_the_class_a_new_one_tells() {
        let old = rows(&[None, Some("22"), Some("")], &[Some(&[]), None, None]);
        let found = classes("a", &old);
        let counted: Vec<_> = found
            .iter()
            .map(|class| (class.values.clone(), class.rows))
            .collect();
        assert_eq!(
            counted,
            [
                (values("ENER", "", &[], ""), 2),
                (values("ENER", "", &[], "22"), 1)
            ]
        );
        assert_eq!(found[1].name, values("ENER", "", &[], "22").class_name("a"));
        let column: ArrayRef = Arc::new(of_rows("a", &old));
        let new = old.with_column(Field::new(COLUMN, DataType::Utf8, true), column);
        assert_eq!(classes("a", &new.unwrap()), found);
    }
}

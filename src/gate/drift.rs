//! Schema drift: which columns of the source came, went, changed their name or the kind of their values.
//!
//! Pure. Only what touches a field that the schema reads is red; the rest is for people to know.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::listed;
use crate::feature::{Check, Finding, SourceColumn, SourceProfile, ValueKind};
use crate::plan::{EPOCH_MS, EXCEL_SERIAL, Field, FieldKind, LayerPlan};

/// Likeness of names from which one is taken for the other's new one.
const LIKE: f64 = 0.8;
/// Share of the values that must have changed their kind.
const RETYPED: f64 = 0.5;
/// Share of the rows that must have had a value for its loss to count.
const FILLED: f64 = 0.1;
/// Share of the rows with a value from which on losing half of them is red: what few rows have comes and goes.
const MOSTLY_FILLED: f64 = 0.5;
/// Share of what was filled that must still be.
const STILL_FILLED: f64 = 0.5;

/// What changed between two profiles of a source; `unread` are fields that have lost values by the kind of their values.
pub(super) fn findings(
    layer: &LayerPlan,
    before: &SourceProfile,
    now: &SourceProfile,
    unread: &BTreeSet<&str>,
) -> Vec<Finding> {
    if before.columns.is_empty() || now.columns.is_empty() {
        return vec![];
    }
    let mut dropped = missing(&before.columns, &now.columns);
    let added = missing(&now.columns, &before.columns);
    let pairs = renamed(&dropped, &added);
    let mut found = lost(layer, before, now, &pairs);
    found.extend(retyped(layer, before, now, unread));
    found.extend(emptied(layer, before, now));
    for finding in &mut found {
        finding.is_red &= layer.gate.drift;
    }
    let replaced: Vec<Replaced<'_>> = layer
        .schema
        .fields
        .iter()
        .filter_map(|field| Replaced::of(field, before, now))
        .collect();
    found.extend(replaced.iter().map(Replaced::finding));
    let is_open = |column: &SourceColumn| {
        !is_lost(layer, column, now) && !replaced.iter().any(|replaced| replaced.column == column)
    };
    dropped.retain(|column| is_open(column) || pairs.iter().any(|(from, _)| from == column));
    let open: Pairs<'_> = pairs.iter().copied().filter(|(from, _)| is_open(from)).collect();
    found.extend(told(layer, (&dropped, &added), (&pairs, &open), now));
    found
}

type Pairs<'a> = Vec<(&'a SourceColumn, &'a SourceColumn)>;

/// Columns of one list that the other doesn't have, whatever the case of their letters.
fn missing<'a>(of: &'a [SourceColumn], other: &[SourceColumn]) -> Vec<&'a SourceColumn> {
    of.iter()
        .filter(|column| named(other, &column.name).is_none())
        .collect()
}

/// The column of a name: the exact one first, as the schema reads it.
fn named<'a>(columns: &'a [SourceColumn], name: &str) -> Option<&'a SourceColumn> {
    let exact = columns.iter().find(|column| column.name == name);
    exact.or_else(|| {
        columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    })
}

/// Columns that a field is read from.
pub(super) fn read<'a>(columns: &'a [SourceColumn], field: &Field) -> Vec<&'a SourceColumn> {
    field
        .from
        .iter()
        .filter_map(|alias| named(columns, alias))
        .collect()
}

fn is_read(layer: &LayerPlan, columns: &[SourceColumn], column: &SourceColumn) -> bool {
    layer
        .schema
        .fields
        .iter()
        .any(|field| read(columns, field).contains(&column))
}

/// Gone and new columns whose names are alike and whose values are of one kind: likest first, a guess.
fn renamed<'a>(dropped: &[&'a SourceColumn], added: &[&'a SourceColumn]) -> Pairs<'a> {
    let mut likely: Vec<(f64, &SourceColumn, &SourceColumn)> = Vec::new();
    for old in dropped {
        let alike = added.iter().filter(|new| is_same_kind(old, new));
        let scored = alike.map(|new| (likeness(&old.name, &new.name), *old, *new));
        likely.extend(scored.filter(|(score, ..)| *score >= LIKE));
    }
    likely.sort_by(|a, b| match b.0.total_cmp(&a.0) {
        Ordering::Equal => (&a.1.name, &a.2.name).cmp(&(&b.1.name, &b.2.name)),
        order => order,
    });
    let mut pairs: Pairs<'a> = Vec::new();
    for (_, old, new) in likely {
        if !pairs.iter().any(|(from, to)| *from == old || *to == new) {
            pairs.push((old, new));
        }
    }
    pairs
}

fn is_same_kind(a: &SourceColumn, b: &SourceColumn) -> bool {
    let family = |column: &SourceColumn| match column.kind() {
        Some(ValueKind::Integer) => Some(ValueKind::Number),
        kind => kind,
    };
    family(a).is_some() && family(a) == family(b)
}

/// 1 for the same letters and digits; a common beginning counts.
fn likeness(a: &str, b: &str) -> f64 {
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    strsim::jaro_winkler(&plain(a), &plain(b))
}

/// Fields that were read from columns none of which has a value any more.
fn lost(layer: &LayerPlan, before: &SourceProfile, now: &SourceProfile, pairs: &Pairs<'_>) -> Vec<Finding> {
    let lost = |field: &Field| {
        let (old, new) = (read(&before.columns, field), read(&now.columns, field));
        let is_gone = !old.is_empty() && new.is_empty();
        let is_emptied = !new.is_empty()
            && old
                .iter()
                .any(|column| column.values() as f64 >= FILLED * before.looked_at as f64)
            && old.iter().any(|column| column.values() > 0)
            && new.iter().all(|column| column.values() == 0);
        if !is_gone && !is_emptied {
            return None;
        }
        let names: Vec<&str> = old.iter().map(|column| column.name.as_str()).collect();
        let (names, field) = (listed(&names), &field.name);
        if is_emptied {
            let what = format!("column {names}, read as field `{field}`, has no value any more");
            return Some(Finding {
                check: Check::Retyped,
                is_red: true,
                what,
            });
        }
        let guess = old
            .iter()
            .find_map(|old| pairs.iter().find(|(from, _)| from == old))
            .map(|(_, to)| to);
        let (check, hint) = match guess {
            Some(to) => (
                Check::Renamed,
                format!("; `{}` looks like it (a guess): name it in `from`", to.name),
            ),
            None => (Check::Dropped, String::new()),
        };
        let what = format!("column {names}, read as field `{field}`, is gone{hint}");
        Some(Finding {
            check,
            is_red: true,
            what,
        })
    };
    layer.schema.fields.iter().filter_map(lost).collect()
}

/// Columns that a field is read from, with less than half of the values that they had.
fn emptied(layer: &LayerPlan, before: &SourceProfile, now: &SourceProfile) -> Vec<Finding> {
    let finding = |field: &Field| {
        let (old, new) = (read(&before.columns, field), read(&now.columns, field));
        let share = |columns: &[&SourceColumn], rows: u64| {
            let fullest = columns.iter().map(|column| column.values()).max().unwrap_or(0);
            fullest as f64 / rows.max(1) as f64
        };
        let (was, is) = (share(&old, before.looked_at), share(&new, now.looked_at));
        // One without any value is told as lost.
        if was < FILLED || is >= was * STILL_FILLED || new.iter().all(|column| column.values() == 0) {
            return None;
        }
        let names: Vec<&str> = new.iter().map(|column| column.name.as_str()).collect();
        let what = format!(
            "column {}, read as field `{}`, has a value in {:.1} % of the rows instead of {:.1} %",
            listed(&names),
            field.name,
            is * 100.0,
            was * 100.0
        );
        Some(Finding {
            check: Check::Retyped,
            is_red: was >= MOSTLY_FILLED,
            what,
        })
    };
    layer.schema.fields.iter().filter_map(finding).collect()
}

/// A column that a field was read from first, and that has lost its values to the next one of the field.
struct Replaced<'a> {
    field: &'a Field,
    /// As it was.
    column: &'a SourceColumn,
    /// Share of the rows with a value in it, before and now, 0 to 1; none now where it is gone.
    filled: (f64, Option<f64>),
    /// What serves instead.
    by: Vec<&'a str>,
}

impl<'a> Replaced<'a> {
    /// None where nothing serves instead, which is told as lost or emptied.
    fn of(field: &'a Field, before: &'a SourceProfile, now: &'a SourceProfile) -> Option<Self> {
        let share =
            |column: &SourceColumn, of: &SourceProfile| column.values() as f64 / of.looked_at.max(1) as f64;
        let columns = read(&before.columns, field);
        let column = columns.iter().find(|column| share(column, before) >= FILLED)?;
        let was = share(column, before);
        let left = named(&now.columns, &column.name);
        let is = left.map(|left| share(left, now));
        let others = read(&now.columns, field)
            .into_iter()
            .filter(|other| Some(*other) != left);
        let others: Vec<&SourceColumn> = others.filter(|other| other.values() > 0).collect();
        let fullest = others.iter().map(|other| share(other, now)).fold(0.0, f64::max);
        let is_replaced = is.is_none_or(|is| is < was * STILL_FILLED) && fullest >= was * STILL_FILLED;
        let by = others.iter().map(|other| other.name.as_str()).collect();
        is_replaced.then_some(Self {
            field,
            column,
            filled: (was, is),
            by,
        })
    }

    fn finding(&self) -> Finding {
        let Self {
            field,
            column,
            filled: (was, is),
            by,
        } = self;
        let (check, what) = match is {
            None => (Check::Dropped, "is gone".to_owned()),
            Some(is) => {
                let [was, is] = [was, is].map(|share| share * 100.0);
                (
                    Check::Retyped,
                    format!("has a value in {is:.1} % of the rows instead of {was:.1} %"),
                )
            }
        };
        let what = format!(
            "column `{}`, read as field `{}`, {what}: {} serves now",
            column.name,
            field.name,
            listed(by)
        );
        Finding {
            check,
            is_red: false,
            what,
        }
    }
}

/// Columns whose values are of another kind than before; red where a field has lost values by it.
fn retyped(
    layer: &LayerPlan,
    before: &SourceProfile,
    now: &SourceProfile,
    unread: &BTreeSet<&str>,
) -> Vec<Finding> {
    let finding = |column: &SourceColumn| {
        let old = named(&before.columns, &column.name)?;
        let (was, is) = (old.kind()?, column.kind()?);
        if was == is || distance(old, column) < RETYPED {
            return None;
        }
        let fields = layer.schema.fields.iter();
        let mut minding = fields.filter(|field| {
            read(&now.columns, field).contains(&column)
                && minds(field, layer.schema.key.contains(&field.name), is)
        });
        let field = minding.next();
        // Whole numbers among others are none's concern but a field's that takes no others.
        if field.is_none() && is_same_kind(old, column) {
            return None;
        }
        let read = field
            .map(|field| format!(", read as field `{}`,", field.name))
            .unwrap_or_default();
        let (name, was, is) = (&column.name, was.word(), is.word());
        let what = format!("column `{name}`{read} holds {is} values instead of {was}");
        let is_red = field.is_some_and(|field| unread.contains(field.name.as_str()));
        Some(Finding {
            check: Check::Retyped,
            is_red,
            what,
        })
    };
    now.columns.iter().filter_map(finding).collect()
}

/// How much of the values changed their kind, 0 to 1.
fn distance(before: &SourceColumn, now: &SourceColumn) -> f64 {
    use ValueKind::{Boolean, Date, Integer, Number, Text};
    let share = |column: &SourceColumn, kind| {
        column.kinds.get(&kind).copied().unwrap_or(0) as f64 / column.values().max(1) as f64
    };
    let kinds = [Boolean, Integer, Number, Date, Text];
    kinds
        .into_iter()
        .map(|kind| (share(before, kind) - share(now, kind)).abs())
        .sum::<f64>()
        / 2.0
}

/// Whether a field would lose values of this kind; of a key, any other kind makes other facilities.
fn minds(field: &Field, is_key: bool, kind: ValueKind) -> bool {
    use ValueKind::{Boolean, Date, Integer, Number};
    if is_key {
        return true;
    }
    match &field.kind {
        FieldKind::Text | FieldKind::State => false,
        FieldKind::Integer => kind != Integer,
        FieldKind::Number => !matches!(kind, Integer | Number),
        FieldKind::Boolean { .. } => !matches!(kind, Boolean | Integer),
        FieldKind::Date { formats } => {
            let takes_numbers = formats
                .iter()
                .any(|format| format == EPOCH_MS || format == EXCEL_SERIAL);
            !(kind == Date || takes_numbers && matches!(kind, Integer | Number))
        }
    }
}

/// What touches no field.
fn told(
    layer: &LayerPlan,
    (dropped, added): (&[&SourceColumn], &[&SourceColumn]),
    (pairs, open): (&Pairs<'_>, &Pairs<'_>),
    now: &SourceProfile,
) -> Vec<Finding> {
    let warning = |check, what| Finding {
        check,
        is_red: false,
        what,
    };
    let mut found: Vec<Finding> = open
        .iter()
        .map(|(from, to)| {
            let what = format!(
                "column `{}` seems to be called `{}` now (a guess)",
                from.name, to.name
            );
            warning(Check::Renamed, what)
        })
        .collect();
    let gone: Vec<&str> = dropped
        .iter()
        .filter(|column| !pairs.iter().any(|(from, _)| from == *column))
        .map(|column| column.name.as_str())
        .collect();
    let new: Vec<&str> = added
        .iter()
        .filter(|column| !pairs.iter().any(|(_, to)| to == *column))
        .map(|column| column.name.as_str())
        .collect();
    if !gone.is_empty() {
        found.push(warning(
            Check::Dropped,
            format!("columns gone that no field needs: {}", listed(&gone)),
        ));
    }
    let is_fed =
        |name: &&&str| named(&now.columns, name).is_some_and(|column| is_read(layer, &now.columns, column));
    let fed = new.iter().filter(is_fed).count();
    if !new.is_empty() {
        let read = if fed == 0 {
            "no field reads".to_owned()
        } else {
            format!("{fed} of which a field reads")
        };
        found.push(warning(
            Check::Added,
            format!("new columns, {read}: {}", listed(&new)),
        ));
    }
    found
}

/// Whether a column that is gone takes a field with it, which is told there.
fn is_lost(layer: &LayerPlan, column: &SourceColumn, now: &SourceProfile) -> bool {
    let reads = |field: &&Field| {
        field
            .from
            .iter()
            .any(|alias| alias.eq_ignore_ascii_case(&column.name))
    };
    layer
        .schema
        .fields
        .iter()
        .filter(reads)
        .any(|field| read(&now.columns, field).is_empty())
}

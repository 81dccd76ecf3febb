//! Names of columns from a header: one rule for text files, sheets and tables.
//!
//! Pure. Names are trimmed, and without characters that nobody sees, a line break among them; a blank one is called
//! by its position, `column_5`; of equal names the first keeps it and the others are told apart by `_2`, `_3` …,
//! never taking a name that stands in the header itself. So `X,Y,NAME,X,Y` has the columns `X`, `Y`, `NAME`, `X_2`,
//! `Y_2`. Names that differ in case alone are different names.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::feature::unseen;

use super::error::{SourceError, closest_name};

/// The names of a header's columns, each once.
pub(super) fn unique_names<'a>(written: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let written: Vec<Cow<'_, str>> = written.into_iter().map(visible_name).collect();
    let mut taken: HashSet<String> = HashSet::new();
    let reserved: HashSet<&str> = written.iter().map(AsRef::as_ref).collect();
    let mut names = Vec::with_capacity(written.len());
    for (position, text) in written.iter().enumerate() {
        let base = if text.is_empty() {
            format!("column_{}", position + 1)
        } else {
            text.to_string()
        };
        let mut name = base.clone();
        let mut count = 1;
        // A name that the header has itself is never given to another column: `X_2` stays what its writer called so.
        while taken.contains(&name) || (name != **text && reserved.contains(name.as_str())) {
            count += 1;
            name = format!("{base}_{count}");
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// A name as people see it.
fn visible_name(written: &str) -> Cow<'_, str> {
    unseen::visible_text(written).unwrap_or_default()
}

/// The columns of `names` that the header `written` calls otherwise, for the log.
pub(super) fn describe_renamed<'a>(
    written: impl IntoIterator<Item = &'a str>,
    names: &[String],
) -> Option<String> {
    let pairs = written.into_iter().zip(names).enumerate();
    let told: Vec<String> = pairs
        .map(|(position, (text, name))| (position + 1, visible_name(text), name))
        .filter(|(_, text, name)| !text.is_empty() && *text != name.as_str())
        .map(|(position, text, name)| format!("column {position} `{text}` is `{name}`"))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// A column by its exact name, or else by its name without regard to case.
pub(super) fn find_column(column: &str, names: &[String], shown: &str) -> Result<usize, SourceError> {
    let exact = names.iter().position(|name| name == column);
    let found = exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(column)));
    found.ok_or_else(|| SourceError::MissingColumn {
        shown: shown.to_owned(),
        column: column.to_owned(),
        suggestion: closest_name(column, names),
        found: names.to_vec(),
        delimiter: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_a_name_of_its_own() {
        for (written, expected) in [
            (
                &["X", "Y", "NAME", "X", "Y"][..],
                &["X", "Y", "NAME", "X_2", "Y_2"][..],
            ),
            (&["X", "X", "X_2", "X"], &["X", "X_3", "X_2", "X_4"]),
            (&["ID", "id", " Id "], &["ID", "id", "Id"]),
            (
                &["a", "", "column_2", ""],
                &["a", "column_2_2", "column_2", "column_4"],
            ),
        ] {
            assert_eq!(unique_names(written.iter().copied()), expected);
        }
        let written = ["X", "", "X"];
        assert_eq!(
            describe_renamed(written, &unique_names(written)).as_deref(),
            Some("column 3 `X` is `X_2`")
        );
        assert_eq!(describe_renamed(["X"], &unique_names(["X"])), None);
    }

    #[test]
    fn an_exact_name_wins_over_one_in_another_case() {
        let names = unique_names(["ID", "id", "Name"]);
        assert_eq!(find_column("id", &names, "x").unwrap(), 1);
        assert_eq!(find_column("ID", &names, "x").unwrap(), 0);
        assert_eq!(find_column("NAME", &names, "x").unwrap(), 2);
        assert!(
            find_column("nam", &names, "x")
                .unwrap_err()
                .to_string()
                .contains("did you mean `Name`?")
        );
    }
}

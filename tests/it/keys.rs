//! Rows with one key: which stay, how they are told apart, and rows that are no facilities at all.

use crate::program::{Folder, by_id};

/// Runs a layer of points; `more` are further keys of its schema.
fn folder(more: &str, rows: &str) -> Folder {
    let folder = Folder::new();
    folder
        .schema("points", "point", more)
        .write("points.csv", format!("ID,NAME,LON,LAT\n{rows}"));
    folder.pipeline(
        "[[layer]]\nid = \"points\"\nsource.csv = { path = \"points.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n",
    );
    folder
}

fn names(folder: &Folder) -> Vec<(String, String)> {
    let names = by_id(&folder.latest().join("layers/points"), "name");
    names
        .into_iter()
        .map(|(id, name)| (id, name.unwrap_or_default()))
        .collect()
}

#[track_caller]
fn check(folder: &Folder, expected: &[(&str, &str)]) {
    let expected: Vec<(String, String)> = expected
        .iter()
        .map(|(id, name)| ((*id).to_owned(), (*name).to_owned()))
        .collect();
    assert_eq!(names(folder), expected);
}

/// As of a dam that is several structures: one number, and a name each.
#[test]
fn rows_whose_key_repeats_are_told_apart_by_further_fields() {
    let rows = "CA1,Main Dam,-95,35\nCA2,Other,-95,36\nCA1,Wing/Left,-95,37\nCA1,Main Dam,-95,38\nCA3,A,-95,39\nCA3,,-95,40\n";
    let folder = folder("key-repeated = [\"name\"]", rows);
    let ended = folder.run().code(0);
    check(
        &folder,
        &[
            ("points:CA1/Main Dam", "Main Dam"),
            ("points:CA1/Wing%2FLeft", "Wing/Left"),
            ("points:CA2", "Other"),
            ("points:CA3", ""),
            ("points:CA3/A", "A"),
        ],
    );
    assert_eq!(
        ended.layer("points").rejects_by_reason.get("duplicate_key"),
        Some(&1)
    );
}

/// Half of the rows would be rejected as duplicates, which is more than the schema allows.
#[test]
fn what_is_told_apart_is_not_held_against_the_source() {
    let rows: String = (0..20)
        .map(|row| format!("{},N{row},-95,35\n", row / 2))
        .collect();
    let folder = folder("key-repeated = [\"name\"]", &rows);
    let schema = folder.path().join("schemas/points.toml");
    let strict = std::fs::read_to_string(&schema)
        .unwrap()
        .replace("max-rejects = 0.9", "max-rejects = 0.0");
    std::fs::write(&schema, strict).unwrap();
    assert_eq!(folder.run().code(0).layer("points").rows_written, 20);
}

#[test]
fn the_first_or_the_last_of_several_rows_stays() {
    let rows = "1,first,-95,35\n2,B,-95,36\n1,second,-95,37\n1,last,-95,38\n";
    for (more, kept) in [
        ("", "first"),
        ("duplicates = \"first\"", "first"),
        ("duplicates = \"last\"", "last"),
    ] {
        let folder = folder(more, rows);
        let ended = folder.run().code(0);
        check(&folder, &[("points:1", kept), ("points:2", "B")]);
        assert_eq!(
            ended.layer("points").rejects_by_reason.get("duplicate_key"),
            Some(&2),
            "{more}"
        );
    }
    folder("duplicates = \"newest\"", rows)
        .run()
        .code(3)
        .says("newest");
    folder("duplicates = \"last\"\nkey-repeated = [\"name\"]", rows)
        .run()
        .code(3)
        .says("without `key-repeated`");
}

#[test]
fn rows_that_are_no_facilities_are_listed_and_not_held_against_the_source() {
    let rows: String = (0..30)
        .map(|row| format!("{row},{},-95,35\n", if row == 7 { "Dock" } else { "milepost 3" }))
        .collect();
    let folder = folder(
        "[[exclude]]\nfield = \"name\"\nequals = [\"Open Water\"]\nstarts-with = [\"Mile\"]",
        &rows,
    );
    let ended = folder.run().code(0);
    check(&folder, &[("points:7", "Dock")]);
    assert_eq!(ended.layer("points").rejects_by_reason.get("excluded"), Some(&29));
    let none = "[[exclude]]\nfield = \"name\"";
    self::folder(none, &rows)
        .run()
        .code(3)
        .says("the rule matches nothing");
}

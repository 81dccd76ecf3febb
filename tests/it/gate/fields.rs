//! Columns that come, go, empty or turn, and fields that can be read no more.

use std::fs;

use cikr::feature::Check;

use super::{HEADER, accept, gate, held, passed, published, published_rows, reds, rows, warnings};

#[test]
fn a_lost_column_is_red_where_a_field_reads_it_and_told_otherwise() {
    let wide = |header: &str| {
        let row = |line: &str| {
            let id = line.split(',').next().unwrap().to_owned();
            format!("{line},x{id}\n")
        };
        format!("{header}\n{}", rows(100).lines().map(row).collect::<String>())
    };
    let header = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT,OWNER";
    for (name, now, red, told) in [
        (
            "unread column gone",
            wide(header)
                .lines()
                .map(|l| l.rsplit_once(',').unwrap().0.to_owned() + "\n")
                .collect::<String>(),
            vec![],
            vec![Check::Dropped],
        ),
        (
            "unread column renamed",
            wide("ID,NAME,COUNTYFIPS,BEDS,LON,LAT,OWNER_NAME"),
            vec![],
            vec![Check::Renamed],
        ),
        (
            "unread column replaced",
            wide("ID,NAME,COUNTYFIPS,BEDS,LON,LAT,ZZZ"),
            vec![],
            vec![Check::Dropped, Check::Added],
        ),
        (
            "letters of another case",
            wide("id,name,CountyFips,beds,LON,LAT,owner"),
            vec![],
            vec![],
        ),
        (
            "read column renamed",
            wide("ID,NAME,COUNTYFIPS,BEDS_2024,LON,LAT,OWNER"),
            vec![Check::Renamed],
            vec![],
        ),
        (
            "read column replaced",
            wide("ID,NAME,COUNTYFIPS,QQ,LON,LAT,OWNER"),
            vec![Check::Dropped],
            vec![Check::Added],
        ),
        (
            "numbers become words",
            wide(header).replace(",48001,", ",48001,many"),
            vec![Check::Retyped, Check::Unread],
            vec![],
        ),
        (
            "codes become words",
            wide(header).replace(",48001,", ",Texas,"),
            vec![],
            vec![Check::Retyped],
        ),
        (
            "a field loses its values",
            wide(header)
                .lines()
                .map(|l| {
                    let mut c: Vec<&str> = l.split(',').collect();
                    if c[0] != "ID" {
                        c[3] = "";
                    }
                    c.join(",") + "\n"
                })
                .collect(),
            vec![Check::Retyped],
            vec![],
        ),
    ] {
        let folder = published(100, "");
        folder.write("points.csv", wide(header));
        passed(&folder.run().code(0));
        folder.write("points.csv", &now);
        let ended = folder.run();
        let layer = if red.is_empty() {
            passed(&ended)
        } else {
            held(&ended)
        };
        assert_eq!(
            (reds(&layer), warnings(&layer)),
            (red, told),
            "{name}: {:#?}",
            layer.gate
        );
    }
}

#[test]
fn drift_can_be_turned_into_warnings() {
    let folder = published(100, "gate = { drift = false }\n");
    folder.write(
        "points.csv",
        format!("{HEADER}{}", rows(100)).replace("BEDS", "BEDS_2024"),
    );
    let layer = passed(&folder.run().code(0));
    assert_eq!(warnings(&layer), [Check::Renamed]);
    let readme = fs::read_to_string(folder.latest().join("README.md")).unwrap();
    assert!(readme.contains("\\`BEDS_2024\\` looks like it"), "{readme}");
}

/// What we change in our own plan is no drift of the source.
#[test]
fn a_new_schema_is_no_drift() {
    let folder = published(100, "");
    let path = folder.path().join("schemas/points.toml");
    let schema = fs::read_to_string(&path).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("from = [\"BEDS\"]", "from = [\"BEDS_2024\", \"B\"]"),
    );
    let layer = passed(&folder.run().code(0));
    assert_eq!(gate(&layer).findings, []);
    // Half of the names are twice there: as keys they make rejects, by the plan and not by the source.
    let twice: String = (1..=100)
        .map(|id| format!("{id},N{},48001,1,-95,35\n", id % 50))
        .collect();
    folder.write("points.csv", format!("{HEADER}{twice}"));
    passed(&folder.run().code(0));
    // But every facility has another id, which somebody must have meant.
    folder.write(
        "schemas/points.toml",
        schema.replace("key = [\"id\"]", "key = [\"name\"]"),
    );
    folder
        .run()
        .code(4)
        .says("the schema's key is `name`, which was `id`");
    accept(&folder, &[]).code(0);
    // The second layer has the same schema.
    let layer = passed(&folder.run().code(5));
    assert_eq!(layer.rows_rejected, 50);
    assert_eq!(
        passed(&folder.run().code(5)).gate.unwrap().findings,
        [],
        "once is enough"
    );
}

#[test]
fn fields_that_can_be_read_no_more_or_empty_by_half_are_held_back() {
    let rows = |beds: &dyn Fn(u32) -> String| -> String {
        (1..=100)
            .map(|n| format!("{n},N{n},48001,{},-95,35\n", beds(n)))
            .collect()
    };
    for (beds, check) in [
        (
            &(|n: u32| format!("{n}.5")) as &dyn Fn(u32) -> String,
            Check::Unread,
        ),
        (
            &|n| if n <= 40 { n.to_string() } else { String::new() },
            Check::Retyped,
        ),
    ] {
        let folder = published_rows(&rows(&|n| n.to_string()), "");
        folder.write("points.csv", format!("{HEADER}{}", rows(beds)));
        let found = reds(&held(&folder.run().code(5)));
        assert!(found.contains(&check), "{found:?}");
    }
}

/// Values that the schema takes for nothing, and codes that it doesn't know.
#[test]
fn fields_that_become_nothing_or_unknown_codes_are_held_back() {
    let rows = |beds: &dyn Fn(u32) -> String, status: &str| -> String {
        (1..=100)
            .map(|n| format!("{n},N{n},48001,{},-95,{},{status}\n", beds(n), 31 + n % 8))
            .collect()
    };
    let header = HEADER.trim().to_owned() + ",STATUS\n";
    let count = |n: u32| n.to_string();
    let sentinel = |_: u32| "-999".to_owned();
    let some = |n: u32| if n <= 40 { "-999".to_owned() } else { n.to_string() };
    let field = "\n[[field]]\nname = \"status\"\nfrom = [\"STATUS\"]\ndescription = \"d\"\ncodes = { O = \"open\", C = \"closed\" }\n";
    for (what, now, red, told) in [
        ("all nothing", rows(&sentinel, "O"), vec![Check::Unread], vec![]),
        ("some nothing", rows(&some, "O"), vec![], vec![Check::Unread]),
        (
            "unknown codes",
            rows(&count, "7"),
            vec![Check::Unread],
            vec![Check::Retyped],
        ),
        ("other codes", rows(&count, "C"), vec![], vec![]),
        (
            "nothing and unknown",
            rows(&sentinel, "X"),
            vec![Check::Unread, Check::Unread],
            vec![],
        ),
    ] {
        let folder = published(1, "");
        let path = folder.path().join("schemas/points.toml");
        let schema = fs::read_to_string(path).unwrap() + field;
        folder.write("schemas/points.toml", schema);
        fs::remove_dir_all(folder.path().join("store")).unwrap();
        folder.write("points.csv", header.clone() + &rows(&count, "O"));
        passed(&folder.run().code(0));
        folder.write("points.csv", header.clone() + &now);
        let ended = folder.run();
        let layer = if red.is_empty() {
            passed(&ended)
        } else {
            held(&ended)
        };
        assert_eq!(
            (reds(&layer), warnings(&layer)),
            (red, told),
            "{what}: {:#?}",
            layer.gate
        );
    }
}

/// Where blanks are written as a word for nothing, nothing is lost.
#[test]
fn a_sentinel_for_what_was_blank_is_no_loss() {
    let rows = |blank: &str| -> String {
        let beds = |n: u32| if n <= 90 { blank.to_owned() } else { n.to_string() };
        (1..=100)
            .map(|n| format!("{n},N{n},48001,{},-95,35\n", beds(n)))
            .collect()
    };
    let folder = published_rows(&rows(""), "");
    folder.write("points.csv", format!("{HEADER}{}", rows("-999")));
    assert_eq!(gate(&passed(&folder.run().code(0))).findings, []);
}

#[test]
fn a_field_that_falls_back_to_its_next_column_is_told() {
    let rows = |first: &str| -> String {
        (1..=100)
            .map(|n| format!("{n},N{n},48001,{n},-95,35,{first},{}\n", 2 * n))
            .collect()
    };
    let header = HEADER.trim().to_owned() + ",BEDS_STAFFED,OTHER\n";
    for (what, now, check) in [
        (
            "gone",
            (header.clone() + &rows("5")).replace(",BEDS_STAFFED,", ",QQ,"),
            Check::Dropped,
        ),
        ("empty", header.clone() + &rows(""), Check::Retyped),
    ] {
        let folder = published(1, "");
        let path = folder.path().join("schemas/points.toml");
        let schema = fs::read_to_string(path).unwrap();
        let schema = schema.replace("from = [\"BEDS\"]", "from = [\"BEDS_STAFFED\", \"BEDS\"]");
        folder.write("schemas/points.toml", schema);
        fs::remove_dir_all(folder.path().join("store")).unwrap();
        folder.write("points.csv", header.clone() + &rows("5"));
        passed(&folder.run().code(0));
        folder.write("points.csv", now);
        let ended = folder
            .run()
            .code(0)
            .says("read as field `beds`")
            .says("`BEDS` serves now");
        assert!(warnings(&passed(&ended)).contains(&check), "{what}");
    }
}

/// Whole numbers with a point are read all the same.
#[test]
fn a_column_of_another_kind_is_held_back_where_values_are_lost() {
    let rows = |beds: &dyn Fn(u32) -> String| -> String {
        (1..=100)
            .map(|n| format!("{n},N{n},48001,{},-95,35\n", beds(n)))
            .collect()
    };
    let folder = published_rows(&rows(&|n| n.to_string()), "");
    folder.write("points.csv", format!("{HEADER}{}", rows(&|n| format!("{n}.0"))));
    let layer = passed(&folder.run().code(0));
    assert_eq!(warnings(&layer), [Check::Retyped], "{:?}", layer.gate);
}

//! Facilities are still themselves: by their keys, and by what stands in which column.

use cikr::feature::Check;

use super::{HEADER, held, passed, published_rows, reds, warnings};

/// Facilities that are where they were, under other ids: a prefix, lost zeros, another column.
#[test]
fn ids_that_change_while_places_stay_are_held_back() {
    let row = |id: &str, n: u32| format!("{id},N{n},48001,1,{},{}\n", -95.0 - f64::from(n) / 200.0, 35);
    let all = |id: &dyn Fn(u32) -> String| (1..=100).map(|n| row(&id(n), n)).collect::<String>();
    let folder = published_rows(&all(&|n| format!("{n:04}")), "");
    for (id, is_red) in [
        (&(|n| format!("TX-{n:04}")) as &dyn Fn(u32) -> String, true),
        (&|n| n.to_string(), true),
        (
            &|n| {
                if n <= 40 {
                    format!("TX-{n:04}")
                } else {
                    format!("{n:04}")
                }
            },
            false,
        ),
    ] {
        folder.write("points.csv", format!("{HEADER}{}", all(id)));
        let ended = folder.run();
        if is_red {
            let ended = ended
                .code(5)
                .says("100 of 100 facilities")
                .says("have another key, 100 of them in the same place");
            assert!(reds(&held(&ended)).contains(&Check::Identity));
        } else {
            passed(&ended.code(0));
        }
    }
}

#[test]
fn columns_that_exchange_their_values_are_held_back() {
    let rows = |is_exchanged: bool| -> String {
        let row = |n: u32| {
            let (name, county) = (format!("{}", 40_000 + n), format!("{}", 50_000 + n % 7));
            let (name, county) = if is_exchanged {
                (county, name)
            } else {
                (name, county)
            };
            format!("{n},{name},{county},1,-95,35\n")
        };
        (1..=100).map(row).collect()
    };
    let folder = published_rows(&rows(false), "");
    folder.write("points.csv", format!("{HEADER}{}", rows(true)));
    let ended = folder.run().code(5).says("in 100 of 100 facilities");
    assert_eq!(reds(&held(&ended)), [Check::Exchanged]);
}

/// A row of a facility with a name of its own, `metres` to the north of its place.
fn facility(id: &str, n: u32, name: &str, metres: f64) -> String {
    let lat = 31.0 + f64::from(n % 9) + metres / 111_000.0;
    format!(
        "{id},{name},48001,{n},{:.6},{lat:.6}\n",
        -98.0 + f64::from(n) / 15.0
    )
}

#[test]
fn ids_that_are_given_out_anew_within_the_same_numbers_are_held_back() {
    let rows = |id: &dyn Fn(u32) -> u32, metres: f64| -> String {
        (1..=100)
            .map(|n| facility(&id(n).to_string(), n, &format!("Plant {n}"), metres))
            .collect()
    };
    for (name, now, is_red) in [
        ("shifted by one", rows(&|n| n % 100 + 1, 0.0), true),
        ("the other way round", rows(&|n| 101 - n, 0.0), true),
        ("shuffled and measured again", rows(&|n| n * 37 % 101, 40.0), true),
        (
            "a few of them",
            rows(&|n| if n <= 40 { 41 - n } else { n }, 0.0),
            false,
        ),
        ("measured again alone", rows(&|n| n, 90.0), false),
        ("respelt", rows(&|n| n, 0.0).to_uppercase(), false),
        (
            "named by number",
            rows(&|n| n, 0.0).replace("Plant ", "No. "),
            false,
        ),
    ] {
        let folder = published_rows(&rows(&|n| n, 0.0), "");
        folder.write("points.csv", format!("{HEADER}{now}"));
        let ended = folder.run();
        if is_red {
            let ended = ended
                .code(5)
                .says("of 100 facilities of release")
                .says("have changed their key, place or name");
            assert_eq!(reds(&held(&ended)), [Check::Identity], "{name}");
        } else {
            passed(&ended);
        }
    }
}

/// Coordinates that were sorted apart from their rows.
#[test]
fn places_that_change_hands_are_held_back() {
    let rows = |place: &dyn Fn(u32) -> u32| -> String {
        (1..=100)
            .map(|n| facility(&n.to_string(), place(n), &format!("Plant {n}"), 0.0))
            .collect()
    };
    let folder = published_rows(&rows(&|n| n), "");
    folder.write("points.csv", format!("{HEADER}{}", rows(&|n| n % 100 + 1)));
    assert!(reds(&held(&folder.run().code(5))).contains(&Check::Identity));
}

#[test]
fn new_ids_are_held_back_where_names_stay_close_by_or_places_under_other_names() {
    let rows = |prefix: &str, name: &str, metres: f64| -> String {
        (1..=100)
            .map(|n| facility(&format!("{prefix}{n}"), n, &format!("{name} {n}"), metres))
            .collect()
    };
    for (what, now, is_red) in [
        ("a few metres", rows("77", "Plant", 5.0), true),
        ("a block", rows("77", "PLANT", 100.0), true),
        ("respelt", rows("77", "Pl.", 0.0), true),
        ("others", rows("77", "Works", 40_000.0), false),
        ("others nearby", rows("77", "Works", 60.0), false),
    ] {
        let folder = published_rows(&rows("", "Plant", 0.0), "");
        folder.write("points.csv", format!("{HEADER}{now}"));
        let ended = folder.run();
        let layer = if is_red { held(&ended) } else { passed(&ended) };
        assert_eq!(
            reds(&layer),
            if is_red { vec![Check::Identity] } else { vec![] },
            "{what}"
        );
    }
}

#[test]
fn columns_that_are_shifted_along_are_held_back_with_their_numbers() {
    let field = |name: &str, column: &str| {
        format!("\n[[field]]\nname = \"{name}\"\nfrom = [\"{column}\"]\ndescription = \"d\"\n")
    };
    let rows = |by: usize, constant: bool| -> String {
        let row = |n: u32| {
            let owner = if constant {
                "State".to_owned()
            } else {
                format!("Owner {n}")
            };
            let mut cells = [
                format!("Plant {n}"),
                owner,
                format!("City {}", n % 13),
                format!("Use {}", n % 3),
            ];
            cells.rotate_right(by);
            format!("{n},{},{},31.5\n", cells.join(","), -98.0 + f64::from(n) / 15.0)
        };
        (1..=100).map(row).collect()
    };
    let header = "ID,NAME,OWNER,CITY,USE,LON,LAT\n";
    for (by, constant) in [(1, false), (3, false), (1, true)] {
        let folder = published_rows("1,A,,1,-95,35\n", "");
        let schema = std::fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
        let fields = ["owner", "city", "use"].map(|name| field(name, &name.to_uppercase()));
        folder.write("schemas/points.toml", schema + &fields.concat());
        folder.write("points.csv", format!("{header}{}", rows(0, constant)));
        std::fs::remove_dir_all(folder.path().join("store")).unwrap();
        passed(&folder.run().code(0));
        folder.write("points.csv", format!("{header}{}", rows(by, constant)));
        let ended = folder
            .run()
            .code(5)
            .says("columns are shifted: ")
            .says("in 100 of 100 facilities");
        assert_eq!(reds(&held(&ended)), [Check::Exchanged]);
    }
}

#[test]
fn a_key_of_another_name_with_the_same_values_needs_no_accepting() {
    let rows = |key: &dyn Fn(u32) -> u32| -> String {
        let row = |n: u32| {
            facility(&n.to_string(), n, &format!("Plant {n}"), 0.0)
                .trim()
                .to_owned()
        };
        (1..=100).map(|n| format!("{},{}\n", row(n), key(n))).collect()
    };
    let header = "ID,NAME,COUNTYFIPS,BEDS,LON,LAT,FID\n";
    let field = "\n[[field]]\nname = \"fid\"\nfrom = [\"FID\"]\ndescription = \"d\"\n";
    for (what, key, expected) in [
        ("renamed", &(|n| n) as &dyn Fn(u32) -> u32, None),
        ("others'", &|n| n % 100 + 1, Some(Check::Identity)),
        ("others", &|n| n + 1000, Some(Check::Key)),
    ] {
        let folder = published_rows("1,A,,1,-95,35\n", "");
        std::fs::remove_dir_all(folder.path().join("store")).unwrap();
        let path = folder.path().join("schemas/points.toml");
        let schema = std::fs::read_to_string(path).unwrap() + field;
        folder
            .write("schemas/points.toml", &schema)
            .write("points.csv", format!("{header}{}", rows(key)));
        folder.write("second.csv", "ID,FID,NAME,LON,LAT\n1,1,SECOND,-95,35\n");
        passed(&folder.run().code(0));
        folder.write(
            "schemas/points.toml",
            schema.replace("key = [\"id\"]", "key = [\"fid\"]"),
        );
        let ended = folder.run();
        let layer = ended.layer("points");
        assert_eq!(reds(&layer), expected.into_iter().collect::<Vec<_>>(), "{what}");
        if expected.is_none() {
            assert_eq!(warnings(&layer), [Check::Key], "{what}");
        }
    }
}

/// Names that were sorted apart from their rows; new ones, and a placeholder that goes, are none others'.
#[test]
fn names_that_change_hands_are_held_back() {
    let rows = |name: &dyn Fn(u32) -> String| -> String {
        (1..=100)
            .map(|n| facility(&n.to_string(), n, &name(n), 0.0))
            .collect()
    };
    let plant = |n: u32| format!("Plant {n}");
    let unnamed = |n: u32| if n <= 90 { "Unnamed".to_owned() } else { plant(n) };
    let some = |n: u32| if n <= 60 { plant(n) } else { unnamed(n) };
    for (what, before, now, is_red) in [
        ("sorted apart", rows(&plant), rows(&|n| plant(101 - n)), true),
        ("respelt", rows(&plant), rows(&|n| plant(n).to_uppercase()), false),
        ("named at last", rows(&unnamed), rows(&some), false),
    ] {
        let folder = published_rows(&before, "");
        folder.write("points.csv", format!("{HEADER}{now}"));
        let ended = folder.run();
        let layer = if is_red { held(&ended) } else { passed(&ended) };
        assert_eq!(
            reds(&layer),
            if is_red { vec![Check::Identity] } else { vec![] },
            "{what}"
        );
    }
}

//! What is asked wrongly, and releases that are damaged: each with an answer, none with a panic.

use std::fs;

use super::{a_tile, ask, released};

#[test]
fn a_mistake_is_told_with_what_may_be_meant() {
    let folder = released();
    let cases: [(&[&str], &str); 22] = [
        (
            &["--layer", "point"],
            "the release has no layer `point`; did you mean `points`?",
        ),
        (&["--layer", "../points"], "the release has no layer"),
        (
            &["--layer", "points", "--columns", "nam"],
            "no column `nam`; did you mean `name`?",
        ),
        (
            &["--layer", "points", "--where", "bed=4"],
            "no column `bed`; did you mean `beds`?",
        ),
        (
            &["--layer", "points", "--where", "beds=many"],
            "`many` is no value of `beds`: it holds whole numbers",
        ),
        (&["--layer", "points", "--where", "beds"], "write COLUMN=VALUE"),
        (
            &["--layer", "points", "--order-by", "bedz"],
            "did you mean `beds`?",
        ),
        (
            &["--layer", "points", "--order-by", "distance"],
            "distance from where?",
        ),
        (
            &["--layer", "points", "--order-by", "geometry"],
            "can't be put in order by `geometry`",
        ),
        (
            &["--layer", "points", "--state", "Texsa"],
            "did you mean `Texas`?",
        ),
        (&["--layer", "points", "--sector", "HLPJ"], "did you mean `HLPH`?"),
        (&["--layer", "points", "--within", "TX"], "write KIND=ID"),
        (
            &["--layer", "points", "--within", "countie=1"],
            "did you mean `county`?",
        ),
        (
            &["--layer", "points", "--within", "school_district=1"],
            "no polygon set of this release is of the kind",
        ),
        (
            &["--layer", "points", "--near=29,-95,1", "--k", "1"],
            "write longitude,latitude",
        ),
        (
            &["--layer", "points", "--near=29,-95", "--k", "1"],
            "longitude first",
        ),
        (
            &["--layer", "points", "--near=NaN,3", "--k", "1"],
            "longitude first",
        ),
        (&["--layer", "points", "--near=-95,29"], "near what distance?"),
        (&["--layer", "points", "--near=-95,29", "--k", "0"], "k is 1 to"),
        (
            &["--layer", "points", "--near=-95,29", "--radius-m=-1"],
            "a number of metres",
        ),
        (
            &["--layer", "points", "--format", "parquet"],
            "name one by -o FILE",
        ),
        (
            &["--layer", "points", "-o", "x.gpkg"],
            "`cikr export` writes GeoPackage",
        ),
    ];
    for (args, told) in cases {
        ask(&folder, args).code(2).says(told);
    }
    folder.cikr(&["query", "nowhere", "--layer", "points"]).code(6);
    folder
        .cikr(&["query", "ftp://a.gov/", "--layer", "points"])
        .code(6);
    folder
        .cikr(&["releases", "--store", "store", "--format", "csv"])
        .code(2)
        .says("only `cikr query` prints rows");
    let told = ask(&folder, &["--layer", "point", "--format", "json"])
        .code(2)
        .stdout;
    assert!(told.contains("\"exit\": 2"), "{told}");
}

#[test]
fn a_damaged_release_ends_a_question_and_nothing_else() {
    let folder = released();
    let tile = a_tile(&folder, "points");
    let items = folder.latest().join("layers/points/items.parquet");
    let whole = fs::read(&tile).unwrap();
    let items_whole = fs::read(&items).unwrap();
    let names: [&[&str]; 2] = [
        &["--layer", "points"],
        &["--layer", "points", "--near=-95,34", "--k", "2000"],
    ];
    let mut damaged: Vec<Vec<u8>> = vec![vec![], whole[..7].to_vec(), whole[..whole.len() / 2].to_vec()];
    let footer = whole.len() - 8;
    for (at, byte) in [
        (footer, 0xff),
        (footer + 3, 0x7f),
        (footer + 5, b'X'),
        (footer - 40, 0xff),
        (footer - 400, 0x0c),
    ] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        damaged.push(bytes);
    }
    for (number, bytes) in damaged.iter().enumerate() {
        fs::remove_file(&tile).unwrap();
        fs::write(&tile, bytes).unwrap();
        for args in names {
            let told = ask(&folder, args);
            assert!(!told.stderr.contains("panicked"), "{number}: {}", told.stderr);
            assert!(
                matches!(told.code, 0 | 6),
                "{number}: {} {}",
                told.code,
                told.stderr
            );
            assert!(number > 5 || told.code == 6, "{number}: {}", told.stdout);
        }
    }
    fs::remove_file(&tile).unwrap();
    fs::write(&tile, &whole).unwrap();
    ask(&folder, names[0]).code(0);
    fs::remove_file(&items).unwrap();
    fs::write(&items, &items_whole[..items_whole.len() / 3]).unwrap();
    ask(&folder, names[0]).code(6).says("items.parquet");
    fs::remove_file(&items).unwrap();
    fs::copy(folder.latest().join("reference/sectors.parquet"), &items).unwrap();
    ask(&folder, names[0]).code(6).says("items.parquet");
}

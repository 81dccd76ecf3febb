//! `cikr draft` where a person must decide: what it refuses, what it asks, and what it never replaces.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::draft::{SAMPLES, drafted, drafted_in, says};
use crate::program::{Folder, ROOT};

#[test]
fn a_key_that_loses_most_rows_is_a_question_and_the_run_fails() {
    let mut rows = String::from("TOWN,KIND,LON,LAT\n");
    for row in 0..40 {
        rows += &format!("T{},K{},-95.1234,35.5{row:03}1\n", row % 10, row % 2);
    }
    let draft = drafted(rows);
    let question = "30 of 40 rows would be rejected: they repeat an earlier key `TOWN`, first `T0`";
    says(&draft.schema(), &[question, "# max-rejects = 0.05"]);
    assert!(
        draft.facts["questions"].to_string().contains(question),
        "{}",
        draft.facts["questions"]
    );
    draft.run().code(4);
}

#[test]
fn decimal_commas_are_named_and_no_ceiling_lets_them_pass() {
    let folder = Folder::new();
    folder.write("semi.csv", "id;x;y\n1;-97,5;30,25\n2;-97,6;30,35\n");
    let draft = drafted_in(folder, "semi.csv", &[]);
    let question = "2 of 2 rows would be rejected: they have no usable position, first row 2: `x` is `-97,5`, `y` is `30,25`; these are decimal commas";
    says(&draft.schema(), &[question]);
    assert!(
        draft.facts["questions"].to_string().contains(question),
        "{}",
        draft.facts["questions"]
    );
    assert!(
        !draft.schema().lines().any(|line| line.starts_with("max-rejects")),
        "{}",
        draft.schema()
    );
    // Where half of the rows are right, the others are told all the same.
    let folder = Folder::new();
    folder.write("half.csv", "id;lon;lat\n1;-97.5;30.25\n2;-97,6;30,35\n");
    says(
        &drafted_in(folder, "half.csv", &[]).pipeline(),
        &["1 of 2 rows will be rejects", "decimal commas"],
    );
}

#[test]
fn rows_that_lie_outside_the_states_they_name_are_a_question() {
    let place = |row: usize| (32.0 + row as f64 / 97.0, -99.0 - row as f64 / 97.0);
    let file = |columns: &str, values: &dyn Fn(f64, f64) -> String| {
        let mut text = format!("SITE,STATE,{columns}\n");
        for row in 0..9 {
            let (lat, lon) = place(row);
            text += &format!("S{row},TX,{}\n", values(lat, lon));
        }
        drafted(text)
    };
    let right = file("LON,LAT", &|lat, lon| format!("{lon:.4},{lat:.4}"));
    assert!(
        !right.facts["questions"].to_string().contains("outside"),
        "{}",
        right.facts["questions"]
    );

    let unsigned = file("LON,LAT", &|lat, lon| format!("{:.4},{lat:.4}", -lon));
    let question = "9 of 9 rows lie outside the state that `STATE` names, first row 2 names `TX` and lies at 99, 32; 9 would lie in it with the sign of x turned";
    assert!(
        unsigned.facts["questions"].to_string().contains(question),
        "{}",
        unsigned.facts["questions"]
    );
    says(&unsigned.pipeline(), &["EDIT: 9 of 9 rows lie outside"]);

    let exchanged = file("Y,X", &|lat, lon| format!("{:.4},{:.4}", lon / 2.0, lat));
    says(
        &exchanged.facts["questions"].to_string(),
        &[
            "9 of 9 rows lie outside the state that `STATE` names, first row 2 names `TX` and lies at 32, -49.5",
        ],
    );
}

#[test]
fn a_shipped_schema_is_named_where_its_block_and_fields_fit() {
    let folder = Folder::new();
    for file in ["schemas/hospitals.toml", "schemas/include/hifld.toml"] {
        folder.write(file, fs::read(Path::new(ROOT).join(file)).unwrap());
    }
    folder.write(
        "hospitals.csv",
        fs::read(Path::new(ROOT).join("sample-data/hospitals.csv")).unwrap(),
    );
    folder.write(
        "other/hospitals.csv",
        "KEY,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    let fitting = folder.cikr(&["draft", "hospitals.csv", "--into", "."]).code(2);
    fitting.says("./schemas/hospitals.toml exists already and fits this file: use `schema = \"hospitals\"`");
    let other = folder
        .cikr(&["draft", "other/hospitals.csv", "--into", "."])
        .code(2);
    assert!(!other.says("exists already").stderr.contains("fits"));
}

#[test]
fn paths_of_a_printed_pipeline_start_from_one_folder() {
    let folder = Folder::new();
    folder.write(
        "data/clinics.csv",
        "ID,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    folder.write("tables/README.md", "");
    for table in fs::read_dir(Path::new(ROOT).join("schemas/reference")).unwrap() {
        let table = table.unwrap().path();
        let name = format!("tables/{}", table.file_name().unwrap().to_str().unwrap());
        folder.write(&name, fs::read(&table).unwrap());
    }
    let args = [
        "draft",
        "data/clinics.csv",
        "--reference",
        "tables",
        "--format",
        "json",
    ];
    let facts: Value = serde_json::from_str(&folder.cikr(&args).code(0).stdout).unwrap();
    let paths = [
        "store = \"../out/clinics\"",
        "reference = \"../tables\"",
        "path = \"../data/clinics.csv\"",
    ];
    says(facts["pipeline"].as_str().unwrap(), &paths);
}

#[test]
fn text_that_is_no_table_is_refused() {
    let folder = Folder::new();
    folder.write("README.md", fs::read(Path::new(ROOT).join("README.md")).unwrap());
    let refused = folder.cikr(&["draft", "README.md"]).code(4);
    refused.says("should be a table of delimited text but looks like text whose lines differ");
    folder.write("list.txt", "one\ntwo\nthree\n");
    folder
        .cikr(&["draft", "list.txt"])
        .code(4)
        .says("looks like text of a single column");
}

#[test]
fn what_has_no_coordinates_is_refused_until_somebody_names_them() {
    let draft = drafted("ID,NAME,ST\nA1,a,TX\nA2,b,CA\n");
    says(&draft.pipeline(), &["x = \"EDIT-X\", y = \"EDIT-Y\""]);
    says(
        &draft.schema(),
        &["name = \"state_code_claimed\"\nfrom = [\"ST\"]"],
    );
    assert!(
        !draft.schema().contains("max-rejects"),
        "nobody knows yet: {}",
        draft.schema()
    );
    draft
        .run()
        .code(3)
        .says("`EDIT-X` is not a column")
        .says("`EDIT-Y` is not a column");
}

#[test]
fn a_draft_never_replaces_what_somebody_has_edited() {
    let folder = Folder::new();
    folder.write(
        "clinics.csv",
        "ID,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    let draft = |args: &[&str]| folder.cikr(&[&["draft", "clinics.csv", "--into", "."], args].concat());
    let told = draft(&[]).code(0).stdout;
    says(
        &told,
        &[
            "wrote ./schemas/clinics.toml",
            "2 rows; key id; crs EPSG:4326",
            "cikr run ./pipelines/clinics.toml",
        ],
    );
    folder
        .write("schemas/clinics.toml", "mine")
        .write("pipelines/other.toml", "mine too");
    let refused = draft(&[]).code(2);
    refused.says("error: ./schemas/clinics.toml exists already; draft under another id by `--id NAME`");
    assert_eq!(
        fs::read_to_string(folder.path().join("schemas/clinics.toml")).unwrap(),
        "mine"
    );
    draft(&["--force"]).code(0);
    let checked = folder.cikr(&["check", "pipelines/clinics.toml"]);
    checked.says("texts of this schema still say EDIT");
    assert_ne!(
        fs::read_to_string(folder.path().join("schemas/clinics.toml")).unwrap(),
        "mine"
    );
    assert!(folder.path().join("pipelines/other.toml").exists());
    // Now the schema there is one of the file's own columns, and another id is free.
    draft(&[])
        .code(2)
        .says("fits this file: use `schema = \"clinics\"` in a pipeline");
    draft(&["--id", "my_clinics"]).code(0);
    let pipeline = fs::read_to_string(folder.path().join("pipelines/my_clinics.toml")).unwrap();
    says(
        &pipeline,
        &["id = \"my_clinics\"", "store = \"../out/my_clinics\""],
    );
    draft(&["--id", "My clinics"]).code(2).says("lower-case letters");
}

/// Every row would carry it: no release says EDIT of whose it is.
#[test]
fn whose_the_rows_are_must_be_said() {
    let folder = Folder::new();
    folder.write(
        "clinics.csv",
        "ID,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    let reference = format!("{ROOT}/schemas/reference");
    let args = ["draft", "clinics.csv", "--into", ".", "--reference", &reference];
    let told = folder.cikr(&args).code(0).stdout;
    assert!(
        told.contains("to answer: nothing tells whose the rows are: say so by `agency` and `licence`"),
        "{told}"
    );
    let refused = "is no name: every row would carry it";
    folder
        .cikr(&["check", "pipelines/clinics.toml"])
        .code(3)
        .says(refused)
        .says("--licence");
    folder
        .cikr(&["run", "pipelines/clinics.toml"])
        .code(3)
        .says(refused);
}

/// The words of a draft are no agency in a pipeline either, and a name that begins like them is one.
#[test]
fn a_pipeline_says_whose_the_rows_are_too() {
    for (agency, code) in [
        ("EDIT", 3),
        ("edit: agency", 3),
        ("Edith Nourse Rogers Hospital", 0),
        ("Editorial Board", 0),
    ] {
        let folder = Folder::new();
        folder.points("1,A,,1,-95,35\n");
        let pipeline = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
        let layer = format!("id = \"points\"\nagency = \"{agency}\"");
        folder.write("pipeline.toml", pipeline.replace("id = \"points\"", &layer));
        folder.cikr(&["check", "pipeline.toml"]).code(code);
    }
}

/// What a run rejects is what the draft says, whatever else is wrong with a row.
#[test]
fn rejects_are_counted_once_each() {
    let mut rows = String::from("SITE_ID,LON,LAT\n");
    for row in 0..200 {
        // Twenty rows have neither a key nor a place.
        rows += &if row < 20 {
            ",,\n".replace(",,", ",x,")
        } else {
            format!("S{row},-95.1234,35.5{row:03}1\n")
        };
    }
    let draft = drafted(rows);
    assert_eq!(draft.facts["rejects"], 20, "{}", draft.facts);
    let ended = draft.run().code(0);
    assert_eq!(ended.report().layers[0].rows_rejected, 20);
}

#[test]
fn degrees_with_minutes_beside_them_are_no_coordinates() {
    let question = "coordinates stand in degrees, minutes and seconds";
    for (header, first) in [
        (
            "LAT_DEG,LAT_MIN,LAT_SEC,LAT_DIR,LON_DEG,LON_MIN,LON_SEC,LON_DIR",
            "LAT_DEG, LAT_MIN",
        ),
        (
            "latitude_degrees,latitude_minutes,latitude_seconds,latitude_direction,longitude_degrees,longitude_minutes,\
             longitude_seconds,longitude_direction",
            "latitude_degrees, latitude_minutes",
        ),
        (
            "LAT,LAT_MIN,LAT_SEC,LAT_DIR,LON,LON_MIN,LON_SEC,LON_DIR",
            "LAT, LAT_MIN",
        ),
    ] {
        let rows: String = (0..20)
            .map(|row| format!("T{row},35,{row},1.5,N,97,{row},2.5,W\n"))
            .collect();
        let draft = drafted(format!("TOWER,{header}\n{rows}"));
        let told = draft.facts["questions"].to_string();
        assert!(told.contains(&format!("{question} ({first}")), "{told}");
        says(&draft.pipeline(), &["x = \"EDIT-X\""]);
        assert!(
            !draft.pipeline().contains("hold coordinates too"),
            "{}",
            draft.pipeline()
        );
    }
    // Neither a part by its name nor by its values.
    let mines: String = (0..20)
        .map(|row| format!("M{row},35.1{row:02}5,-95.2{row:02}5\n"))
        .collect();
    for header in ["MINE,MINE_LAT,MINE_LON", "MINE,LAT_DEG,LON_DEG"] {
        let draft = drafted(format!("{header}\n{mines}"));
        assert_eq!(draft.facts["questions"], Value::Array(vec![]), "{header}");
        assert_eq!(draft.facts["crs"], "EPSG:4326");
    }
}

/// Sixty rows in Oklahoma: site, state and longitude, latitude as `place` writes them.
fn in_oklahoma(header: &str, place: impl Fn(usize, f64, f64) -> String) -> String {
    let row = |row: usize| place(row, -95.0 - row as f64 / 97.0, 35.0 + row as f64 / 97.0) + "\n";
    format!("{header}\n{}", (0..60).map(row).collect::<String>())
}

#[test]
fn positions_beyond_degrees_are_rejects_as_a_run_has_them() {
    let draft = drafted(in_oklahoma("SITE,LON,LAT", |row, lon, lat| match row {
        0..6 => format!("S{row},{:.4},{lat:.4}", lon - 180.0),
        6..12 => format!("S{row},{lat:.4},{lon:.4}"),
        12..18 => format!("S{row},N/A,N/A"),
        _ => format!("S{row},{lon:.4},{lat:.4}"),
    }));
    assert_eq!(draft.facts["rejects"], 18, "{}", draft.facts);
    says(&draft.schema(), &["max-rejects = 0.3"]);
    says(
        &draft.pipeline(),
        &["12 rows will be rejects: they lie beyond ±180 and ±90, first row 2: POINT(-275 35)."],
    );
    assert_eq!(draft.run().code(0).report().layers[0].rows_rejected, 18);
}

#[test]
fn keys_are_compared_as_a_run_has_them() {
    // A character that nobody sees makes no other key, and neither do zeros that are given back.
    let invisible = |row: usize| {
        if row == 9 {
            "S8\u{200b}".to_owned()
        } else {
            format!("S{row}")
        }
    };
    let zip = |row: usize| {
        if row == 9 {
            "07008".to_owned()
        } else {
            format!("{}", 7000 + row)
        }
    };
    for (column, key) in [("SITE_ID", &invisible as &dyn Fn(usize) -> String), ("ZIP", &zip)] {
        let text = in_oklahoma(&format!("{column},LON,LAT"), |row, lon, lat| {
            format!("{},{lon:.4},{lat:.4}", key(row))
        });
        let draft = drafted(text);
        assert_eq!(draft.facts["rejects"], 1, "{column}: {}", draft.facts);
        assert_eq!(
            draft.run().code(0).report().layers[0].rows_rejected,
            1,
            "{column}"
        );
    }
}

#[test]
fn rows_are_compared_with_the_state_that_is_theirs() {
    let mail = in_oklahoma("SITE,MAIL_STATE,STATE,LON,LAT", |row, lon, lat| {
        format!("S{row},NY,OK,{lon:.4},{lat:.4}")
    });
    let draft = drafted(mail);
    assert!(
        !draft.facts["questions"].to_string().contains("outside"),
        "{}",
        draft.facts["questions"]
    );
    // FIPS codes name states too.
    for (column, code) in [("STATEFP", "40"), ("COUNTYFIPS", "40001")] {
        let header = format!("SITE,{column},LON,LAT");
        let draft = drafted(in_oklahoma(&header, |row, lon, lat| {
            format!("S{row},{code},{:.4},{lat:.4}", -lon)
        }));
        let question = format!("60 of 60 rows lie outside the state that `{column}` names");
        says(
            &draft.facts["questions"].to_string(),
            &[&question, "with the sign of x turned"],
        );
    }
}

#[test]
fn exchanged_coordinates_are_told_where_no_state_tells() {
    let draft = drafted(in_oklahoma("SITE,LAT,LON", |row, lon, lat| {
        format!("S{row},{lon:.4},{lat:.4}")
    }));
    let told = draft.facts["questions"].to_string();
    says(
        &told,
        &[
            "x and y seem to be exchanged, for the other way round all 60 positions lie within ±180 and ±90",
            "write x = \\\"LAT\\\", y = \\\"LON\\\" in the pipeline",
        ],
    );
    assert!(!draft.pipeline().contains("3857"), "{}", draft.pipeline());
}

#[test]
fn notes_titles_and_headers_of_many_lines_run_unedited() {
    let note = "Inspected; fair\nleak; pump\nvalve; ok\nend; done";
    let noted = |header: &str| {
        in_oklahoma(header, |row, lon, lat| {
            format!("S{row},{lon:.4},{lat:.4},\"{note}\"")
        })
    };
    for header in [
        "SITE,LON,LAT,NOTE",
        "\"Site\nID\",LON,LAT,\"Last\nnote\"",
        "Data as of June 5, 2024, by the state\nSITE,LON,LAT,NOTE",
        "sep=,\nSites, of all\nSITE,LON,LAT,NOTE",
        "# sites\n# of all, in 2024, 4 columns, a note\nSITE,LON,LAT,NOTE",
    ] {
        let draft = drafted(noted(header));
        assert_eq!(draft.facts["rejects"], 0, "{header}: {}", draft.facts);
        let report = draft.run().code(0).report();
        assert_eq!(report.layers[0].rows_written, 60, "{header}");
    }
}

#[test]
fn nobody_is_no_agency() {
    let folder = Folder::new();
    folder.write(
        "clinics.csv",
        "ID,LON,LAT\nA1,-95.1234,35.5432\nA2,-94.4321,35.1234\n",
    );
    for answer in ["", " ", "EDIT", "EDIT: who?"] {
        let refused = folder.cikr(&["draft", "clinics.csv", "--agency", answer]).code(2);
        refused.says("leave the option out");
        folder
            .cikr(&["draft", "clinics.csv", "--licence", answer])
            .code(2);
    }
}

#[test]
fn a_schema_that_was_made_for_such_columns_is_named() {
    let folder = Folder::new();
    for file in ["schemas/hospitals.toml", "schemas/include/hifld.toml"] {
        folder.write(file, fs::read(Path::new(ROOT).join(file)).unwrap());
    }
    folder.write(
        "clinics.csv",
        fs::read(Path::new(ROOT).join("sample-data/hospitals.csv")).unwrap(),
    );
    let draft = drafted_in(folder, "clinics.csv", &[]);
    assert_eq!(draft.facts["fitting"], serde_json::json!(["hospitals"]));
}

#[test]
fn every_schema_by_hand_is_named_for_the_file_that_it_reads() {
    for (file, layer) in SAMPLES {
        let folder = Folder::new();
        for text in ["schemas", "schemas/include"].into_iter().flat_map(texts) {
            folder.write(&text, fs::read(Path::new(ROOT).join(&text)).unwrap());
        }
        let draft = drafted_in(folder, &format!("{ROOT}/sample-data/{file}"), &["--id", "other"]);
        assert_eq!(draft.facts["fitting"][0], layer, "{}", draft.facts["fitting"]);
    }
}

/// Files of TOML in a folder of the repository.
fn texts(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|name| name.ends_with(".toml"))
        .map(|name| format!("{folder}/{name}"))
        .collect()
}

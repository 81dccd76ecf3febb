//! `report.html` of real runs: in every release, in its manifest, linked, escaped, and the same for the same run.

use std::fs;

use cikr::feature::LayerStatus;

use crate::program::{Folder, POINTS_LAYER};

fn page(folder: &Folder) -> String {
    fs::read_to_string(folder.latest().join("report.html")).unwrap()
}

#[test]
fn every_release_has_its_page_and_leads_to_it() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n,C,,7,-95,35\n");
    let told = folder.cikr(&["run", "pipeline.toml"]).code(0).stdout;
    let path = folder.latest().join("report.html");
    let told_path = told
        .lines()
        .find_map(|line| line.strip_prefix("report: "))
        .unwrap();
    assert_eq!(
        fs::canonicalize(folder.path().join(told_path)).unwrap(),
        fs::canonicalize(&path).unwrap()
    );
    for (file, link) in [
        ("README.md", "(report.html)"),
        ("catalog.json", "\"./report.html\""),
        ("manifest.json", "\"report.html\""),
    ] {
        assert!(
            fs::read_to_string(folder.latest().join(file))
                .unwrap()
                .contains(link),
            "{file}"
        );
    }
    let html = page(&folder);
    assert!(
        html.contains("All 1 layer are of this run.") && html.contains("first release"),
        "{html}"
    );
    assert!(html.contains("Contiguous states: 2 facilities."), "{html}");
    assert!(
        html.contains("<td>points.csv:4</td>") && html.contains("no key"),
        "{html}"
    );
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn what_a_source_says_is_never_markup() {
    let folder = Folder::new();
    let script = "<script>alert(1)</script>";
    folder.points(&format!("1,A,48001,5,-95,35\n2,B,,,{script},30\n"));
    let schema = fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write(
        "schemas/points.toml",
        schema.replace("title = \"points\"", &format!("title = \"{script}\"")),
    );
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    let gone = POINTS_LAYER
        .replace("points", "gone")
        .replace("gone.csv", &format!("{script}.csv"));
    folder
        .schema("gone", "point", "")
        .write("pipeline.toml", text + &gone);
    folder.run().code(5);
    let html = page(&folder);
    assert!(!html.contains("<script"), "{html}");
    // The layer's title, the rejected value, and the failed layer's source and reason.
    assert!(html.matches("&lt;script&gt;").count() >= 4, "{html}");
}

#[test]
fn a_page_compares_with_the_release_before() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n2,B,01001,6,-85,36\n");
    folder.run().code(0);
    folder.write(
        "points.csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,48001,5,-95,35\n",
    );
    folder
        .schema("more", "point", "")
        .write("more.csv", "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,,,-95,35\n");
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text + "gate = { shrink = 50 }\n" + &POINTS_LAYER.replace("points", "more"),
    );
    folder.run().code(0);
    let html = page(&folder);
    assert!(
        html.contains("<div>−1<small>−50.0 %</small></div>") && html.contains("<div>new</div>"),
        "{html}"
    );
    assert!(
        html.contains("rows in the last 2 releases, oldest first: 2; 1"),
        "{html}"
    );

    fs::remove_file(folder.path().join("points.csv")).unwrap();
    assert_eq!(
        folder.run().code(5).layer("points").status(),
        LayerStatus::Carried
    );
    let html = page(&folder);
    assert!(html.contains("1 is carried from an earlier release"), "{html}");
    assert!(
        html.contains("(less than a day old)") && html.contains("points.csv"),
        "{html}"
    );
    assert!(html.contains("oldest first: 2; 1; 1"), "{html}");
}

#[test]
fn an_earlier_report_that_cannot_be_read_is_left_out() {
    let folder = Folder::new();
    folder.points("1,A,48001,5,-95,35\n");
    folder.run().code(0);
    fs::write(folder.latest().join("report.json"), "{").unwrap();
    folder.run().code(0).says("can't be read");
    assert!(page(&folder).contains("This is the store's first release"));
}

//! What an analyst lets through: once, with a reason that is kept, and only what was held back.

use std::fs;

use cikr::feature::{Check, LayerStatus};

use super::{HEADER, accept, gate, held, passed, published, reds, rows};

#[test]
fn an_accepted_change_is_published_once_and_said_so() {
    let folder = published(100, "");
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    held(&folder.run().code(5));
    let listed = folder.cikr(&["accept", "pipeline.toml", "--list"]).code(0).stdout;
    assert!(
        listed.contains("points  held back since") && listed.contains("10 rows instead of 100"),
        "{listed}"
    );
    let said = accept(&folder, &["--format", "json"]).code(0);
    let said: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        (said["by"].as_str(), said["reason"].as_str()),
        (Some("ana"), Some("meant so"))
    );
    assert_eq!(said["held"]["rows_read"], 10);

    // A source that can't be read in between uses nothing up.
    fs::rename(folder.path().join("points.csv"), folder.path().join("away.csv")).unwrap();
    let away = folder.run().code(5).layer("points");
    assert_eq!(
        (away.status(), away.rows_written, away.gate.is_none()),
        (LayerStatus::Carried, 100, true)
    );
    fs::rename(folder.path().join("away.csv"), folder.path().join("points.csv")).unwrap();

    let layer = passed(&folder.run().code(0));
    let accepted = gate(&layer).accepted.clone().unwrap();
    assert_eq!(
        (layer.rows_written, accepted.by.as_str(), accepted.reason.as_str()),
        (10, "ana", "meant so")
    );
    let release = folder.latest();
    for file in ["report.html", "README.md", "layers/points/collection.json"] {
        let text = fs::read_to_string(release.join(file)).unwrap();
        assert!(
            text.contains("meant so") && text.contains("ana"),
            "{file} doesn't say who accepted it and why"
        );
    }
    let listed = folder
        .cikr(&["accept", "pipeline.toml", "points", "--list"])
        .code(0)
        .stdout;
    let name = release.file_name().unwrap().to_str().unwrap();
    assert!(
        !listed.contains("held back since") && listed.contains(&format!("published in release {name}")),
        "{listed}"
    );

    // The new rows are the last good ones now, and nothing is accepted any more.
    let layer = passed(&folder.run().code(0));
    assert_eq!(
        (gate(&layer).findings.len(), gate(&layer).accepted.is_none()),
        (0, true)
    );
    folder.write("points.csv", format!("{HEADER}{}", rows(2)));
    held(&folder.run().code(5));
    folder.cikr(&["verify", "store"]).code(0);
}

#[test]
fn an_acceptance_is_of_the_bytes_that_were_held_back() {
    let folder = published(100, "");
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    held(&folder.run().code(5));
    accept(&folder, &[]).code(0);
    folder.write("points.csv", format!("{HEADER}{}", rows(3)));
    assert_eq!(
        reds(&held(&folder.run().code(5))),
        [Check::Rows],
        "another change than the one accepted"
    );
    // The bytes that were accepted may come later.
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    assert_eq!(passed(&folder.run().code(0)).rows_written, 10);
}

#[test]
fn the_next_change_can_be_accepted_before_it_comes() {
    let folder = published(100, "");
    accept(&folder, &["--next"]).code(0);
    passed(&folder.run().code(0));
    let listed = folder.cikr(&["accept", "pipeline.toml", "--list"]).code(0).stdout;
    assert!(
        listed.contains("waits for the next run"),
        "a night without a change uses nothing up: {listed}"
    );
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    assert!(gate(&passed(&folder.run().code(0))).accepted.is_some());
    folder.write("points.csv", format!("{HEADER}{}", rows(1)));
    held(&folder.run().code(5));
}

#[test]
fn acceptances_that_mean_nothing_are_refused() {
    let folder = published(100, "");
    folder
        .cikr(&["accept", "pipeline.toml", "pints", "--reason", "x"])
        .code(2)
        .says("did you mean `points`?");
    folder
        .cikr(&["accept", "pipeline.toml", "points"])
        .code(2)
        .says("--reason");
    folder
        .cikr(&["accept", "pipeline.toml", "points", "--next", "--reason", " "])
        .code(2)
        .says("say why");
    folder
        .cikr(&["accept", "pipeline.toml", "--list", "--store", "none"])
        .code(6)
        .says("no store");
    let help = folder.cikr(&["accept", "--help"]).code(0).stdout;
    assert!(help.contains("Examples:") && help.contains("--next"), "{help}");
    folder.write("store/gate/points.json", "{\"version\": 1");
    folder.write("points.csv", format!("{HEADER}{}", rows(10)));
    folder
        .run()
        .code(5)
        .says("points.json is not a valid record")
        .says("held back by the gate");
    assert!(folder.path().join("store/gate/points.json.damaged").exists());
}

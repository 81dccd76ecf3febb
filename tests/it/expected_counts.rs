//! Counts that a reviewer expects: missing, unexpected, short and in excess, on the planted rows of `quality`.

use std::fs;

use cikr::feature::Verdict;

use crate::quality::{GONE, LAYER, planted, points, quality, table, with};

const EXPECTED: &str = "\
layer,state_code,low,high,source,reviewed
points,*,9,20,licences of 2026,2026-03-01
points,TX,6,8,licences of 2026,2026-03-02
points,NY,2,,licences of 2026,2026-03-01
points,CA,0,0,licences of 2026,2026-03-01
gone,TX,1,1,licences of 2026,2026-03-01
";

#[test]
fn what_is_missing_and_what_is_unexpected_are_both_told() {
    let folder = planted("expected = \"expected.csv\"", &format!("{LAYER}{GONE}"));
    folder.write("expected.csv", EXPECTED);
    let ended = folder
        .run()
        .code(5)
        .says("rows are not as expected")
        .says("NY")
        .says("AL unassigned");
    let found = table(
        &folder,
        "expected",
        &["layer", "state_code", "low", "high", "found", "share", "verdict"],
    );
    assert_eq!(
        found,
        [
            "points * 9 20 6 0.6667 short",
            "points AL - - 1 - unexpected",
            "points CA 0 0 0 - ok",
            "points NY 2 - 0 0.0000 missing",
            "points TX 6 8 4 0.6667 short",
            "points unassigned - - 1 - unexpected",
            "gone * - - 0 - not_reviewed",
            "gone TX 1 1 0 0.0000 missing",
            "other * - - 6 - not_reviewed",
            "other AL - - 1 - not_reviewed",
            "other TX - - 4 - not_reviewed",
            "other unassigned - - 1 - not_reviewed",
        ]
    );
    let report = ended.report();
    let layer = points(&report);
    let told: Vec<_> = layer
        .unmet
        .iter()
        .map(|unmet| (unmet.verdict, unmet.state_code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Verdict::Missing, "NY"),
            (Verdict::Unexpected, "AL"),
            (Verdict::Unexpected, "unassigned"),
            (Verdict::Short, "*"),
            (Verdict::Short, "TX"),
        ]
    );
    // 4 of Texas's 6 and none of New York's 2: no row elsewhere makes up for them.
    let complete = &layer.completeness;
    assert_eq!((complete.numerator, complete.denominator), (Some(4), Some(8)));
    assert!(
        complete.definition.contains("2026-03-02"),
        "{}",
        complete.definition
    );
    assert_eq!(
        quality(&report).layers[1].completeness.share,
        Some(0.0),
        "an absent layer is not complete"
    );
    assert_eq!(
        quality(&report).layers[2].completeness.share,
        None,
        "nobody reviewed it"
    );
    assert_eq!(quality(&report).verdicts[&Verdict::Missing], 2);
    let total_alone: String = EXPECTED
        .lines()
        .filter(|line| !line.contains(",TX") && !line.contains(",NY") && !line.contains(",CA"))
        .map(|line| format!("{line}\n"))
        .collect();
    folder.write("expected.csv", total_alone);
    let report = folder.run().code(5).report();
    let complete = &points(&report).completeness;
    assert_eq!(
        (complete.numerator, complete.denominator),
        (Some(6), Some(9)),
        "the total alone"
    );
    assert_eq!(points(&report).verdicts[&Verdict::NotReviewed], 3);
    folder.write("expected.csv", EXPECTED);
    folder.run().code(5);
    let readme = fs::read_to_string(folder.latest().join("README.md")).unwrap();
    for line in [
        "- `NY`: missing, 2 expected at least, 0 found (licences of 2026)",
        "- `AL`: unexpected, none expected, 1 found",
    ] {
        assert!(readme.contains(line), "{line}:\n{readme}");
    }
    let text = folder.cikr(&["run", "pipeline.toml", "-q"]).code(5).stdout;
    assert!(
        text.contains("expected: 2 missing, 2 unexpected, 2 short, 1 ok by expected.csv"),
        "{text}"
    );
}

#[test]
fn counts_that_are_not_as_expected_fail_the_run_only_where_asked() {
    let folder = planted("", LAYER);
    let head = "expected = \"expected.csv\"\n";
    folder.write("expected.csv", EXPECTED.replace("gone,TX,1,1", "points,AL,1,1"));
    for (limit, code) in [("", 0), ("unmet-counts = 4", 0), ("unmet-counts = 3", 5)] {
        // The total and Texas are short, New York is missing, the row outside every state is unexpected.
        with(&folder, head, &format!("{LAYER}\n[limits]\n{limit}\n"));
        let report = folder.run().code(code).report();
        assert_eq!(quality(&report).unmet(), 4, "{limit}");
    }
    // A part of the rows can't be complete, and says nothing of the whole.
    let ended = folder
        .cikr(&["run", "pipeline.toml", "--limit", "2", "--format", "json"])
        .code(0);
    let report = ended.report();
    assert_eq!(quality(&report).unmet(), 0);
    assert_eq!(
        points(&report).completeness.reason.as_deref(),
        Some("only a part of the rows was read")
    );
    with(&folder, "", &format!("{LAYER}\n[limits]\nunmet-counts = 1\n"));
    folder.run().code(3).says("`unmet-counts` is for pipelines");
}

#[test]
fn a_release_prints_the_counts_to_review() {
    let folder = planted("", LAYER);
    folder.run().code(0);
    let printed = folder
        .cikr(&["expected", "store", "--tolerance", "0.3"])
        .code(0)
        .stdout;
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "layer,state_code,low,high,source,reviewed");
    let starts = [
        "points,*,4,8,release ",
        "points,AL,1,2,",
        "points,TX,2,6,",
        "points,unassigned,1,2,",
    ];
    assert_eq!(lines.len(), 5);
    for (line, start) in lines[1..].iter().zip(starts) {
        assert!(line.starts_with(start) && line.ends_with(','), "{line}");
    }
    // As printed it expects nothing: nobody has reviewed it.
    folder.write("expected.csv", &printed);
    with(&folder, "expected = \"expected.csv\"", LAYER);
    let ended = folder.run().code(0).says("4 rows have no date of review");
    let reason = points(&ended.report()).completeness.reason.clone();
    assert_eq!(reason.as_deref(), Some("no reviewed count is of this layer"));
    let reviewed: String = printed
        .lines()
        .map(|line| {
            if line.ends_with(',') {
                format!("{line}2026-03-01\n")
            } else {
                format!("{line}\n")
            }
        })
        .collect();
    folder.write("expected.csv", reviewed);
    let report = folder.run().code(0).report();
    assert_eq!(
        (quality(&report).unmet(), quality(&report).verdicts[&Verdict::Ok]),
        (0, 4)
    );
    assert_eq!(points(&report).completeness.share, Some(1.0));
}

#[test]
fn every_mistake_in_expected_counts_has_its_place() {
    let folder = planted("expected = \"expected.csv\"", LAYER);
    folder.write(
        "expected.csv",
        "layer,state_code,low,high,source,reviewed\n\
         pionts,TX,1,2,s,2026-03-01\n\
         points,TZ,1,2,s,2026-03-01\n\
         points,TX,5,2,s,2026-03-01\n\
         points,TX,many,2,s,2026-03-01\n\
         points,AL,1,2,,03/01/2026\n\
         points,*,1,4,s,2026-03-01\n",
    );
    let ended = folder.cikr(&["check", "pipeline.toml"]).code(3);
    for what in [
        "expected.csv:2:1",
        "did you mean `points`?",
        "expected.csv:3:8",
        "`TZ` is not a state code",
        "expected.csv:4:13",
        "`high` (2) is less than `low` (5)",
        "expected.csv:5:8",
        "is expected on line 4 already",
        "expected.csv:5:11",
        "`many` is not a number of rows",
        "an expected count has a source",
        "expected.csv:6:16",
        "`03/01/2026` is not a date",
        "expected.csv:7:12",
        "its states expect 7 at least",
    ] {
        assert!(ended.stderr.contains(what), "{what}:\n{}", ended.stderr);
    }
    fs::remove_file(folder.path().join("expected.csv")).unwrap();
    folder
        .cikr(&["check", "pipeline.toml"])
        .code(3)
        .says("pipeline.toml:1:12")
        .says("cikr expected STORE");
}

//! A page of a small and of a huge run: what it says, that it is escaped, bounded and the same again.

mod jurisdictions;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::catalog::tests::fixture::{layer_report, plan, run_report};
use crate::feature::release::ReleaseId;
use crate::feature::{
    ClaimKind, ClaimPair, FieldCounts, LayerId, LayerQuality, LayerReport, LayerStatus, Outline,
    QualityReport, ReleaseCounts, RunReport, Score, Standing, Unmet, Verdict,
};
use crate::plan::{LayerPlan, LayerSchema, Plan, Region, State};

/// A release to describe, owned.
struct Release {
    plan: Plan,
    report: RunReport,
    history: Vec<RunReport>,
    facilities: Facilities,
    outlines: Vec<Outline>,
    rejects: BTreeMap<LayerId, Vec<RejectSample>>,
}

impl Release {
    fn new(dams: LayerStatus) -> Self {
        let mut facilities = Facilities::default();
        facilities.cells.extend([(-98.0, 31.0)]);
        facilities
            .by_region
            .insert("R06".to_owned(), [("DAMS".to_owned(), 1)].into());
        Self {
            plan: plan(),
            report: run_report(dams),
            history: vec![],
            facilities,
            outlines: vec![],
            rejects: BTreeMap::new(),
        }
    }

    fn html(&self) -> String {
        let shown = Page {
            plan: &self.plan,
            report: &self.report,
            last: self.history.last(),
            history: &self.history,
            counts: &self
                .history
                .iter()
                .map(ReleaseCounts::of_report)
                .collect::<Vec<_>>(),
            facilities: &self.facilities,
            outlines: &self.outlines,
            rejects: &self.rejects,
            collections: &[],
            products: &[],
        };
        String::from_utf8(render_page(&shown)).unwrap()
    }
}

fn reject(text: &str) -> RejectSample {
    RejectSample {
        origin: format!("{text}:7"),
        field: text.to_owned(),
        value: text.to_owned(),
        reason: "no_key".to_owned(),
    }
}

/// How a layer stands that has failed for a reason.
fn carried(reason: &str) -> Standing {
    Standing::Carried {
        reason: reason.to_owned(),
        from: ReleaseId::parse("2026-11-01").ok(),
        days: Some(21),
    }
}

#[test]
fn whatever_a_source_or_a_schema_says_is_text() {
    let script = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>";
    let mut release = Release::new(LayerStatus::Carried);
    let schema = LayerSchema {
        title: script.to_owned(),
        agency: script.to_owned(),
        licence: script.to_owned(),
        homepage: Some("javascript:alert(1)".to_owned()),
        ..(*release.plan.layers[0].schema).clone()
    };
    release.plan.layers[0].schema = Arc::new(schema);
    release.plan.title = script.to_owned();
    release.plan.description = script.to_owned();
    let dams = &mut release.report.layers[0];
    dams.standing = carried(script);
    dams.source = script.to_owned();
    dams.rejects_by_reason.insert(script.to_owned(), 1);
    dams.fields.insert(
        script.to_owned(),
        FieldCounts {
            unparsed: 1,
            ..FieldCounts::default()
        },
    );
    dams.fields_missing.push(script.to_owned());
    release.rejects.insert(LayerId::new("dams"), vec![reject(script)]);
    release
        .facilities
        .by_region
        .insert(script.to_owned(), [(script.to_owned(), 3)].into());
    let html = release.html();
    for wrong in ["<script", "<img", "href=\"javascript", "'x')\""] {
        assert!(!html.contains(wrong), "{wrong}");
    }
    assert!(html.matches("&lt;script&gt;").count() > 10);
}

#[test]
fn failures_say_what_stands_in_and_why() {
    let html = Release::new(LayerStatus::Carried).html();
    for told in [
        "Of 2 layers, 0 are of this run, 1 is carried from an earlier release, 1 is absent.",
        "carried</span> Its 4 rows are those of release <code>2026-11-01</code>",
        "Reason: the source is empty",
        "absent</span> No earlier release has it",
    ] {
        assert!(html.contains(told), "{told}\n{html}");
    }
    let mut whole = Release::new(LayerStatus::Published);
    whole.report.layers.truncate(1);
    let html = whole.html();
    assert!(
        html.contains("All 1 layer are of this run.") && !html.contains("id=\"failed\""),
        "{html}"
    );
}

#[test]
fn an_age_is_that_at_the_start_of_the_run() {
    let mut release = Release::new(LayerStatus::Carried);
    let dams = &mut release.report.layers[0];
    dams.standing = Standing::Carried {
        reason: "the source is empty".to_owned(),
        from: ReleaseId::parse("20261101T030000000Z").ok(),
        days: Some(21),
    };
    dams.landed_at = Some("2026-10-31T02:00:00Z".to_owned());
    let html = release.html();
    assert!(html.contains("<code>20261101T030000000Z</code> (21 days old), from a source landed on 2026-10-31, 22 days before"), "{html}");
}

#[test]
fn changes_are_against_the_release_before() {
    let mut release = Release::new(LayerStatus::Published);
    let mut before = run_report(LayerStatus::Published);
    before.release = ReleaseId::parse("before").unwrap();
    before.layers[0].rows_written = 8;
    before.layers[1].standing = Standing::made();
    before.layers.push(layer_report("old", LayerStatus::Published));
    release.history = vec![before.clone()];
    let html = release.html();
    assert!(html.contains("against release <code>before</code>"), "{html}");
    assert!(html.contains("<div>−4<small>−50.0 %</small></div>"), "{html}");
    assert!(
        html.contains("<div>−4<small>gone</small></div>"),
        "absent, and 4 before"
    );
    assert!(html.contains("No longer in the pipeline: <code>old</code>."));
    assert!(html.contains("rows in the last 2 releases, oldest first: 8; 4"));

    before.pipeline = "another".to_owned();
    release.history = vec![before];
    assert!(
        release.html().contains("first release"),
        "another pipeline's numbers are no past"
    );
}

#[test]
fn made_up_layers_are_called_so() {
    let mut release = Release::new(LayerStatus::Published);
    assert!(!release.html().contains("Made-up data."));
    let schema = LayerSchema {
        synthetic: true,
        ..(*release.plan.layers[0].schema).clone()
    };
    release.plan.layers[0].schema = Arc::new(schema);
    let html = release.html();
    assert!(
        html.contains("<strong>Made-up data. </strong>1 of 2 layers (4 rows) are synthetic"),
        "{html}"
    );
    assert!(html.contains("Dams (synthetic)"));
}

#[test]
fn states_are_outlined_and_regions_parted() {
    let mut release = Release::new(LayerStatus::Published);
    let mut reference = crate::plan::Reference::default();
    let text = str::to_owned;
    for (fips, usps, region) in [("48", "TX", "R06"), ("01", "AL", "R04")] {
        let (source, name) = (String::new(), String::new());
        reference.states.push(State {
            fips: text(fips),
            usps: text(usps),
            name: name.clone(),
            kind: text("state"),
            source: source.clone(),
        });
        reference.regions.push(Region {
            code: text(region),
            name,
            state: text(usps),
            county: None,
            source,
        });
    }
    release.plan.reference = Arc::new(reference);
    let square = |code: &str, west: f64| Outline {
        code: code.to_owned(),
        rings: vec![vec![
            [west, 30.0],
            [west + 10.0, 30.0],
            [west + 10.0, 40.0],
            [west, 40.0],
        ]],
    };
    release.outlines = vec![square("48", -100.0), square("01", -90.0)];
    for lon in [-99.0, -81.0] {
        release.facilities.cells.extend([(lon, 39.0)]);
    }
    let html = release.html();
    assert!(
        html.contains("class=\"land\"") && html.contains("class=\"border\""),
        "{html}"
    );
    for region in ["R04", "R06"] {
        assert!(html.contains(&format!(">{region}</text>")), "{region}");
    }
    assert!(html.contains("Contiguous states: 3 facilities."), "{html}");
}

#[test]
fn far_pieces_have_panels_and_the_rest_is_counted() {
    let mut release = Release::new(LayerStatus::Published);
    for (lon, lat) in [(-149.9, 61.2), (173.2, 52.9), (-157.9, 21.3), (2.3, 48.9)] {
        release.facilities.cells.extend([(lon, lat)]);
    }
    let html = release.html();
    for told in ["Alaska: 2", "Hawaii: 1", "Outside these panels: 1."] {
        assert!(html.contains(told), "{told}");
    }
    let mut abroad = Release::new(LayerStatus::Published);
    abroad.facilities.cells = Cells::default();
    abroad.facilities.cells.extend([(2.3, 48.9)]);
    assert!(abroad.html().contains("All facilities: 1 facilities."));
    abroad.facilities.cells = Cells::default();
    assert!(abroad.html().contains("There is no facility to draw."));
}

#[test]
fn a_page_stands_alone() {
    let html = Release::new(LayerStatus::Carried).html();
    assert!(html.contains("default-src 'none'"));
    for wrong in [
        "<script",
        "<link rel=\"stylesheet\"",
        "<iframe",
        "<object",
        "@import",
        "url(",
        " src=",
    ] {
        assert!(!html.contains(wrong), "{wrong}");
    }
    let linked: Vec<&str> = html
        .match_indices("http")
        .map(|(at, _)| &html[at..at + 40])
        .collect();
    assert!(
        linked
            .iter()
            .all(|link| link.starts_with("http-equiv") || link.starts_with("https://nid.sec.usace")),
        "{linked:?}"
    );
}

/// 300 layers, all failing fields, rejects and scores at their worst, 12,000 dots.
#[test]
fn a_huge_run_is_a_page_of_bounded_size() {
    let mut release = Release::new(LayerStatus::Published);
    let long = "A Layer with Quite a Long Title, as Agencies Like Them, and Still Longer";
    let schema = Arc::new(LayerSchema {
        title: long.to_owned(),
        agency: long.to_owned(),
        licence: long.repeat(3),
        ..(*release.plan.layers[0].schema).clone()
    });
    release.plan.layers.clear();
    release.report.layers.clear();
    for at in 0..300 {
        let id = format!("a_layer_with_a_long_name_{at:03}");
        let status = if at % 5 == 0 {
            LayerStatus::Carried
        } else {
            LayerStatus::Published
        };
        let mut state = layer_report(&id, status);
        if state.is_carried() {
            state.standing = carried(&long.repeat(20));
        }
        state.rows_rejected = 1_000 + at;
        state.source = long.repeat(2);
        state.source_sha256 = Some("ab".repeat(32));
        state.landed_at = Some("2026-11-20T03:00:00Z".to_owned());
        for field in 0..20 {
            let counts = FieldCounts {
                sentinel: 1,
                unparsed: 2,
                unknown_code: 3,
                values: 9,
            };
            state.fields.insert(format!("field_with_a_name_{field}"), counts);
            state
                .fields_missing
                .push(format!("missing_field_with_a_name_{field}"));
        }
        release
            .rejects
            .insert(LayerId::new(id.clone()), vec![reject(&long.repeat(3)); SAMPLES]);
        release.plan.layers.push(LayerPlan {
            id: LayerId::new(id),
            schema: Arc::clone(&schema),
            ..plan().layers.remove(0)
        });
        release.report.layers.push(state);
    }
    release.report.quality = Some(doubtful(&release.report.layers));
    release.history = vec![release.report.clone(); 40];
    for lon in 0..200 {
        for lat in 0..100 {
            release
                .facilities
                .cells
                .extend([(-124.0 + f64::from(lon) * 0.28, 25.0 + f64::from(lat) * 0.24)]);
        }
    }
    let html = release.html();
    assert!(html.len() < 300_000, "{} bytes", html.len());
    for told in [
        "200 more layers, published and less changed",
        "280 more layers with fewer rejects",
        "260 more sources",
    ] {
        assert!(html.contains(told), "{told}");
    }
    assert!(
        html.contains("a_layer_with_a_long_name_295"),
        "failed layers come before others"
    );
}

/// The worst that can be said of every layer.
fn doubtful(layers: &[LayerReport]) -> QualityReport {
    let none = || {
        Score::without_evidence(
            "nobody has said in a file what to expect of this layer, and nothing is dated",
            "rows",
        )
    };
    let pair = |layer: &LayerReport| ClaimPair {
        layer: layer.id.clone(),
        kind: ClaimKind::County,
        claimed: "48001".to_owned(),
        computed: Some("48003".to_owned()),
        rows: 1_000,
        example: format!("{}:0123456789", layer.id),
    };
    let unmet = |state: usize| Unmet {
        state_code: format!("S{state}"),
        verdict: Verdict::Short,
        low: Some(1_000),
        high: Some(2_000),
        found: 10,
        source: Some("a list".to_owned()),
    };
    let of = |layer: &LayerReport| LayerQuality {
        id: layer.id.clone(),
        completeness: none(),
        currency: none(),
        accuracy: Score::from_counts(
            1_000,
            3_000,
            "rows whose claims are the computed ones, of rows that claim a place",
        ),
        filled: Score::from_counts(1_000, 3_000, "values"),
        verdicts: BTreeMap::new(),
        unmet: (0..50).map(unmet).collect(),
        worst_claims: vec![pair(layer); 10],
        nulls: vec![],
        suspected_duplicates: 1_000,
        dates: None,
    };
    QualityReport {
        layers: layers.iter().map(of).collect(),
        worst_claims: vec![pair(&layers[0]); 10],
        verdicts: [(Verdict::Short, 15_000)].into(),
        expected_from: Some("expected.csv".to_owned()),
    }
}

#[test]
fn scores_are_shown_with_their_evidence_or_the_reason_for_none() {
    let mut release = Release::new(LayerStatus::Published);
    assert!(release.html().contains("This release was not scored."));
    release.report.quality = Some(doubtful(&release.report.layers));
    let html = release.html();
    for told in [
        "33.3 %<small>1,000 of 3,000</small>",
        "none<small>nobody has said in a file what to expect",
        "Against <code>expected.csv</code>: 0 missing, 0 unexpected, 15,000 short",
        "1,000–2,000",
        "70 more are in quality/expected.parquet.",
        "<td>48001</td><td>48003</td>",
    ] {
        assert!(html.contains(told), "{told}\n{html}");
    }
    release.report.quality = Some(QualityReport::default());
    assert!(release.html().contains("names no file of expected counts"));
}

#[test]
fn same_run_same_bytes() {
    let html = || Release::new(LayerStatus::Carried).html();
    assert_eq!(html(), html());
}

//! Findings of pairs of profiles, without a run around them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Measures, drift, judge, reading_digest};
use crate::feature::{Check, Finding, LayerId, SourceColumn, SourceProfile, ValueKind};
use crate::plan::{
    EPOCH_MS, Field, FieldKind, Format, GatePlan, GeometryKind, LayerPlan, LayerSchema, Location, NaicsUse,
    SectorPlan, SourcePlan,
};

fn layer() -> LayerPlan {
    let dates = FieldKind::Date {
        formats: vec!["%Y-%m-%d".to_owned()],
    };
    let moments = FieldKind::Date {
        formats: vec![EPOCH_MS.to_owned()],
    };
    let schema = LayerSchema {
        id: "dams".to_owned(),
        title: String::new(),
        description: String::new(),
        agency: String::new(),
        licence: String::new(),
        homepage: None,
        synthetic: false,
        unverified: false,
        key: vec!["id".to_owned()],
        geometry: GeometryKind::Point,
        crs: None,
        excludes: vec![],
        key_repeated: vec![],
        keeps_last: false,
        max_rejects: 0.05,
        handling: String::new(),
        sector: SectorPlan {
            code: "DAMS".to_owned(),
            subsector: None,
            also: vec![],
            lifeline: None,
            naics: NaicsUse::Ignore,
            rules: vec![],
        },
        fields: vec![
            Field::plain("id", FieldKind::Text, &["ID"]),
            Field::plain("name", FieldKind::Text, &["NAME", "FACNAME"]),
            Field::plain("height_m", FieldKind::Number, &["HEIGHT"]),
            Field::plain("beds", FieldKind::Integer, &["BEDS"]),
            Field::plain("built", dates, &["BUILT"]),
            Field::plain("edited", moments, &["EDITED"]),
        ],
    };
    LayerPlan {
        id: LayerId::new("dams"),
        schema: Arc::new(schema),
        source: SourcePlan {
            location: Location::Path("dams.geojson".into()),
            shown: "dams.geojson".into(),
            written: "dams.geojson".into(),
            format: Format::Geojson,
            crs: None,
        },
        inventory: true,
        current_days: 365,
        gate: GatePlan::default(),
    }
}

fn profile(columns: &[(&str, &[(ValueKind, u64)])]) -> SourceProfile {
    let column = |(name, kinds): &(&str, &[(ValueKind, u64)])| SourceColumn {
        name: (*name).to_owned(),
        kinds: kinds.iter().copied().collect(),
    };
    SourceProfile {
        looked_at: 100,
        columns: columns.iter().map(column).collect(),
        ..SourceProfile::default()
    }
}

fn drifted(
    before: &[(&str, &[(ValueKind, u64)])],
    now: &[(&str, &[(ValueKind, u64)])],
) -> Vec<(Check, bool)> {
    let layer = layer();
    let unread = layer
        .schema
        .fields
        .iter()
        .map(|field| field.name.as_str())
        .collect();
    let found = drift::schema_drift(&layer, &profile(before), &profile(now), &unread);
    found
        .iter()
        .map(|Finding { check, is_red, .. }| (*check, *is_red))
        .collect()
}

use ValueKind::{Date, Integer, Number, Text};

#[test]
fn a_field_that_is_read_from_another_column_still_is_not_lost() {
    let both: &[(&str, &[_])] = &[("NAME", &[(Text, 90)]), ("FACNAME", &[(Text, 90)])];
    assert_eq!(
        drifted(both, &[("FACNAME", &[(Text, 90)])]),
        [(Check::Dropped, false)]
    );
    // A new name that the schema knows already.
    assert_eq!(
        drifted(&[("NAME", &[(Text, 90)])], &[("FACNAME", &[(Text, 90)])]),
        [(Check::Dropped, false), (Check::Added, false)]
    );
    assert_eq!(
        drifted(both, &[("NAME", &[]), ("FACNAME", &[])]),
        [(Check::Retyped, true)]
    );
    assert_eq!(
        drifted(&[("NAME", &[(Text, 9)])], &[("NAME", &[])]),
        [],
        "it was hardly ever filled"
    );
    assert_eq!(drifted(&[("NAME", &[])], &[("NAME", &[(Text, 90)])]), []);
}

#[test]
fn a_kind_is_minded_where_the_field_would_lose_values() {
    let change =
        |name: &str, was: ValueKind, is: ValueKind| drifted(&[(name, &[(was, 90)])], &[(name, &[(is, 90)])]);
    let (red, warned) = ([(Check::Retyped, true)], [(Check::Retyped, false)]);
    assert_eq!(change("HEIGHT", Number, Text), red);
    assert_eq!(change("HEIGHT", Number, Integer), []);
    assert_eq!(change("BEDS", Integer, Number), red);
    assert_eq!(change("NAME", Text, Integer), warned);
    assert_eq!(
        change("ID", Integer, Text),
        red,
        "other keys are other facilities"
    );
    assert_eq!(change("BUILT", Date, Integer), red);
    assert_eq!(change("BUILT", Text, Date), warned);
    assert_eq!(change("EDITED", Date, Integer), warned);
    assert_eq!(change("UNREAD", Integer, Date), warned);
    assert_eq!(change("UNREAD", Integer, Number), []);
    let (were, are) = (
        profile(&[("HEIGHT", &[(Number, 90)])]),
        profile(&[("HEIGHT", &[(Text, 90)])]),
    );
    let found = drift::schema_drift(&layer(), &were, &are, &BTreeSet::new());
    assert!(!found[0].is_red, "all of them could be read: {found:?}");
}

/// Values at the edge of two kinds go over it every other night.
#[test]
fn a_few_values_of_another_kind_are_no_drift() {
    let nights: [&[(ValueKind, u64)]; 3] = [
        &[(Integer, 51), (Text, 49)],
        &[(Integer, 49), (Text, 51)],
        &[(Integer, 90), (Text, 10)],
    ];
    for before in nights {
        for now in nights {
            assert_eq!(drifted(&[("BEDS", before)], &[("BEDS", now)]), []);
        }
    }
}

#[test]
fn a_new_name_is_guessed_from_likeness_and_kind_and_given_once() {
    let text: &[(ValueKind, u64)] = &[(Text, 90)];
    let before: &[(&str, &[_])] = &[("HEIGHT", &[(Number, 90)]), ("OWNER_NAM", text)];
    let now: &[(&str, &[_])] = &[
        ("HEIGHT_M", &[(Integer, 90)]),
        ("HEIGHT_TXT", text),
        ("OWNER_NAME", text),
        ("OWNERNAM12", text),
    ];
    let found = drift::schema_drift(&layer(), &profile(before), &profile(now), &BTreeSet::new());
    let told: Vec<&str> = found.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(
        told,
        [
            "column `HEIGHT`, read as field `height_m`, is gone; `HEIGHT_M` looks like it (a guess): name it in `from`",
            "column `OWNER_NAM` seems to be called `OWNER_NAME` now (a guess)",
            "new columns, no field reads: `HEIGHT_TXT`, `OWNERNAM12`",
        ]
    );
}

#[test]
fn many_names_are_cut() {
    let names: Vec<String> = (0..30).map(|n| format!("{n}Z{}", n * 7919)).collect();
    let many: Vec<(&str, &[(ValueKind, u64)])> = names.iter().map(|name| (name.as_str(), &[][..])).collect();
    let found = drift::schema_drift(
        &layer(),
        &profile(&[("ID", &[(Text, 9)])]),
        &profile(&[&many[..], &[("ID", &[(Text, 9)])]].concat()),
        &BTreeSet::new(),
    );
    assert!(found[0].what.ends_with(" and 20 more"), "{found:?}");
    assert_eq!(found.len(), 1);
}

#[test]
fn rows_in_other_states_than_declared_are_counted() {
    let mut layer = layer();
    layer.gate.states = vec!["TX".to_owned()];
    let states = |ok: u64| {
        BTreeMap::from([
            ("TX".to_owned(), 98),
            ("unassigned".to_owned(), 50),
            ("OK".to_owned(), ok),
        ])
    };
    let reds = |ok: u64| {
        let (states, rejects) = (states(ok), BTreeMap::new());
        let (rows_read, profile) = (148 + ok, &SourceProfile::default());
        let fields = BTreeMap::new();
        let now = Measures {
            rows_read,
            rows_good: rows_read,
            rejects: &rejects,
            states: &states,
            fields: &fields,
            profile,
            continuity: None,
        };
        judge(&layer, None, &now).red_findings()
    };
    assert_eq!(reds(1), "");
    assert_eq!(
        reds(2),
        "2 of 150 rows (1.3 %) lie in `OK`, not in the layer's states (at most 1 % may)"
    );
}

#[test]
fn where_the_bytes_come_from_is_not_how_they_are_read() {
    let (here, mut there) = (layer(), layer());
    there.source.location = Location::Path("moved.geojson".into());
    there.gate.shrink = 99.0;
    assert_eq!(reading_digest(&here), reading_digest(&there));
    there.source.format = Format::Geojsonl;
    assert_ne!(reading_digest(&here), reading_digest(&there));
}

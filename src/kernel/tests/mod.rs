//! From source text to typed columns, and from points to jurisdictions: many cases, one check each.

mod typed;

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, BinaryArray, Int64Array, StringArray, UInt64Array};
use geo::{Geometry, Point, Rect};

use super::again::SecondReading;
use super::jurisdiction::{Boundary, JurisdictionIndex};
use super::locate::{JoinContext, JoinSet, Located, Places, locate};
use super::normalise::{Normalised, normalise};
use super::{CodedArray, KernelError, geometry};
use crate::feature::{Crs, RawBatch, RejectReason, Repairs, Texts};
use crate::plan::{
    Field, FieldKind, Format, GeometryKind, JurisdictionKind, JurisdictionPlan, LayerSchema, Location,
    NaicsUse, Reference, Region, SectorPlan, SourcePlan, State,
};

fn field(name: &str, from: &[&str], kind: FieldKind) -> Field {
    Field::plain(name, kind, from)
}

fn schema(fields: Vec<Field>) -> LayerSchema {
    LayerSchema {
        id: "test".into(),
        title: String::new(),
        description: String::new(),
        agency: String::new(),
        licence: String::new(),
        homepage: None,
        synthetic: false,
        unverified: false,
        key: vec![fields[0].name.clone()],
        geometry: GeometryKind::Point,
        crs: None,
        excludes: vec![],
        key_repeated: vec![],
        keeps_last: false,
        max_rejects: 1.0,
        handling: "TLP:CLEAR".into(),
        sector: SectorPlan {
            code: "HLPH".into(),
            subsector: None,
            also: vec![],
            lifeline: None,
            naics: NaicsUse::Ignore,
            rules: vec![],
        },
        fields,
    }
}

fn batch(columns: &[(&str, &[Option<&str>])]) -> RawBatch {
    let text = |values: &[Option<&str>]| Arc::new(values.iter().collect::<StringArray>()) as ArrayRef;
    raw(columns
        .iter()
        .map(|(name, values)| ((*name).to_owned(), text(values)))
        .collect())
}

fn raw(columns: Vec<(String, ArrayRef)>) -> RawBatch {
    let rows = columns[0].1.len();
    let mut wkb = Vec::new();
    geometry::encode(&Geometry::Point(Point::new(-95.0, 35.0)), &mut wkb);
    RawBatch {
        columns,
        geometry: BinaryArray::from_iter_values(vec![wkb; rows]),
        rows: UInt64Array::from_iter_values(2..rows as u64 + 2),
        defects: vec![],
        crs: Crs::Crs84,
        source: "test.csv".into(),
        repairs: Repairs::default(),
    }
}

fn texas() -> State {
    State {
        fips: "48".into(),
        usps: "TX".into(),
        name: "Texas".into(),
        kind: "state".into(),
        source: String::new(),
    }
}

fn run(raw: &RawBatch, schema: &LayerSchema) -> Normalised {
    normalise(raw, schema, &[texas()], &SecondReading::default(), None).unwrap()
}

/// A field's values from `values`, as text; null as `-`.
fn values(field: Field, values: &[&str]) -> Vec<String> {
    let name = field.decoded.clone().unwrap_or_else(|| field.name.clone());
    let keys: Vec<String> = (0..values.len()).map(|row| row.to_string()).collect();
    let keys: Vec<Option<&str>> = keys.iter().map(|key| Some(key.as_str())).collect();
    let values: Vec<Option<&str>> = values.iter().map(|value| Some(*value)).collect();
    let raw = batch(&[("ID", &keys), ("V", &values)]);
    let key = self::field("id", &["ID"], FieldKind::Text);
    let done = run(&raw, &schema(vec![key, field]));
    let column: ArrayRef = Arc::clone(done.columns.column(&name).unwrap());
    let options = arrow_array::cast::as_string_array;
    if let Some(numbers) = column.as_any().downcast_ref::<Int64Array>() {
        return numbers
            .iter()
            .map(|value| value.map_or("-".into(), |value| value.to_string()))
            .collect();
    }
    if let Some(days) = column.as_any().downcast_ref::<arrow_array::Date32Array>() {
        let day = |row: usize| days.value_as_date(row).map(|day| day.to_string());
        return (0..days.len())
            .map(|row| day(row).filter(|_| days.is_valid(row)).unwrap_or("-".into()))
            .collect();
    }
    if let Some(flags) = column.as_any().downcast_ref::<arrow_array::BooleanArray>() {
        return flags
            .iter()
            .map(|value| value.map_or("-".into(), |value| value.to_string()))
            .collect();
    }
    if let Some(numbers) = column.as_any().downcast_ref::<arrow_array::Float64Array>() {
        return numbers
            .iter()
            .map(|value| value.map_or("-".into(), |value| value.to_string()))
            .collect();
    }
    options(&column)
        .iter()
        .map(|value| value.unwrap_or("-").to_owned())
        .collect()
}

#[test]
fn text_is_repaired_and_sentinels_are_of_the_field() {
    let mut name = field("name", &["V"], FieldKind::Text);
    name.null = vec!["NOT AVAILABLE".into()];
    assert_eq!(
        values(
            name,
            &[" A\u{0}B\t ", "NOT AVAILABLE", " NOT AVAILABLE ", " ", "NA", "-"]
        ),
        ["A B", "-", "-", "-", "NA", "-"]
    );
}

#[test]
fn numbers_parse_or_are_null() {
    let mut beds = field("beds", &["V"], FieldKind::Integer);
    beds.null = vec!["-999".into()];
    assert_eq!(
        values(
            beds,
            &["12", "12.0", "12.5", "-999", "-2", "9007199254740993", "1e3", "x"]
        ),
        ["12", "12", "-", "-", "-2", "9007199254740993", "1000", "-"]
    );
    let number = field("mw", &["V"], FieldKind::Number);
    assert_eq!(
        values(number, &["1.5", "-99", "NaN", "inf", "1,5"]),
        ["1.5", "-99", "-", "-", "-"]
    );
}

#[test]
fn lost_zeros_come_back_where_the_schema_says_so() {
    let mut fips = field("fips", &["V"], FieldKind::Text);
    fips.pad = Some(5);
    assert_eq!(
        values(fips, &["6037", "06037", "123456", "ABC", "1"]),
        ["06037", "06037", "123456", "ABC", "00001"]
    );
}

#[test]
fn dates_follow_the_declared_patterns() {
    let formats = [
        "%Y/%m/%d %H:%M:%S",
        "%Y-%m-%dT%H:%M:%S%.fZ",
        "%d-%b-%y",
        "epoch-ms",
    ];
    let formats = formats.iter().map(|format| (*format).to_owned()).collect();
    let date = field("source_date", &["V"], FieldKind::Date { formats });
    assert_eq!(
        values(
            date,
            &[
                "2016/02/04 00:00:00",
                "2009-02-12T00:00:00.000Z",
                "23-JUL-18",
                "-315619200000",
                "1580515200000",
                "1580515200000.0",
                "0"
            ]
        ),
        [
            "2016-02-04",
            "2009-02-12",
            "2018-07-23",
            "1960-01-01",
            "2020-02-01",
            "2020-02-01",
            "-"
        ]
    );
}

#[test]
fn states_words_and_codes_are_understood() {
    let state = field("state_code_claimed", &["V"], FieldKind::State);
    assert_eq!(
        values(state, &["TX", "texas", "48", "Tejas"]),
        ["TX", "TX", "TX", "-"]
    );
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let flag = FieldKind::Boolean {
        truth: words(&["Y"]),
        falsity: words(&["N"]),
    };
    assert_eq!(
        values(field("is_open", &["V"], flag), &["Y", "n", "?"]),
        ["true", "false", "-"]
    );
    let mut kind = field("kind_code", &["V"], FieldKind::Integer);
    kind.codes = vec![("1".into(), "Regular".into())];
    kind.decoded = Some("kind_name".into());
    assert_eq!(values(kind, &["1", "1.0", "9"]), ["Regular", "Regular", "-"]);
}

#[test]
fn both_spellings_of_a_field_serve_and_case_does_not_matter() {
    let fields = vec![
        field("id", &["ID"], FieldKind::Text),
        field("naics_code", &["NAICS_CODE", "NAICSCODE"], FieldKind::Text),
    ];
    let raw = batch(&[
        ("id", &[Some("1"), Some("2")]),
        ("NaicsCode", &[Some("622110"), Some("621493")]),
        ("NAICS_CODE", &[None, Some("622210")]),
    ]);
    let done = run(&raw, &schema(fields));
    let codes = done.columns.column("naics_code").unwrap();
    let codes: Vec<_> = arrow_array::cast::as_string_array(codes)
        .iter()
        .flatten()
        .collect();
    assert_eq!(codes, ["622110", "622210"], "the first that has a value");
}

#[test]
fn a_row_without_key_is_rejected_with_its_origin_and_what_stood_there() {
    let mut id = field("id", &["ID"], FieldKind::Text);
    id.null = vec!["UNKNOWN".into()];
    let raw = batch(&[("ID", &[Some("1"), Some("UNKNOWN"), None])]);
    let done = run(&raw, &schema(vec![id]));
    assert_eq!(
        (done.rows.as_slice(), done.keys.len(), done.geometries.len()),
        (&[2_u64][..], 1, 1)
    );
    let told: Vec<String> = done
        .rejects
        .iter()
        .map(|r| format!("{} {} {}", r.origin, r.field, r.value))
        .collect();
    assert_eq!(told, ["test.csv:3 ID UNKNOWN", "test.csv:4 ID "]);
    assert!(
        done.rejects
            .iter()
            .all(|reject| reject.reason == RejectReason::NoKey)
    );
}

#[test]
fn keys_of_several_fields_never_meet() {
    let mut schema = schema(vec![
        field("a", &["A"], FieldKind::Text),
        field("b", &["B"], FieldKind::Text),
    ]);
    let raw = batch(&[("A", &[Some("x/y"), Some("x")]), ("B", &[Some("z"), Some("y/z")])]);
    assert_eq!(
        run(&raw, &schema).keys.iter().flatten().collect::<Vec<_>>(),
        ["x/y", "x"],
        "one field as it is"
    );
    schema.key.push("b".into());
    assert_eq!(
        run(&raw, &schema).keys.iter().flatten().collect::<Vec<_>>(),
        ["x%2Fy/z", "x/y%2Fz"]
    );
}

#[test]
fn a_missing_required_field_names_the_columns_there_are() {
    let mut id = field("id", &["ID", "KEY"], FieldKind::Text);
    id.required = true;
    let raw = batch(&[("NAME", &[Some("A")])]);
    let error = normalise(&raw, &schema(vec![id]), &[], &SecondReading::default(), None).unwrap_err();
    assert!(matches!(&error, KernelError::MissingField { .. }));
    assert_eq!(
        error.to_string(),
        "test.csv: no column for required field `id` (looked for ID, KEY); the source has NAME"
    );
}

fn set(kind: &str, nearest_m: f64, boundaries: &[(&str, f64)]) -> JoinSet {
    let square = |(code, west): &(&str, f64)| Boundary {
        code: (*code).to_owned(),
        name: Some(format!("n{code}")),
        shape: geo::MultiPolygon::new(vec![Rect::new((*west, 30.0), (west + 1.0, 31.0)).to_polygon()]),
    };
    JoinSet {
        index: JurisdictionIndex::build(boundaries.iter().map(square).collect()),
        gaps: vec![],
        plan: JurisdictionPlan {
            id: "set".into(),
            kind: JurisdictionKind::shipped(kind).unwrap(),
            parent: None,
            overlaps: false,
            vintage: String::new(),
            source: SourcePlan {
                location: Location::Path("".into()),
                shown: "".into(),
                written: "".into(),
                format: Format::Geojson,
                crs: None,
            },
            code: String::new(),
            name: None,
            nearest_m,
            agency: String::new(),
            licence: String::new(),
        },
    }
}

fn place(sets: Vec<JoinSet>, kind: GeometryKind, points: &[(f64, f64)]) -> Located {
    let region = Region {
        code: "R06".into(),
        name: String::new(),
        state: "TX".into(),
        county: None,
        source: String::new(),
    };
    let reference = Reference {
        states: vec![texas()],
        regions: vec![region],
        ..Reference::default()
    };
    let points: Vec<Point<f64>> = points.iter().map(|point| Point::from(*point)).collect();
    let geometries: Vec<Geometry<f64>> = points.iter().map(|point| Geometry::Point(*point)).collect();
    let places = Places {
        kind,
        geometries: &geometries,
        points: &points,
    };
    locate(&places, &JoinContext::new(sets, &reference))
}

fn texts(column: &CodedArray) -> impl Iterator<Item = Option<&str>> {
    Texts::from_array(column).unwrap().iter()
}

#[test]
fn within_nearest_and_none() {
    let sets = vec![
        set("state", 20_000.0, &[("48", -100.0)]),
        set("county", 20_000.0, &[("48001", -100.0)]),
    ];
    let points = [(-99.5, 30.5), (-98.9, 30.5), (-90.0, 30.5), (-99.5, 30.5)];
    let found = place(sets, GeometryKind::Point, &points);
    let method: Vec<_> = texts(&found.location_method).flatten().collect();
    assert_eq!(method, ["within", "nearest", "none", "within"]);
    let metres = found.location_distance_m.value(1);
    // A tenth of a degree of longitude at 30.5° N on WGS 84.
    assert!(
        (metres - 9_596.0).abs() < 5.0 && found.location_distance_m.is_null(0),
        "{metres}"
    );
    let regions: Vec<_> = texts(&found.region_code).collect();
    assert_eq!(regions, [Some("R06"), Some("R06"), None, Some("R06")]);
}

#[test]
fn on_a_border_the_lowest_code_wins_and_counties_stand_in_for_states() {
    let sets = vec![set("county", 0.0, &[("48003", -100.0), ("48001", -99.0)])];
    let found = place(sets, GeometryKind::Point, &[(-99.0, 30.5), (-90.0, 30.5)]);
    assert_eq!(
        texts(&found.county_fips).collect::<Vec<_>>(),
        [Some("48001"), None]
    );
    assert_eq!(texts(&found.state_code).collect::<Vec<_>>(), [Some("TX"), None]);
    assert_eq!(texts(&found.location_method).next(), Some(Some("within")));
}

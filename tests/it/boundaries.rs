//! Polygon sets that aren't all good, and what is told of where a row lies.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};

use crate::program::{Ended, Folder, by_id, rows};

/// A square of ten degrees by ten, or a ring of three points in its place.
fn square(west: f64, code: &str, is_good: bool) -> String {
    let east = west + 10.0;
    let ring = if is_good {
        format!("[[{west},30],[{east},30],[{east},40],[{west},40],[{west},30]]")
    } else {
        format!("[[{west},30],[{east},40],[{west},30]]")
    };
    format!(
        r#"{{"type":"Feature","properties":{{"GEOID":"{code}","NAME":"n{code}"}},"geometry":{{"type":"Polygon","coordinates":[{ring}]}}}}"#
    )
}

fn set(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

/// Squares elsewhere, so that one bad polygon is no tenth of its set.
fn far_away(prefix: &str) -> Vec<String> {
    (0..12)
        .map(|n| {
            square(
                20.0 + f64::from(n) * 10.0,
                &format!("{prefix}{:03}", 100 + n),
                true,
            )
        })
        .collect()
}

fn ran(counties: &str, rows: &str) -> (Folder, Ended) {
    let folder = Folder::new();
    folder.points(rows).write("counties.geojson", counties);
    let ended = folder.run();
    (folder, ended)
}

fn flags(ended: &Ended, code: &str) -> u64 {
    ended
        .layer("points")
        .flags
        .get(code)
        .map_or(0, |fields| fields.values().sum())
}

#[test]
fn one_bad_polygon_is_left_out_and_told_of() {
    let mut counties = far_away("06");
    counties.extend([square(-100.0, "48001", false), square(-90.0, "01001", true)]);
    let (folder, ended) = ran(
        &set(&counties),
        "1,A,,1,-95,35\n2,B,,1,-85,35\n3,C,,1,-89.99,41\n",
    );
    let ended = ended
        .code(0)
        .says("48001 (n48001): impossible_geometry, a ring of fewer than three distinct points");
    let county = by_id(&folder.latest().join("layers/points"), "county_fips");
    assert_eq!(
        county["points:1"], None,
        "its county may be the one that is left out: no other is near it"
    );
    assert_eq!(county["points:2"].as_deref(), Some("01001"));
    assert_eq!(flags(&ended, "boundary_missing"), 1);
    let set = ended
        .report()
        .jurisdictions
        .into_iter()
        .find(|set| set.id == "county")
        .unwrap();
    assert_eq!((set.polygons, set.unusable_polygons), (13, 1));
    assert!(
        set.unusable[0].contains("counties.geojson:13: 48001 (n48001)"),
        "{:?}",
        set.unusable
    );
}

#[test]
fn a_set_of_which_a_tenth_is_bad_stops_the_run() {
    let counties = set(&[square(-100.0, "48001", false), square(-90.0, "01001", true)]);
    let (_, ended) = ran(&counties, "1,A,,1,-95,35\n");
    assert_ne!(ended.code, 0);
    ended.says("1 of 2 polygons can't be used, over a tenth of the set; the first: counties.geojson:1: 48001 (n48001)");
}

#[test]
fn codes_are_restored_to_their_digits_or_refused() {
    for (texas, alabama) in [
        ("48001", "1001"),
        ("0500000US48001", "0500000US01001"),
        ("48001.0", "1001.0"),
    ] {
        let (folder, ended) = ran(
            &set(&[square(-100.0, texas, true), square(-90.0, alabama, true)]),
            "1,A,,1,-85,35\n",
        );
        let ended = ended
            .code(0)
            .says("codes of jurisdictions were restored to their digits");
        let county = by_id(&folder.latest().join("layers/points"), "county_fips");
        assert_eq!(county["points:1"].as_deref(), Some("01001"), "{alabama}");
        assert!(
            ended
                .report()
                .jurisdictions
                .iter()
                .any(|set| set.restored_codes > 0)
        );
    }
    let (_, ended) = ran(
        &set(&[square(-100.0, "001", true), square(-90.0, "003", true)]),
        "1,A,,1,-85,35\n",
    );
    ended.says("counties.geojson:1: 001 (n001): `001` should be the 5 digits of a county or county equivalent, a state's first");
}

/// The states end at the shore, the counties don't.
#[test]
fn a_row_with_a_county_has_a_state() {
    let folder = Folder::new();
    folder.points("1,A,,1,-95,45\n2,B,,1,-85,35\n");
    let tall = |west: f64, code: &str| square(west, code, true).replace(",40]", ",50]");
    folder.write(
        "counties.geojson",
        set(&[tall(-100.0, "48001"), tall(-90.0, "01001")]),
    );
    folder.run().code(0);
    let points = folder.latest().join("layers/points");
    assert_eq!(by_id(&points, "state_code")["points:1"].as_deref(), Some("TX"));
    assert_eq!(by_id(&points, "region_code")["points:1"].as_deref(), Some("R06"));
    assert_eq!(
        by_id(&points, "county_name")["points:1"].as_deref(),
        Some("n48001")
    );
}

#[test]
fn sets_that_disagree_are_told_of() {
    let counties = set(&[square(-100.0, "01001", true), square(-90.0, "01003", true)]);
    let (folder, ended) = ran(&counties, "1,A,,1,-95,35\n2,B,,1,-85,35\n");
    assert_eq!(flags(&ended.code(0), "boundaries_disagree"), 1);
    assert_eq!(
        by_id(&folder.latest().join("layers/points"), "state_code")["points:1"].as_deref(),
        Some("TX")
    );
}

/// Polygons of one code are one jurisdiction: a join with the table counts each facility once.
#[test]
fn the_table_of_jurisdictions_has_a_row_per_code() {
    let counties = set(&[
        square(-100.0, "48001", true),
        square(-90.0, "01001", true),
        square(0.0, "01001", true),
    ]);
    let (folder, ended) = ran(&counties, "1,A,,1,-95,35\n");
    ended.code(0);
    let table =
        cikr::geoparquet::read(&folder.latest().join("reference/jurisdictions.parquet"), None).unwrap();
    let text = |name: &str| table.column_by_name(name).unwrap().as_string::<i32>().clone();
    let pairs: Vec<(String, String)> = text("set")
        .iter()
        .zip(text("code").iter())
        .map(|(set, code)| (set.unwrap().to_owned(), code.unwrap().to_owned()))
        .collect();
    let mut once = pairs.clone();
    once.dedup();
    assert_eq!((pairs.len(), once.len()), (4, 4), "{pairs:?}");
}

#[test]
fn points_that_seem_to_be_elsewhere_are_told_with_the_proposal() {
    let folder = Folder::new();
    let field = "\n[[field]]\nname = \"state_code_claimed\"\nfrom = [\"ST\"]\ntype = \"state\"\ndescription = \"state\"\n\n\
                 [[field]]\nname = \"county_name_claimed\"\nfrom = [\"COUNTY\"]\ndescription = \"county\"\n";
    folder.schema("points", "point", "");
    let schema = folder.path().join("schemas/points.toml");
    let text = std::fs::read_to_string(&schema).unwrap() + field;
    std::fs::write(&schema, text).unwrap();
    let good: String = (10..30).map(|id| format!("{id},TX,n48001,-95,35\n")).collect();
    folder.write(
        "points.csv",
        format!("ID,ST,COUNTY,LON,LAT\n{good}") + "1,TX,N48001,-95,35\n2,TX,n-48001 County,95,35\n3,TX,Elsewhere,-95,-35\n4,AL,,-95,35\n5,TX,,0,0\n6,,,0,35\n7,TX,,35,-95\n8,TX,,35,-85\n",
    );
    folder.pipeline("[[layer]]\nid = \"points\"\nsource.csv = { path = \"points.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n");
    let ended = folder.run().code(0);
    // Row 7 is refused as exchanged: its latitude is none.
    assert_eq!(
        ended.layer("points").rejects_by_reason.get("swapped_coordinates"),
        Some(&1)
    );
    let flags = cikr::geoparquet::read(&folder.latest().join("quality/flags/points.parquet"), None).unwrap();
    let text = |name: &str| flags.column_by_name(name).unwrap().as_string::<i32>().clone();
    let (ids, codes, details) = (text("facility_id"), text("flag"), text("detail"));
    let told = |code: &str| -> Vec<(String, String)> {
        let rows = (0..ids.len()).filter(|row| codes.value(*row) == code);
        rows.map(|row| (ids.value(row).to_owned(), details.value(row).to_owned()))
            .collect()
    };
    let pair = |id: &str, detail: &str| (id.to_owned(), detail.to_owned());
    assert_eq!(
        told("misplaced_coordinates"),
        [
            pair("points:2", "in TX as POINT(-95 35): x negated"),
            pair("points:3", "in TX as POINT(-95 35): y negated"),
        ]
    );
    assert_eq!(
        told("zero_coordinate"),
        [pair("points:5", "both coordinates"), pair("points:6", "x")]
    );
    assert_eq!(told("state_mismatch").len(), 5);
    assert_eq!(told("county_spelling"), []);
    assert_eq!(
        rows(&folder.latest().join("layers/points"))
            .iter()
            .map(RecordBatch::num_rows)
            .sum::<usize>(),
        27
    );
}

/// As the dam inventory and the Census Bureau spell them.
#[test]
fn counties_of_another_name_are_told_apart_from_those_spelt_otherwise() {
    let named = |west: f64, code: &str, name: &str| {
        square(west, code, true).replace(&format!("\"n{code}\""), &format!("\"{name}\""))
    };
    let counties = [
        named(-100.0, "48123", "DeWitt"),
        named(-90.0, "29510", "St. Louis city"),
        named(-80.0, "35013", "Doña Ana"),
    ];
    let folder = Folder::new();
    folder.points("").write("counties.geojson", set(&counties));
    folder.schema("points", "point", "");
    let schema = folder.path().join("schemas/points.toml");
    let field =
        "\n[[field]]\nname = \"county_name_claimed\"\nfrom = [\"COUNTY\"]\ndescription = \"county\"\n";
    std::fs::write(&schema, std::fs::read_to_string(&schema).unwrap() + field).unwrap();
    folder.write(
        "points.csv",
        "ID,COUNTY,LON,LAT\n1,DeWitt,-95,35\n2,DE WITT COUNTY,-95,36\n3,Dewey,-95,37\n\
         4,Saint Louis City,-85,35\n5,St. Louis County,-85,36\n6,DONA ANA,-75,35\n7,,-75,36\n8,Nowhere,40,35\n",
    );
    folder.run().code(0);
    let flags = cikr::geoparquet::read(&folder.latest().join("quality/flags/points.parquet"), None).unwrap();
    let text = |name: &str| flags.column_by_name(name).unwrap().as_string::<i32>().clone();
    let (ids, codes, details) = (text("facility_id"), text("flag"), text("detail"));
    let told: Vec<String> = (0..ids.len())
        .filter(|row| codes.value(*row).starts_with("county_"))
        .map(|row| format!("{} {} {}", ids.value(row), codes.value(row), details.value(row)))
        .collect();
    assert_eq!(
        told,
        [
            "points:2 county_spelling DE WITT COUNTY → DeWitt",
            "points:3 county_mismatch Dewey → DeWitt",
            "points:4 county_spelling Saint Louis City → St. Louis city",
            "points:5 county_mismatch St. Louis County → St. Louis city",
            "points:6 county_spelling DONA ANA → Doña Ana",
        ]
    );
}

/// Zero metres are somewhere in the middle of a projection: between the states, here.
#[test]
fn zeros_are_those_of_the_source() {
    let folder = Folder::new();
    folder
        .schema("points", "point", "")
        .write("points.csv", "ID,X,Y\n1,0,1500000\n2,100000,1500000\n3,0,0\n");
    folder.pipeline(
        "[[layer]]\nid = \"points\"\nsource.csv = { path = \"points.csv\", x = \"X\", y = \"Y\", crs = \"EPSG:5070\" }\n",
    );
    folder.run().code(0);
    let flags = cikr::geoparquet::read(&folder.latest().join("quality/flags/points.parquet"), None).unwrap();
    let text = |name: &str| flags.column_by_name(name).unwrap().as_string::<i32>().clone();
    let (ids, codes, values) = (text("facility_id"), text("flag"), text("value"));
    let told: Vec<String> = (0..ids.len())
        .filter(|row| codes.value(*row) == "zero_coordinate")
        .map(|row| format!("{} {}", ids.value(row), values.value(row)))
        .collect();
    assert_eq!(told, ["points:1 POINT(0 1500000)", "points:3 POINT(0 0)"]);
}

#[test]
fn zeros_can_be_said_to_stand_for_nothing() {
    let folder = Folder::new();
    folder.schema("points", "point", "").write(
        "points.csv",
        "ID,LON,LAT\n1,-95,35\n2,0,0\n3,0.000,0.0\n4,-95,NONE\n",
    );
    folder.pipeline(
        "[[layer]]\nid = \"points\"\nsource.csv = { path = \"points.csv\", x = \"LON\", y = \"LAT\", null = [\"0\", \"none\"], crs = \"EPSG:4326\" }\n",
    );
    assert_eq!(
        folder
            .run()
            .code(0)
            .layer("points")
            .rejects_by_reason
            .get("null_geometry"),
        Some(&3)
    );
}

/// An item of a set with any geometry.
fn item(code: &str, geometry: &str) -> String {
    format!(
        r#"{{"type":"Feature","properties":{{"GEOID":"{code}","NAME":"n{code}"}},"geometry":{geometry}}}"#
    )
}

/// Off the shores of Texas, of Alabama and far away, with the counties' nearest polygons at 20 km.
const OFFSHORE: &str = "1,A,,1,-95,35\n2,B,,1,-95,40.05\n3,C,,1,-85,40.05\n4,D,,1,25,40.05\n";

#[test]
fn a_polygon_without_geometry_is_named_and_leaves_its_state_in_doubt() {
    for geometry in ["null", r#"{"type":"Polygon","coordinates":[]}"#] {
        let mut counties = far_away("06");
        counties.extend([
            square(-100.0, "48001", true),
            square(-90.0, "01001", true),
            item("48003", geometry),
        ]);
        let (folder, ended) = ran(&set(&counties), OFFSHORE);
        let ended = ended.code(0).says("counties.geojson:15: 48003 (n48003): ");
        let county = by_id(&folder.latest().join("layers/points"), "county_fips");
        let found = ["1", "2", "3", "4"].map(|id| county[&format!("points:{id}")].clone());
        let expected = [Some("48001"), None, Some("01001"), Some("06100")];
        assert_eq!(found, expected.map(|code| code.map(str::to_owned)), "{geometry}");
        assert_eq!(flags(&ended, "boundary_missing"), 1);
        let set = ended
            .report()
            .jurisdictions
            .into_iter()
            .find(|set| set.id == "county")
            .unwrap();
        assert_eq!((set.polygons, set.unusable_polygons), (14, 1));
    }
}

/// What is no area is counted and named, and hides nothing.
#[test]
fn items_without_an_area_and_frames_around_the_set_hide_nothing() {
    for geometry in [
        r#"{"type":"LineString","coordinates":[[-100,20],[140,60]]}"#,
        r#"{"type":"Point","coordinates":[-95,40.05]}"#,
        r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[-95,40.05]},{"type":"LineString","coordinates":[[-100,20],[140,60]]}]}"#,
        r#"{"type":"Polygon","coordinates":[[[-180,-90],[180,90],[-180,-90]]]}"#,
    ] {
        let mut counties = far_away("06");
        counties.extend([
            square(-100.0, "48001", true),
            square(-90.0, "01001", true),
            item("48003", geometry),
        ]);
        let (folder, ended) = ran(&set(&counties), OFFSHORE);
        let county = by_id(&folder.latest().join("layers/points"), "county_fips");
        let found = ["1", "2", "3", "4"].map(|id| county[&format!("points:{id}")].clone());
        let expected = ["48001", "48001", "01001", "06100"];
        assert_eq!(found, expected.map(|code| Some(code.to_owned())), "{geometry}");
        let ended = ended.code(0);
        assert_eq!(flags(&ended, "boundary_missing"), 0, "{geometry}");
        let set = ended
            .report()
            .jurisdictions
            .into_iter()
            .find(|set| set.id == "county")
            .unwrap();
        assert_eq!(set.unusable_polygons, 1, "{geometry}");
    }
}

#[test]
fn polygons_are_taken_out_of_collections() {
    let ring = "[[[-100,30],[-90,30],[-90,40],[-100,40],[-100,30]]]";
    let collection = format!(
        r#"{{"type":"GeometryCollection","geometries":[{{"type":"Point","coordinates":[-95,35]}},{{"type":"LineString","coordinates":[[-100,30],[-90,30]]}},{{"type":"GeometryCollection","geometries":[{{"type":"Point","coordinates":[0,0]}}]}},{{"type":"Polygon","coordinates":{ring}}}]}}"#
    );
    let (folder, ended) = ran(
        &set(&[item("48001", &collection), square(-90.0, "01001", true)]),
        "1,A,,1,-95,35\n",
    );
    let set = ended
        .code(0)
        .report()
        .jurisdictions
        .into_iter()
        .find(|set| set.id == "county")
        .unwrap();
    assert_eq!((set.polygons, set.unusable_polygons), (2, 0));
    let county = by_id(&folder.latest().join("layers/points"), "county_fips");
    assert_eq!(county["points:1"].as_deref(), Some("48001"));
}

/// The state's polygon is left out, and the county's says in which state it is.
#[test]
fn a_county_has_the_state_whose_polygon_is_bad() {
    let folder = Folder::new();
    folder.points("1,A,,1,-95,35\n");
    let fips = ["02", "04", "05", "06", "08", "09", "10", "11", "12", "13", "15"];
    let mut states: Vec<String> = (0..11)
        .map(|n| square(20.0 + f64::from(n) * 10.0, fips[n as usize], true))
        .collect();
    states.push(square(-100.0, "48", false));
    folder.write("states.geojson", set(&states));
    let ended = folder.run().code(0);
    let points = folder.latest().join("layers/points");
    assert_eq!(by_id(&points, "state_code")["points:1"].as_deref(), Some("TX"));
    assert_eq!(flags(&ended, "boundary_missing"), 0);
}

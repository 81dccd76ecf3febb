//! What sources claim of where their rows lie, held against real intersections and against what the sets have.

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;

use crate::program::{Folder, by_id, rows};

/// Fields of a claimed state and county.
const CLAIMS: &str = "\n[[field]]\nname = \"state_code_claimed\"\nfrom = [\"ST\"]\ntype = \"state\"\ndescription = \"state\"\n\n\
                      [[field]]\nname = \"county_name_claimed\"\nfrom = [\"COUNTY\"]\ndescription = \"county\"\n";

/// A schema `points` of this geometry with claims.
fn folder(geometry: &str) -> Folder {
    let folder = Folder::new();
    folder.schema("points", geometry, "");
    let schema = std::fs::read_to_string(folder.path().join("schemas/points.toml")).unwrap();
    folder.write("schemas/points.toml", schema + CLAIMS);
    folder
}

/// A square of a set, ten degrees wide.
fn square(west: f64, south: f64, code: &str, name: &str) -> String {
    let (east, north) = (west + 10.0, south + 10.0);
    format!(
        r#"{{"type":"Feature","properties":{{"GEOID":"{code}","NAME":"{name}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"#
    )
}

fn set(features: &[String]) -> String {
    format!(
        r#"{{"type":"FeatureCollection","features":[{}]}}"#,
        features.join(",")
    )
}

/// A truth by facility id, null as none.
fn truths(folder: &Folder, column: &str) -> Vec<(String, Option<bool>)> {
    let of = |batch: RecordBatch| -> Vec<(String, Option<bool>)> {
        let ids = batch.column_by_name("facility_id").unwrap().as_string::<i32>();
        let values = batch.column_by_name(column).unwrap().as_boolean();
        let pairs = ids.iter().zip(values.iter());
        pairs
            .map(|(id, value)| (id.unwrap().replace("points:", ""), value))
            .collect()
    };
    let mut all: Vec<(String, Option<bool>)> = rows(&folder.latest().join("layers/points"))
        .into_iter()
        .flat_map(of)
        .collect();
    all.sort();
    all
}

const CSV: &str = "[[layer]]\nid = \"points\"\nsource.csv = { path = \"points.csv\", x = \"LON\", y = \"LAT\", crs = \"EPSG:4326\" }\n";

/// The state comes from the county where the set of states has none of its state.
#[test]
fn a_county_has_a_state_that_the_states_lack() {
    let folder = folder("point");
    folder.pipeline(CSV);
    let counties = [
        square(-100.0, 30.0, "48001", "Anderson"),
        square(-90.0, 30.0, "01001", "Autauga"),
        square(-70.0, 10.0, "72147", "Vieques"),
    ];
    folder.write("counties.geojson", set(&counties));
    // Guam is in no set; what lies in a polygon of Texas is surely not there, and what is near one may be.
    folder.write(
        "points.csv",
        "ID,ST,COUNTY,LON,LAT\n1,TX,Anderson,-95,35\n2,PR,Vieques,-65,15\n3,TX,,-65,15\n4,GU,,144,13\n5,GU,,-95,35\n\
         6,GU,,-95,40.05\n7,PR,,-95,35\n8,TX,,-60,50\n9,,,144,13\n",
    );
    folder.run().code(0);
    let points = folder.latest().join("layers/points");
    let of = |column: &str, id: &str| by_id(&points, column)[&format!("points:{id}")].clone();
    assert_eq!(of("state_code", "2").as_deref(), Some("PR"));
    assert_eq!(of("state_fips", "2").as_deref(), Some("72"));
    assert_eq!(of("region_code", "2").as_deref(), Some("R02"));
    assert_eq!(of("county_fips", "2").as_deref(), Some("72147"));
    let expected = [
        ("1", Some(false)),
        ("2", Some(false)),
        ("3", Some(true)),
        ("4", None),
        ("5", Some(true)),
        ("6", None),
        ("7", Some(true)),
        ("8", Some(true)),
        ("9", None),
    ];
    assert_eq!(
        truths(&folder, "is_state_mismatch"),
        expected.map(|(id, is)| (id.to_owned(), is))
    );
}

/// What the counties lack can't be missed there.
#[test]
fn a_county_that_the_set_lacks_is_no_mismatch_but_in_another() {
    let folder = folder("point");
    folder.pipeline(CSV);
    folder.write(
        "points.csv",
        "ID,COUNTYFIPS,LON,LAT\n1,48001,-95,35\n2,72147,-65,15\n3,72147,-95,35\n4,48001,-85,35\n5,48001,-65,15\n",
    );
    folder.run().code(0);
    let found: Vec<Option<bool>> = truths(&folder, "is_county_mismatch")
        .into_iter()
        .map(|(_, is)| is)
        .collect();
    assert_eq!(found, [Some(false), None, Some(true), Some(true), Some(true)]);
}

/// A layer of these shapes, all of which claim Texas, the square from -100 to -90; Alabama's is to the east of it.
fn shapes(geometry: &str, shapes: &[&str]) -> Folder {
    let folder = folder(geometry);
    folder.pipeline("[[layer]]\nid = \"points\"\nsource.geojson = { path = \"shapes.geojson\" }\n");
    folder.write(
        "counties.geojson",
        set(&[
            square(-100.0, 30.0, "48001", "Anderson"),
            square(-90.0, 30.0, "01001", "Autauga"),
        ]),
    );
    let feature = |(id, shape): (usize, &&str)| {
        format!(
            r#"{{"type":"Feature","properties":{{"ID":"{id}","ST":"TX","COUNTY":"Anderson","COUNTYFIPS":"48001"}},"geometry":{shape}}}"#
        )
    };
    let features: Vec<String> = shapes.iter().enumerate().map(feature).collect();
    folder.write("shapes.geojson", set(&features));
    folder.run().code(0);
    folder
}

#[test]
fn lines_and_surfaces_are_where_they_touch() {
    let lines = shapes(
        "line",
        &[
            // It starts in the claimed state; it crosses it between two vertices; it is in Alabama alone; its box alone touches.
            r#"{"type":"LineString","coordinates":[[-90.1,35],[-81,35]]}"#,
            r#"{"type":"LineString","coordinates":[[-101,29],[-95,31],[-80,29],[-80,45],[-81,45],[-82,29.5]]}"#,
            r#"{"type":"LineString","coordinates":[[-89,35],[-81,35]]}"#,
            r#"{"type":"LineString","coordinates":[[-91,29],[-85,29],[-85,39]]}"#,
            r#"{"type":"MultiLineString","coordinates":[[[-89,35],[-81,35]],[[-101,35],[-95,29]]]}"#,
        ],
    );
    let expected = [false, false, true, true, false];
    for column in ["is_state_mismatch", "is_county_mismatch"] {
        let found: Vec<Option<bool>> = truths(&lines, column).into_iter().map(|(_, is)| is).collect();
        assert_eq!(found, expected.map(Some), "{column} of lines");
    }
    let surfaces = shapes(
        "polygon",
        &[
            // An L around the corner of the claimed state; one that crosses it without a vertex in it; one that holds it.
            r#"{"type":"Polygon","coordinates":[[[-91,28],[-84,28],[-84,38],[-88,38],[-88,29],[-91,29],[-91,28]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[-101,34],[-85,34],[-85,35],[-101,35],[-101,34]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[-101,20],[-60,20],[-60,45],[-101,45],[-101,20]]]}"#,
            r#"{"type":"Polygon","coordinates":[[[-101,29],[-89,29],[-89,41],[-101,41],[-101,29]],[[-100.5,29.5],[-89.5,29.5],[-89.5,40.5],[-100.5,40.5],[-100.5,29.5]]]}"#,
        ],
    );
    let found: Vec<Option<bool>> = truths(&surfaces, "is_state_mismatch")
        .into_iter()
        .map(|(_, is)| is)
        .collect();
    assert_eq!(found, [true, false, false, true].map(Some));
}

/// As agencies spell them, against the set's own names.
#[test]
fn counties_spelt_otherwise_are_none_others() {
    let names = [
        (
            "01115",
            "St. Clair",
            "Saint Clair|ST CLAIR COUNTY|St.Clair Co.|St. Clair County, Alabama",
            "Clay",
        ),
        (
            "48123",
            "DeWitt",
            "De Witt|DEWITT|De Witt, TX|DeWitt County (Texas)",
            "DeWitt, CA",
        ),
        (
            "35013",
            "Doña Ana",
            "Dona Ana|DONA ANA COUNTY|Don\u{303}a Ana",
            "Grant",
        ),
        (
            "22059",
            "LaSalle Parish",
            "La Salle|LA SALLE PARISH|LaSalle",
            "Lafourche",
        ),
        (
            "24033",
            "Prince George's",
            "Prince Georges|PRINCE GEORGE’S COUNTY",
            "St. George's",
        ),
        (
            "02020",
            "Anchorage Borough",
            "Municipality of Anchorage|Anchorage|ANCHORAGE MUNICIPALITY",
            "Juneau",
        ),
        (
            "51760",
            "Richmond city",
            "Richmond City|RICHMOND|City of Richmond",
            "Richmond County",
        ),
        (
            "06059",
            "Orange",
            "Orange, CA|Orange County, California|ORANGE CO.",
            "Orange County, Florida",
        ),
    ];
    let west = |at: usize| -170.0 + 10.0 * at as f64;
    let folder = folder("point");
    folder.pipeline(CSV);
    let counties: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(at, (code, name, ..))| square(west(at), 30.0, code, name))
        .collect();
    folder.write("counties.geojson", set(&counties));
    let mut csv = "ID,ST,COUNTY,LON,LAT\n".to_owned();
    let mut expected = Vec::new();
    for (at, (code, _, same, other)) in names.iter().enumerate() {
        let lon = west(at) + 5.0;
        for (n, name) in same.split('|').enumerate() {
            csv += &format!("{code}-{n},,\"{name}\",{lon},35\n");
            expected.push((format!("{code}-{n}"), Some(false)));
        }
        csv += &format!("{code}-x,,\"{other}\",{lon},35\n");
        expected.push((format!("{code}-x"), Some(true)));
    }
    expected.sort();
    folder.write("points.csv", csv).run().code(0);
    assert_eq!(truths(&folder, "is_county_mismatch"), expected);
}

/// A column by facility, in the order of ids.
fn texts(folder: &Folder, column: &str) -> Vec<String> {
    let points = by_id(&folder.latest().join("layers/points"), column);
    points.into_values().map(Option::unwrap_or_default).collect()
}

/// Codes and names of another vintage than the boundaries', which are of 2009 here but for Oglala Lakota.
#[test]
fn counties_of_another_vintage_are_understood() {
    let folder = folder("point");
    folder.pipeline(CSV);
    let counties = [
        square(-170.0, 30.0, "02275", "Wrangell City and Borough"),
        square(-160.0, 30.0, "02270", "Wade Hampton Census Area"),
        square(-150.0, 30.0, "08013", "Boulder"),
        square(-140.0, 30.0, "08014", "Broomfield"),
        square(-130.0, 30.0, "46102", "Oglala Lakota"),
        square(-120.0, 30.0, "51019", "Bedford County"),
        square(-110.0, 30.0, "51515", "Bedford city"),
    ];
    folder.write("counties.geojson", set(&counties));
    let rows = [
        // Older than the set; newer than it; through a sibling.
        ("02280", "", -165, "agrees_by_succession"),
        ("", "WRANGELL-PETERSBURG", -165, "agrees_by_succession"),
        ("02195", "", -165, "disagrees"),
        ("02158", "Kusilvak Census Area", -155, "agrees_by_succession"),
        ("02158", "Nome", -155, "disagrees"),
        ("02270", "", -155, "agrees"),
        // Broomfield was in Boulder; nothing of Boulder was in Broomfield.
        ("08013", "Broomfield", -135, "agrees_by_succession"),
        ("08014", "", -145, "disagrees"),
        ("", "Broomfield", -145, "disagrees"),
        ("46113", "SHANNON", -125, "agrees_by_succession"),
        ("46102", "Shannon County, SD", -125, "agrees_by_succession"),
        // The set is of before the two became one.
        ("51515", "", -115, "disagrees"),
        ("", "Bedford City", -115, "disagrees"),
        ("", "", -115, "absent"),
        ("46113", "", 20, "absent"),
    ];
    let mut csv = "ID,ST,COUNTYFIPS,COUNTY,LON,LAT\n".to_owned();
    for (at, (code, name, lon, _)) in rows.iter().enumerate() {
        csv += &format!("{at:02},,{code},\"{name}\",{lon},35\n");
    }
    let report = folder.write("points.csv", csv).run().code(0).report();
    assert_eq!(
        texts(&folder, "county_claim"),
        rows.map(|(.., claim)| claim.to_owned())
    );
    let mismatches: Vec<Option<bool>> = truths(&folder, "is_county_mismatch")
        .into_iter()
        .map(|(_, is)| is)
        .collect();
    let expected = rows.map(|(.., claim)| (claim != "absent").then_some(claim == "disagrees"));
    assert_eq!(mismatches, expected);
    let counted = |claim: &str| rows.iter().filter(|(.., told)| *told == claim).count() as u64;
    let located = report.layers[0].located;
    assert_eq!(located.county_mismatch, counted("disagrees"));
    assert_eq!(located.county_succession, counted("agrees_by_succession"));
    for page in ["README.md", "report.html"] {
        let text = std::fs::read_to_string(folder.latest().join(page)).unwrap();
        assert!(text.contains("(reference/county_successions): 6."), "{page}");
    }
}

/// A line that touches Oglala Lakota may still call it Shannon.
#[test]
fn a_line_may_claim_a_county_of_another_vintage_that_it_touches() {
    let folder = folder("line");
    folder.pipeline("[[layer]]\nid = \"points\"\nsource.geojson = { path = \"lines.geojson\" }\n");
    let counties = [
        square(-100.0, 30.0, "46071", "Jackson"),
        square(-90.0, 30.0, "46102", "Oglala Lakota"),
    ];
    folder.write("counties.geojson", set(&counties));
    let line = |id: u32, west: i32| {
        format!(
            r#"{{"type":"Feature","properties":{{"ID":"{id}","COUNTYFIPS":"46113"}},"geometry":{{"type":"LineString","coordinates":[[{west},35],[-91,36],[{},35]]}}}}"#,
            if id == 1 { -89 } else { -92 }
        )
    };
    folder.write("lines.geojson", set(&[line(1, -99), line(2, -99)]));
    folder.run().code(0);
    assert_eq!(
        texts(&folder, "county_claim"),
        ["agrees_by_succession", "disagrees"]
    );
}

/// The table of the pipeline's own folder stands for the shipped one.
#[test]
fn a_folder_of_references_may_bring_its_own_successions() {
    let folder = folder("point");
    folder.pipeline(CSV);
    let table = "schemas/reference/county_successions.csv";
    let header = "from_fips,from_name,to_fips,to_name,effective_date,kind,source\n";
    folder.write(
        "points.csv",
        "ID,COUNTYFIPS,LON,LAT\n1,48999,-95,35\n2,46113,-95,35\n",
    );
    folder.write(
        table,
        format!("{header}48999,Old,48001,Anderson,1999,renamed,test\n"),
    );
    folder.run().code(0);
    assert_eq!(
        texts(&folder, "county_claim"),
        ["agrees_by_succession", "disagrees"]
    );
    let written = folder.latest().join("reference/county_successions.parquet");
    assert_eq!(cikr::geoparquet::read(&written, None).unwrap().num_rows(), 1);
    folder.write(
        table,
        format!("{header}48999,Old,48999,Anderson,in 1999,became,test\n"),
    );
    folder
        .run()
        .code(3)
        .says("`became` is not a kind of succession")
        .says("`in 1999` is not a year or a date")
        .says("a code doesn't follow itself");
}

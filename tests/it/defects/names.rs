//! Columns whose names meet, and names that name nothing.

use super::{field, prepared, ran};

#[test]
fn the_exact_name_is_taken_before_one_that_differs_in_case() {
    let rows = "ID,id,Id,Name,NAME,LON,LAT\n1,x,a,lower,UPPER,-95,35\n2,x,b,lower,UPPER,-95.1,35\n";
    let ran = ran(
        &(field("name", "\"NAME\"", "") + &field("other_id", "\"Id\"", "")),
        rows,
    );
    assert_eq!(
        ran.values("facility_id"),
        ["things:1", "things:2"],
        "ID and not id, whose values repeat"
    );
    assert_eq!(ran.values("name"), ["UPPER", "UPPER"]);
    assert_eq!(ran.values("other_id"), ["a", "b"]);
}

#[test]
fn a_name_in_another_case_serves_where_no_name_is_exact() {
    let ran = ran(&field("name", "\"NAME\"", ""), "id,Name,lon,lat\n1,A,-95,35\n");
    assert_eq!(
        (ran.values("facility_id"), ran.values("name")),
        (vec!["things:1".into()], vec!["A".into()])
    );
}

#[test]
fn repeated_headers_are_told_apart_by_position() {
    let fields = field("name", "\"NAME\"", "") + &field("second_name", "\"NAME_2\"", "");
    let ran = ran(&fields, "ID,NAME,NAME,LON,LAT\n1,first,second,-95,35\n");
    assert_eq!(
        (ran.values("name"), ran.values("second_name")),
        (vec!["first".into()], vec!["second".into()])
    );
}

/// The urgent care file of 2020: metres in the first pair of X and Y, degrees in the second.
#[test]
fn of_two_pairs_of_coordinates_the_pipeline_names_one() {
    let csv = "X,Y,ID,X,Y\n-10575351.6,4163881.1,1,-95.0,35.0\n";
    for (x, y, crs) in [("X", "Y", "EPSG:3857"), ("X_2", "Y_2", "EPSG:4326")] {
        let folder = prepared("", "\n[sector]\ncode = \"HLPH\"\n", csv);
        folder.pipeline(&format!("[[layer]]\nid = \"things\"\nsource.csv = {{ path = \"things.csv\", x = \"{x}\", y = \"{y}\", crs = \"{crs}\" }}\n"));
        assert_eq!(
            folder.run().code(0).layer("things").rows_by_state,
            [("TX".to_owned(), 1)].into(),
            "{x}"
        );
    }
}

#[test]
fn a_name_that_says_there_is_none_stays_and_is_told() {
    let ran = ran(
        &field("name", "\"NAME\"", "null = [\"NOT AVAILABLE\"]"),
        "ID,NAME,LON,LAT\n1,UNKNOWN107655,-95,35\n2,TAP12,-95.1,35\n3,Unnamed,-95.2,35\n4,UNKNOWN SOLDIER CLINIC,-95.3,35\n5,TBD 7,-95.4,35\n6,NOT AVAILABLE,-95.5,35\n",
    );
    assert_eq!(ran.values("name")[..2], ["UNKNOWN107655", "TAP12"]);
    let told = |row: u8, name: &str| format!("{row} | name | {name} | placeholder_name | ");
    assert_eq!(
        ran.flags(),
        [told(1, "UNKNOWN107655"), told(3, "Unnamed"), told(5, "TBD 7")]
    );
}

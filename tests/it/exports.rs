//! The shipped schemas on layers as several exporters write them. Every value is synthetic.

use std::fs;

use crate::program::{Ended, Folder, ROOT, by_id};

/// Runs one layer by its shipped schema; `source` is how its `export.csv` is read.
fn ran(layer: &str, source: &str, export: &str) -> (Folder, Ended) {
    let folder = Folder::new();
    folder.write("export.csv", export);
    folder.pipeline(&format!(
        "[[layer]]\nid = \"{layer}\"\nsource.csv = {{ path = \"export.csv\", crs = \"EPSG:4326\", {source} }}\n"
    ));
    let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
    folder.write(
        "pipeline.toml",
        text.replace("\"schemas\"", &format!("\"{ROOT}/schemas\"")),
    );
    let ended = folder.run();
    (folder, ended)
}

/// The values of some columns of every facility, by its id.
fn facilities(folder: &Folder, layer: &str, columns: &[&str]) -> Vec<String> {
    let tiles = folder.latest().join("layers").join(layer);
    let columns: Vec<_> = columns.iter().map(|column| by_id(&tiles, column)).collect();
    let Some(first) = columns.first() else {
        return vec![];
    };
    let row = |id: &String| {
        let values = columns
            .iter()
            .map(|column| column[id].clone().unwrap_or_else(|| "-".to_owned()));
        format!("{id}: {}", values.collect::<Vec<_>>().join(" | "))
    };
    first.keys().map(row).collect()
}

/// A line with the date stands above its header, codes are written out, and one number has several structures.
#[test]
fn the_dam_inventory_is_read_as_it_exports_itself() {
    let export = "Data Last Updated:,11/02/2026\n\
        Dam Name,NID ID,Latitude,Longitude,State,County,Primary Owner Type,Primary Dam Type,Purposes,Hazard Potential Classification,Data Last Updated,\"NID Storage (Acre-Ft)\"\n\
        Long Dam,TX10148,35.7077,-95.1567,Texas,Anywhere,Federal,Gravity,Hydroelectric;Irrigation,High,9/30/2025,\"1,120,200\"\n\
        Long Dam - Left Wing Dam,TX10148,35.7079,-95.1501,Texas,Anywhere,Federal,Earth;Rockfill,Flood Risk Reduction,High,9/30/2025,\n\
        Tip Top,TX00001,35.5,-95.4,Texas,Anywhere,Not Listed,Earth,Tailings,Undetermined,,12\n";
    let (folder, ended) = ran(
        "dams",
        "x = \"Longitude\", y = \"Latitude\", header-row = 2",
        export,
    );
    ended.code(0);
    let columns = [
        "name",
        "state_code_claimed",
        "owner_type_name",
        "dam_type_name",
        "hazard_name",
        "subsector",
        "source_date",
    ];
    assert_eq!(
        facilities(&folder, "dams", &columns),
        [
            "dams:TX00001: Tip Top | TX | Not listed | Earth | Undetermined | Tailings | -",
            "dams:TX10148/Long Dam: Long Dam | TX | Federal | Gravity | High | Hydropower | 2025-09-30",
            "dams:TX10148/Long Dam - Left Wing Dam: Long Dam - Left Wing Dam | TX | Federal | Earth, Rockfill | High | Dams | 2025-09-30",
        ]
    );
}

/// Letters in the place of words, as in the table of 2018.
#[test]
fn the_dam_inventory_is_read_in_its_classic_columns() {
    let export = "nidid,dam_name,latitude,longitude,state,county,owner_type,dam_type,purposes,hazard,submit_date\n\
        TX10148,LONG DAM,35.7077,-95.1567,TX,ANYWHERE,F,PGER,HCI,H,23-JUL-18\n\
        TX00001,TIP TOP,35.5,-95.4,TX,ANYWHERE,LP,RE,T,L,23-JUL-18\n";
    let (folder, ended) = ran("dams", "x = \"longitude\", y = \"latitude\"", export);
    ended.code(0);
    assert_eq!(
        facilities(
            &folder,
            "dams",
            &["owner_type_name", "dam_type_name", "subsector", "source_date"]
        ),
        [
            "dams:TX00001: Local government, Private | Earth | Tailings | 2018-07-23",
            "dams:TX10148: Federal | Gravity, Rockfill | Hydropower | 2018-07-23",
        ]
    );
}

/// Locks and dams stand among the docks; ports abroad, mileposts and open water are no facilities here.
#[test]
fn docks_are_docks() {
    let export = "NAV_UNIT_ID,NAV_UNIT_NAME,FAC_TYPE,STATE,COUNTY_FIPS_CODE,LATITUDE,LONGITUDE\n\
        1,Grain Wharf,Dock,LA,071,29.9,-90.1\n2,Old River Lock,Lock and/or Dam,LA,125,31.0,-91.7\n\
        3,Mile 12,Milepoint,LA,071,29.8,-90.0\n4,Rotterdam,Foreign Port,,,51.9,4.5\n";
    let (folder, ended) = ran("docks", "x = \"LONGITUDE\", y = \"LATITUDE\"", export);
    let ended = ended.code(0);
    assert_eq!(
        facilities(&folder, "docks", &["name", "sector_code", "state_code_claimed"]),
        [
            "docks:1: Grain Wharf | TRAN | LA",
            "docks:2: Old River Lock | DAMS | LA"
        ]
    );
    assert_eq!(ended.layer("docks").rejects_by_reason.get("excluded"), Some(&2));
}

/// Some copies of the plants call the state's column otherwise.
#[test]
fn power_plants_name_their_state_in_two_ways() {
    for column in ["State", "StateName"] {
        let export = format!(
            "Plant_Code,Plant_Name,{column},PrimSource,Period,Latitude,Longitude\n1,Bee,Texas,nuclear,202305,31,-97\n"
        );
        let (folder, ended) = ran("power_plants", "x = \"Longitude\", y = \"Latitude\"", &export);
        ended.code(0);
        let facilities = facilities(&folder, "power_plants", &["state_code_claimed", "sector_code"]);
        assert_eq!(facilities, ["power_plants:1: TX | NUCL"]);
    }
}

//! `cikr inspect`: the tree of a tile as its own bytes have it.

use cikr::geoparquet::{page_boxes, read_footer};
use serde_json::Value;

use super::{a_tile, released};

#[test]
fn the_tree_is_that_of_the_file() {
    let folder = released();
    let tile = a_tile(&folder, "points");
    let told = folder
        .cikr(&["inspect", tile.to_str().unwrap(), "--format", "json"])
        .code(0);
    let found: Value = serde_json::from_str(&told.stdout).unwrap();
    let footer = read_footer(&tile).unwrap();
    assert_eq!(found["rows"].as_u64().unwrap(), footer.rows);
    assert_eq!(
        found["row_groups"]["nodes"].as_u64().unwrap(),
        footer.row_groups.len() as u64
    );
    let boxes: Vec<[f32; 4]> = serde_json::from_value(found["pages"]["boxes"].clone()).unwrap();
    assert_eq!(boxes, page_boxes(&tile).unwrap());
    assert_eq!(found["pages"]["rows"]["median"].as_f64(), Some(10.0));
    assert!(
        found["pages"]["fill"].as_f64().unwrap() > 0.8,
        "{}",
        found["pages"]["fill"]
    );
    assert!(
        found["pages"]["overlap"].as_f64().unwrap() < 0.01,
        "Sort-Tile-Recursive leaves hardly overlap"
    );
    let columns = found["columns"].as_array().unwrap();
    let names: Vec<&str> = columns
        .iter()
        .map(|column| column["column"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"bbox.xmin") && names.contains(&"sector_also.list.item"),
        "{names:?}"
    );
    let bytes: u64 = columns
        .iter()
        .map(|column| column["bytes"].as_u64().unwrap())
        .sum();
    let all = found["bytes"].as_u64().unwrap();
    let beside = found["footer_bytes"].as_u64().unwrap() + found["page_index_bytes"].as_u64().unwrap();
    assert!(
        bytes + beside <= all && bytes + beside + 64 > all,
        "{bytes} and {beside} of {all}"
    );
    let xmin = columns
        .iter()
        .find(|column| column["column"] == "bbox.xmin")
        .unwrap();
    assert!(
        xmin["encodings"]
            .as_array()
            .unwrap()
            .contains(&"BYTE_STREAM_SPLIT".into()),
        "{xmin}"
    );
    let share = &found["window"]["share_of_bytes"];
    assert!(share["least"].as_f64() <= share["median"].as_f64() && share["greatest"].as_f64() < Some(1.0));
    let text = folder.cikr(&["inspect", tile.to_str().unwrap()]).code(0).stdout;
    for word in [
        "row groups",
        "pages",
        "overlap",
        "encodings",
        "a window of 1 %",
        "GeoParquet 1.1.0: Point",
    ] {
        assert!(text.contains(word), "`{word}` is not in:\n{text}");
    }
}

#[test]
fn what_is_no_tile_is_told_by_its_name() {
    let folder = released();
    folder.write("page.parquet", "<html>not found</html>");
    folder
        .cikr(&["inspect", "page.parquet"])
        .code(6)
        .says("page.parquet");
    folder
        .cikr(&["inspect", "absent.parquet"])
        .code(6)
        .says("absent.parquet");
    folder.cikr(&["inspect", "."]).code(6);
    let table = folder.latest().join("reference/sectors.parquet");
    let told = folder.cikr(&["inspect", table.to_str().unwrap()]).code(0).stdout;
    assert!(
        told.contains("no GeoParquet") && told.contains("no boxes"),
        "{told}"
    );
}

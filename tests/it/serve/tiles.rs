//! Vector tiles: from archives where the release has them, else made of its rows, and the same.

use std::fs;
use std::io::Read;
use std::sync::OnceLock;

use flate2::read::MultiGzDecoder;
use serde_json::json;

use super::http::{Reply, Served, link, path_of};
use super::shared;
use crate::program::Folder;
use crate::query::released;

/// The same rows with archives.
fn mapped() -> &'static (Folder, Served) {
    static MAPPED: OnceLock<(Folder, Served)> = OnceLock::new();
    MAPPED.get_or_init(|| {
        let folder = released();
        let text = fs::read_to_string(folder.path().join("pipeline.toml")).unwrap();
        folder.write(
            "pipeline.toml",
            text.replacen("[output]\n", "[output]\nmap = true\n", 1),
        );
        folder.run().code(0);
        let served = Served::start(folder.path(), &[]);
        (folder, served)
    })
}

/// Tiles around the middle of the rows, zoom by zoom.
fn some_tiles() -> Vec<[u32; 3]> {
    let mut tiles = vec![];
    for zoom in 0..=14_u32 {
        let across = f64::from(1_u32 << zoom);
        for (longitude, latitude) in [(-95.3_f64, 34.2_f64), (-88.1, 36.4)] {
            let x = (longitude + 180.0) / 360.0 * across;
            let y = (1.0 - latitude.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * across;
            tiles.push([zoom, x as u32, y as u32]);
        }
    }
    tiles
}

fn plain(reply: &Reply) -> Vec<u8> {
    if reply.header("content-encoding") != Some("gzip") {
        return reply.body.clone();
    }
    let mut plain = Vec::new();
    MultiGzDecoder::new(&reply.body[..])
        .read_to_end(&mut plain)
        .unwrap();
    plain
}

#[test]
fn tiles_that_are_made_are_those_of_archives() {
    let made = &shared().1;
    let (_, archived) = mapped();
    let mut found = 0;
    for layer in ["points", "wires", "areas", "facilities"] {
        for [zoom, x, y] in some_tiles() {
            let path = format!("/tiles/{layer}/{zoom}/{x}/{y}.mvt");
            let [one, other] = [made, archived].map(|served| served.ask(&path, &["Accept-Encoding: gzip"]));
            assert_eq!(one.status, other.status, "{path}: {}", one.text());
            assert!([200, 204].contains(&one.status), "{path}");
            let [one_bytes, other_bytes] = [plain(&one), plain(&other)];
            if ["points", "facilities"].contains(&layer) {
                assert!(one_bytes == other_bytes, "{path}");
            }
            // Shapes are cut in another order, and a corner on a tile's side may stand there once more.
            let [less, more] = [
                one_bytes.len().min(other_bytes.len()),
                one_bytes.len().max(other_bytes.len()),
            ];
            assert!(more - less <= 8 + more / 20, "{path}: {less} and {more} bytes");
            found += usize::from(one.status == 200);
        }
    }
    assert!(found > 40, "{found} tiles");
}

#[test]
fn a_tile_has_its_type_its_mark_and_is_unpacked_for_who_asks_so() {
    for served in [&shared().1, &mapped().1] {
        let path = "/tiles/points/4/3/6.mvt";
        let packed = served.ask(path, &["Accept-Encoding: gzip, deflate"]);
        assert_eq!(
            packed.header("content-type"),
            Some("application/vnd.mapbox-vector-tile")
        );
        assert_eq!(packed.header("content-encoding"), Some("gzip"));
        let unpacked = served.get(path);
        assert_eq!(unpacked.header("content-encoding"), None);
        assert!(unpacked.body == plain(&packed));
        let etag = packed.header("etag").unwrap();
        assert_ne!(Some(etag), unpacked.header("etag"));
        let same = served.ask(
            path,
            &["Accept-Encoding: gzip", &format!("If-None-Match: {etag}")],
        );
        assert_eq!(same.status, 304);
        // Row before column, as OGC API – Tiles has it.
        let ogc = served.get("/collections/points/tiles/WebMercatorQuad/4/6/3");
        assert!(ogc.body == unpacked.body);
        assert_eq!(
            served.get("/tiles/points/4/0/0.mvt").status,
            204,
            "nothing is there"
        );
    }
}

#[test]
fn tilejson_and_tile_sets_lead_to_the_tiles() {
    for served in [&shared().1, &mapped().1] {
        let told = served.json("/tiles/points.json");
        assert_eq!(
            (&told["tilejson"], &told["maxzoom"]),
            (&json!("3.0.0"), &json!(14))
        );
        assert_eq!(told["vector_layers"][0]["id"], "points");
        assert_eq!(told["vector_layers"][0]["fields"]["beds"], "Number");
        let template = told["tiles"][0].as_str().unwrap();
        let path = path_of(template)
            .replace("{z}", "4")
            .replace("{x}", "3")
            .replace("{y}", "6");
        assert_eq!(served.get(&path).status, 200, "{template}");
        let sets = served.json("/collections/points/tiles");
        let set = served.json(path_of(link(&sets["tilesets"][0], "self").unwrap()));
        let template = link(&set, "item").unwrap();
        let path = path_of(template)
            .replace("{tileMatrix}", "4")
            .replace("{tileRow}", "6")
            .replace("{tileCol}", "3");
        assert_eq!(served.get(&path).status, 200, "{template}");
        let scheme = link(&set, "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme").unwrap();
        let scheme = served.json(path_of(scheme));
        assert_eq!(scheme["tileMatrices"].as_array().unwrap().len(), 15);
        let denominator = scheme["tileMatrices"][0]["scaleDenominator"].as_f64().unwrap();
        assert!(
            (denominator - 559_082_264.028_717_8).abs() < 1e-3,
            "{denominator}"
        );
        assert_eq!(served.get("/tileMatrixSets").status, 200);
    }
}

#[test]
fn what_is_no_tile_is_told() {
    let served = &shared().1;
    for (path, status) in [
        ("/tiles/points/15/0/0.mvt", 404),
        ("/tiles/points/4/16/0.mvt", 404),
        ("/tiles/points/4/0/16.mvt", 404),
        ("/tiles/points/-1/0/0.mvt", 400),
        ("/tiles/points/a/0/0.mvt", 400),
        ("/tiles/points/4/3/6.png", 400),
        ("/tiles/points/4/3/99999999999999999999.mvt", 400),
        ("/tiles/none/4/3/6.mvt", 404),
        ("/tiles/..%2f..%2fx/4/3/6.mvt", 404),
        ("/tiles/none.json", 404),
        ("/tiles/points.xml", 404),
        ("/tiles/points/4/3/6.mvt?x=1", 400),
        ("/collections/points/tiles/WorldCRS84Quad/4/6/3", 404),
        ("/collections/none/tiles", 404),
        ("/tileMatrixSets/other", 404),
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
        reply.problem();
    }
}

//! A layer is made as soon as its source is there, while others are on their way.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::loopback::{Reply, Server};
use crate::program::{Folder, POINTS_LAYER};

/// The server answers once the other layer's tile is written, so that whoever waits for it first waits for ever.
#[test]
fn a_slow_source_keeps_no_other_layer_waiting() {
    let folder = Folder::new();
    let work = folder.path().join("store/work");
    let server = Server::start(move |_| {
        for _ in 0..600 {
            if has_tile(&work, "points") {
                return Reply::bytes(
                    "text/csv",
                    "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,A,48001,5,-95,35\n",
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Reply::status(404)
    });
    folder.points("1,A,48001,5,-95,35\n");
    let slow = format!(
        "\n[[layer]]\nid = \"slow\"\nschema = \"points\"\n\
         source.http = {{ url = \"{}\", csv = {{ x = \"LON\", y = \"LAT\" }}, crs = \"EPSG:4326\" }}\n",
        server.url("/slow.csv")
    );
    // In the pipeline it comes first.
    folder.pipeline(&format!("{slow}{POINTS_LAYER}"));
    let ended = folder.run().code(0);
    assert_eq!(
        ["slow", "points"].map(|layer| ended.layer(layer).rows_written),
        [1, 1]
    );
    // On a night on which nothing else has changed, the one that has is made while the others are linked.
    folder.write(
        "points.csv",
        "ID,NAME,COUNTYFIPS,BEDS,LON,LAT\n1,B,48001,6,-95,35\n",
    );
    let ended = folder.run().code(0);
    assert!(
        ended.layer("points").unchanged_since().is_none() && ended.layer("slow").unchanged_since().is_some()
    );
}

/// Whether a release in the making has a tile of the layer.
fn has_tile(work: &Path, layer: &str) -> bool {
    let releases = fs::read_dir(work).into_iter().flatten().flatten();
    releases
        .map(|release| release.path().join("tree/layers").join(layer).join("data"))
        .any(|data| data.exists())
}

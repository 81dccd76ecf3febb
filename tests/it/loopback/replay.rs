//! Serves recorded answers of an ArcGIS layer: a folder with `info.json`, `count.json`, `ids.json`, `statistics.json`
//! and `page-<offset>.json`. What was not recorded is an error in a 200, as the servers of the recordings give it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Reply, Request, Server, arcgis};

/// Recordings that are being served.
pub(crate) struct Replay {
    pub(crate) server: Server,
}

impl Replay {
    /// Serves the recordings in `folder`.
    pub(crate) fn start(folder: impl AsRef<Path>) -> Self {
        let folder = folder.as_ref().to_path_buf();
        assert!(
            folder.join("info.json").is_file(),
            "{} holds no recording",
            folder.display()
        );
        Self {
            server: Server::start(move |request| answer(&folder, request)),
        }
    }

    /// URL of the layer.
    pub(crate) fn url(&self) -> String {
        self.server.url("/arcgis/rest/services/Recorded/MapServer/0")
    }
}

/// The recorded answer to a request.
pub(crate) fn answer(folder: &Path, request: &Request) -> Reply {
    let file = folder.join(name(request));
    match fs::read(&file) {
        Ok(recorded) => Reply::bytes("application/json; charset=utf-8", recorded),
        Err(_) => arcgis::error(400, "Unable to complete operation.", &json!([])),
    }
}

fn name(request: &Request) -> PathBuf {
    let name = if !request.path.ends_with("/query") {
        "info.json".to_owned()
    } else if request.is("returnCountOnly") {
        "count.json".to_owned()
    } else if request.is("returnIdsOnly") {
        "ids.json".to_owned()
    } else if request.get("outStatistics").is_some() {
        "statistics.json".to_owned()
    } else {
        format!("page-{}.json", request.number_of("resultOffset").unwrap_or(0))
    };
    PathBuf::from(name)
}

//! `cikr serve`: the real program asked over HTTP.

mod features;
mod files;
mod handling;
mod hostile;
mod http;
mod life;
mod stac;
mod tiles;

use std::sync::OnceLock;

use self::http::Served;
use crate::program::Folder;
use crate::query::released;

/// One release and one server of it, for tests that change neither.
fn shared() -> &'static (Folder, Served) {
    static SHARED: OnceLock<(Folder, Served)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = released();
        let served = Served::start(folder.path(), &["--max-rows", "500"]);
        (folder, served)
    })
}

fn served() -> &'static Served {
    &shared().1
}

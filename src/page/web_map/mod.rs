//! `map/index.html` and what it reads: a release on a map, in a browser.
//!
//! Pure: plan, report, rows and outlines in, bytes out. The page works from any server of static files that knows ranges,
//! and asks for nothing else than the files beside it. Its script is bundled from `src/page/browser` when the program is
//! built. May use: `catalog`, `plan`, `feature`.

mod bundle;
mod document;

pub use self::bundle::bundled_files;
pub use self::document::render_map_page;

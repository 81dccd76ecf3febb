//! `map/index.html` and what it reads: a release on a map, in a browser.
//!
//! Pure: plan, report, rows and outlines in, bytes out. The page works from any server of static files that knows ranges,
//! and asks for nothing else than the files beside it. Its script is bundled from `src/page/browser` when the program is
//! built. May use: `catalog`, `plan`, `feature`.

mod bundle;
mod changed;
mod content;
mod counts;
mod document;
mod flags;
mod legend;
mod map_style;
mod palette;
mod rows;
mod search_index;
mod search_words;
mod states;

pub use self::bundle::bundled_files;
pub use self::changed::ChangesTold;
pub use self::content::{MapContent, MapLayer, map_json};
pub use self::counts::{FacilityCounts, MapLists};
pub use self::document::render_map_page;
pub use self::map_style::map_styles;
pub use self::rows::{MAP_COLUMNS, MapRow, map_rows};
pub use self::search_index::{SearchLine, SearchWriter, search_lines};
pub use self::search_words::words_of;

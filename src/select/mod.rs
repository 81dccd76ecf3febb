//! Which rows of a release are meant, and the rows themselves: by layer, region, state, sector, window and the values of columns.
//!
//! What somebody asks for ([`Asked`]) is held against what a release holds ([`Held`]), and becomes a [`Selection`], or a
//! mistake with the name that may be meant. A [`Scan`] of it leaves out tiles by their paths and row groups by their
//! statistics, and shows the rest some thousand rows at a time: memory holds these, whatever the layer. `query` goes down to the
//! pages by the same [`RowFilter`], wherever the release is.
//!
//! May use: `feature`, `geoparquet`, `kernel`, `config` (did you mean). Opens tiles; writes nothing.

mod area;
mod asked;
mod codes;
mod condition;
mod cql2;
mod error;
mod filter;
mod held;
mod layers;
mod literal;
mod pattern;
mod row_filter;
mod runs;
mod scan;
mod window;

pub use area::Area;
pub use asked::{Asked, Selection};
pub use codes::{Codes, SectorNames};
pub use condition::{BadCondition, Condition};
pub use cql2::BadFilter;
pub use error::SelectError;
pub use filter::Filter;
pub use held::Held;
pub use layers::unknown_layer;
pub use row_filter::RowFilter;
pub use runs::common_runs;
pub use scan::Scan;
pub use window::{BadWindow, Window};

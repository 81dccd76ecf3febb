//! A file joined to polygon sets, without a pipeline: which jurisdiction holds each row, as further columns or as counts.
//!
//! Any file that `source` reads against any that it reads; rows stream through in their order. A set is indexed by
//! `kernel::jurisdiction` as a run's are, and so answers the same. May use: `source` (to read), `kernel`, `plan` (how a
//! source is read), `geoparquet`, `feature`, `config` (did you mean), `store` (where files are made). No network, no clock,
//! no environment.

mod ahead;
mod answers;
mod asked;
mod count;
mod csv_text;
mod error;
mod gathered;
mod geojson_text;
mod kept_sets;
mod names;
mod open;
mod own_columns;
mod parquet_rows;
mod polygons;
mod positions;
mod rejects;
mod schema;
mod set_index;
mod shares;
mod stream;
mod table;
mod tally;
mod target;
mod write;

pub use asked::{Detail, FileAsked, GeometryAsked, SetAsked};
pub use count::count;
pub use error::JoinError;
pub use open::Opened;
pub use polygons::{PolygonSet, SetMeans, read_sets};
pub use rejects::RejectsFile;
pub use set_index::{SetBound, SetIndex};
pub use stream::Flow;
pub use tally::{FirstReject, SetTally, Tally};
pub use target::{JoinFormat, NewFile, Target};
pub use write::write;

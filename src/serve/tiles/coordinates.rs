//! Which tile is meant: zoom, column and row of a path.
//!
//! Pure.

use crate::serve::problem::Problem;
use crate::serve::request::Request;
use crate::vector_tiles::TileId;

/// Ends of names that XYZ clients write.
const ENDINGS: [&str; 3] = [".mvt", ".pbf", ".vector.pbf"];

/// The tile of a path.
///
/// # Errors
/// When the pyramid has no such tile, or none so deep is made.
pub(super) fn tile_of(request: &Request) -> Result<TileId, Problem> {
    let expected = || Problem::bad_request("expected whole numbers as zoom, column and row of a tile");
    let last = ["y", "x"].map(|name| without_ending(request.place(name)));
    let zoom = request.place("z").parse().map_err(|_no_number| expected())?;
    let [y, x] = last.map(str::parse);
    let x = x.map_err(|_no_number| expected())?;
    let y = y.map_err(|_no_number| expected())?;
    TileId::new(zoom, x, y)
        .ok_or_else(|| Problem::not_found(format!("there is no tile {zoom}/{x}/{y} here: zooms are 0 to 14")))
}

fn without_ending(number: &str) -> &str {
    let shorter = ENDINGS.iter().find_map(|ending| number.strip_suffix(ending));
    shorter.unwrap_or(number)
}

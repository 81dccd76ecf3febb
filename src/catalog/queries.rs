//! The part of the release's `README.md` that shows how to query it.
//!
//! Pure: text out of the collections.

use std::fmt::{self, Write};

use geo::Rect;

use super::collection::Collection;

/// Queries that can be pasted from this folder; they name a region that has a tile.
pub(super) fn write_queries(out: &mut String, collections: &[Collection<'_>]) -> fmt::Result {
    // Of the first that has a tile: a query that finds nothing teaches nothing.
    let Some((collection, tile)) = collections.iter().find_map(|c| Some((c, c.tiles.first()?))) else {
        return Ok(());
    };
    let base = collection.base();
    let region = tile.region.as_str();
    // A box within the tile, so that the query shows what is skipped and still finds something.
    let [west, south, east, north] = middle_ninth(tile.extent);
    writeln!(
        out,
        r#"## Queries

Run them from this folder. Filters on `region` read one folder; filters on `bbox` skip row groups.

DuckDB:
```sql
SELECT facility_id, name, county_fips
FROM read_parquet('{base}/data/*/*.parquet', hive_partitioning = true)
WHERE region = '{region}' AND bbox.xmin <= {east} AND bbox.xmax >= {west} AND bbox.ymin <= {north} AND bbox.ymax >= {south};
```
DuckDB, where folders can't be listed (over HTTP): `urls.txt` names the tiles.
```sql
SET VARIABLE tiles = (
    SELECT list(url) FROM read_csv('urls.txt', header = false, names = ['url'], delim = '\t')
    WHERE url LIKE '%{base}/data/%'
);
SELECT region, count(*) AS facilities
FROM read_parquet(getvariable('tiles'), hive_partitioning = true)
GROUP BY region ORDER BY region;
```
GeoPandas:
```python
import geopandas
print(geopandas.read_parquet("{base}/data/region={region}", bbox=({west}, {south}, {east}, {north})))
```
Polars:
```python
import polars as pl
tiles = pl.scan_parquet("{base}/data/**/*.parquet", hive_partitioning=True)
print(tiles.filter(pl.col("region") == "{region}").collect())
```
pyarrow:
```python
import pyarrow.dataset as ds
tiles = ds.dataset("{base}/data", partitioning="hive")
print(tiles.to_table(filter=ds.field("region") == "{region}").num_rows)
```
"#
    )
}

/// The middle ninth of an extent, in hundredths of a degree: `[west, south, east, north]`.
fn middle_ninth(extent: Rect<f64>) -> [f64; 4] {
    let min = extent.min();
    let max = extent.max();
    [
        hundredths(min.x + (max.x - min.x) / 3.0),
        hundredths(min.y + (max.y - min.y) / 3.0),
        hundredths(min.x + (max.x - min.x) * 2.0 / 3.0),
        hundredths(min.y + (max.y - min.y) * 2.0 / 3.0),
    ]
}

fn hundredths(degrees: f64) -> f64 {
    (degrees * 100.0).round() / 100.0
}

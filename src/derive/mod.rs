//! Derive: products made of a release's rows and tables, before it is described.
//!
//! One folder or file per product, one line each in [`PRODUCTS`]: see [`product`]. May use: `plan`, `feature`, `kernel`,
//! `geoparquet`. Writes nothing itself (rows go to the [`product::TableStore`] of `run`), reads no clock, no network, no
//! environment.

pub mod changes;
mod column;
mod day;
mod deltas;
mod error;
mod formats;
pub mod inventory;
mod map;
pub mod national;
mod night;
pub mod product;
pub mod quality;
mod registry;
mod release;
mod rows;
mod scorecard;
pub mod sectors;
mod table;
mod tiles;

pub use self::error::DeriveError;
pub use self::night::Products;
pub use self::night::Tally;
use self::product::Product;
pub use self::release::{Before, LayerTables, Release};
pub use self::table::{FeatureTable, Table};
pub use self::tiles::read_present;
use crate::feature::ProductDoc;
use crate::plan::{Plan, ProductName};

/// Every product, in the order in which they are made.
pub const PRODUCTS: &[&dyn Product] = &[
    &inventory::Inventory,
    &national::National,
    &formats::Formats,
    &map::Map,
    &changes::Changes,
    &sectors::Sectors,
    &quality::Quality,
    &registry::Registry,
    &scorecard::Scorecard,
    &deltas::Deltas,
];

/// Names of the products, for pipelines to choose from.
///
/// ```
/// let names: Vec<&str> = cikr::derive::product_names().iter().map(|product| product.name).collect();
/// assert_eq!(names[..3], ["inventory", "national", "formats"]);
/// assert_eq!(names[3..], ["map", "changes", "sectors", "quality", "registry", "scorecard", "deltas"]);
/// ```
pub fn product_names() -> Vec<ProductName> {
    PRODUCTS
        .iter()
        .map(|product| product.describe())
        .map(|about| ProductName {
            name: about.doc.name,
            is_default: about.is_default,
        })
        .collect()
}

/// Products a plan asks for, in the order of the list.
pub fn products_wanted(plan: &Plan) -> impl Iterator<Item = &'static dyn Product> {
    PRODUCTS
        .iter()
        .copied()
        .filter(|product| plan.makes_product(product.describe().doc.name))
}

/// What the products are that a plan asks for.
pub fn product_docs(plan: &Plan) -> Vec<ProductDoc> {
    products_wanted(plan)
        .map(|product| product.describe().doc)
        .collect()
}

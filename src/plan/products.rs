//! Which products a pipeline asks for.
//!
//! What products there are, `derive` knows: the names come from there.

use super::check::Check;
use crate::config::OutputConfig;
use crate::feature::release::product_names;

/// A product that a pipeline may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProductName {
    /// Its name.
    pub name: &'static str,
    /// Whether it is made where the pipeline doesn't say which are.
    pub is_default: bool,
}

/// The words of `[output] products`: which formats are wanted, `formats` says, and that any are.
pub(super) fn words(known: &[ProductName]) -> impl Iterator<Item = &'static str> {
    let names = known.iter().map(|product| product.name);
    names.filter(|name| *name != product_names::FORMATS)
}

/// Names of the products to be made, in the order of the known ones.
pub(super) fn wanted_products(
    check: &mut Check<'_>,
    written: &OutputConfig,
    has_formats: bool,
    known: &[ProductName],
) -> Vec<String> {
    let listed = written.products.as_ref().map(|products| &products.value);
    for product in listed.into_iter().flatten() {
        check.require_among("a product", product, words(known));
    }
    check.report_repeats_in_any_case("product", listed.into_iter().flatten());
    let is_national = written.national.as_ref().is_some_and(|national| national.value);
    let has_map = written.map.as_ref().is_some_and(|map| map.value);
    let has_deltas = written.deltas.as_ref().is_some_and(|deltas| deltas.value);
    let mut wanted = Vec::new();
    for product in known {
        let is_listed = listed.map_or(product.is_default, |listed| {
            listed.iter().any(|listed| listed.value == product.name)
        });
        // `national = true` and `map = true` are shorter ways to ask for them.
        let is_asked_for = match product.name {
            product_names::NATIONAL => is_listed || is_national,
            product_names::MAP => is_listed || has_map,
            product_names::DELTAS => is_listed || has_deltas,
            product_names::FORMATS => has_formats,
            _ => is_listed,
        };
        if is_asked_for {
            wanted.push(product.name.to_owned());
        }
    }
    wanted
}

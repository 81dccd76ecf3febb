//! What the tables of a release are that no product makes, and what each column of any table means.
//!
//! Column names and their order are part of the published schema.

use std::path::Path;

use super::link_docs::FACILITY_JURISDICTION;
use super::reference_docs;
use crate::catalog::column_notes;
use crate::derive;
use crate::feature::TableDoc;
use crate::geoparquet::FooterEntry;
use crate::plan::Plan;

const REJECTS: TableDoc = TableDoc {
    path: "rejects/<layer>.parquet",
    what: "a row of the source that can't be used",
    columns: &[
        ("source", "the file it stands in"),
        ("row", "its row there"),
        (
            "field",
            "the field that it is rejected for; empty where it is the whole row",
        ),
        ("value", "what stands there"),
        ("reason", "code of the reason"),
    ],
};

const FLAGS: TableDoc = TableDoc {
    path: "quality/flags/<layer>.parquet",
    what: "something doubtful about a row that is published",
    columns: &[
        ("facility_id", "the facility"),
        ("source", "the file that its row stands in"),
        ("row", "its row there"),
        ("field", "the field that is doubtful"),
        ("value", "what stands there"),
        ("flag", "code of what is doubtful about it"),
        ("detail", "what more is known"),
    ],
};

/// Every table that a release of this plan may hold beside tiles.
pub(super) fn table_docs(plan: &Plan) -> Vec<TableDoc> {
    let products = derive::product_docs(plan);
    let of_products = products.iter().flat_map(|product| product.tables);
    [REJECTS, FLAGS, FACILITY_JURISDICTION]
        .into_iter()
        .chain(of_products.copied())
        .chain(reference_docs::TABLES)
        .collect()
}

/// What the footer of a table says of its columns; nothing where they aren't described.
pub(super) fn footer_of_table(plan: &Plan, path: &Path) -> Vec<FooterEntry> {
    let docs = table_docs(plan);
    let doc = docs.iter().find(|doc| doc.is_at(path));
    doc.map(column_notes::of_table).into_iter().collect()
}

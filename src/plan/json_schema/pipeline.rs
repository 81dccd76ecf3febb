//! What the keys of pipelines mean.

use super::super::check::CRS;
use super::super::expected::UNMET;
use super::super::gate::{DUPLICATE_KEYS, GROW, NULL_GEOMETRY, OUTSIDE, RISE, SHRINK};
use super::super::jurisdiction::NEAREST_M;
use super::super::key::{Key, Keys, by_path, file, key};
use super::super::layer::CURRENT_DAYS;
use super::super::layer_schema::GEOMETRIES;
use super::super::limits::{ARCHIVE, BATCH_ROWS, FETCH_S, MEMORY, READ_S, RECORD};
use super::super::output::{GROUP_ROWS, PAGE_ROWS, PROFILES, TILE_ROWS, ZSTD_LEVEL};
use super::super::products::{ProductName, words};
use super::super::reference::Reference;
use super::super::resolve::{KEEP, KEEP_DAYS};
use super::super::{csv_geometry, dialect, format};
use super::servers;
use crate::feature::ExportFormat;
use crate::feature::release::paths::FACILITIES;

/// Of `pipelines/*.toml`.
pub(super) fn keys(reference: &Reference, products: &[ProductName]) -> Keys {
    let whole =
        file("Which layers, from which sources, against which boundaries. Paths are relative to this file.");
    let sources = [
        source_keys(),
        csv_geometry::keys(),
        dialect::keys(),
        format::keys(),
        servers::keys(),
    ];
    let tables = [
        jurisdiction_keys(reference),
        layer_keys(),
        gate_keys(),
        limits_keys(),
        output_keys(products),
    ];
    by_path(
        [whole]
            .into_iter()
            .chain(top_level_keys())
            .chain(tables.into_iter().chain(sources).flatten()),
    )
}

fn top_level_keys() -> Vec<Key> {
    vec![
        key("id", "Short name of the pipeline.")
            .identifier()
            .example("demo"),
        key("title", "Title of the releases.").example("Critical infrastructure of the Gulf coast"),
        key("description", "What the releases are for.").example("Facilities of six sectors, every night."),
        key("store", "Folder of the releases.").example("../out/demo"),
        key("schemas", "Folder of the layer schemas.").default_value("../schemas"),
        key(
            "reference",
            "Folder of the reference tables; `reference` beside the schemas by default.",
        )
        .example("../schemas/reference"),
        key(
            "regions",
            "Regions that tiles are made for: the table `regions-<name>.csv` of the reference tables.",
        )
        .identifier()
        .default_value("fema"),
        key(
            "expected",
            "Table of the counts that a reviewer expects, per layer and state.",
        )
        .example("../reviewed/expected.csv"),
        key(
            "keep",
            "Releases that stay, of those in which something has changed.",
        )
        .bounds(&KEEP),
        key(
            "keep-days",
            "Days for which releases stay beside those that `keep` counts.",
        )
        .number_range(&KEEP_DAYS.range)
        .example(KEEP_DAYS.default),
    ]
}

fn limits_keys() -> Vec<Key> {
    vec![
        key("limits", "What a run may take."),
        key("limits.record", "Largest record of a source; a longer one is rejected.").bounds(&RECORD),
        key("limits.batch-rows", "Rows that are worked on at a time.").bounds(&BATCH_ROWS),
        key(
            "limits.memory",
            "Memory for a run; rows that don't fit wait in a scratch file. By default half of what the machine or its \
             control group has, 2 GiB at most.",
        )
        .number_range(&MEMORY.range)
        .example("1 GiB"),
        key(
            "limits.isolate",
            "Whether GDAL, Parquet and spreadsheets are read in a process of its own, so that a file that breaks its \
             reader ends one layer.",
        )
        .default_value(true),
        key("limits.archive", "Largest content of a zip archive.").bounds(&ARCHIVE),
        key(
            "limits.fetch",
            "Time in which a source behind a server has to be there, all its requests, waits and retries together.",
        )
        .bounds(&FETCH_S)
        .example("2 h"),
        key("limits.read", "Time in which a source that is read in a process of its own has to be read.")
            .bounds(&READ_S)
            .example("2 h"),
        key(
            "limits.unmet-counts",
            "Counts that may be other than expected before the exit code says so; any number by default.",
        )
        .number_range(&UNMET.range)
        .example(UNMET.default),
    ]
}

fn output_keys(products: &[ProductName]) -> Vec<Key> {
    let rows = "rows; a page is a leaf of the tree, a row group its parent, a tile a file";
    vec![
        key("output", "How tiles are written."),
        key("output.profile", "`compat` is GeoParquet 1.1, which every reader opens.")
            .one_of_words(PROFILES.map(|(word, ())| word))
            .default_value(PROFILES[0].0),
        key("output.tile-rows", &format!("Largest tile, {rows}.")).bounds(&TILE_ROWS),
        key("output.group-rows", &format!("Largest row group, {rows}.")).bounds(&GROUP_ROWS),
        key("output.page-rows", &format!("Largest page, {rows}.")).bounds(&PAGE_ROWS),
        key("output.zstd-level", "Compression: more is smaller and slower.").bounds(&ZSTD_LEVEL),
        key("output.products", "What is made beside the layers' tiles.")
            .one_of_words(words(products))
            .example(products.iter().filter(|p| p.is_default).map(|p| p.name).collect::<Vec<_>>()),
        key(
            "output.national",
            "Whether each layer stands in one file too, `national.parquet`: adds that product.",
        )
        .default_value(false),
        key(
            "output.deltas",
            "Whether the release has what makes its large files of those of the release before, for `cikr sync`: adds that product.",
        )
        .default_value(false),
        key(
            "output.formats",
            "Formats of other tools that each layer stands in, too, beside its tiles.",
        )
        .one_of_words(ExportFormat::ALL.map(ExportFormat::word))
        .example(["gpkg"]),
        key(
            "output.map",
            "Whether layers stand on maps in a browser, too, `map/<collection>.pmtiles`: adds that product.",
        )
        .default_value(false),
        key(
            "output.base-url",
            "Address that the store is served under, for `urls.txt`: no user, query or fragment.",
        )
        .pattern("^https?://[^/?#@]+(/[^?#]*)?$")
        .example("https://data.example.org/cikr"),
    ]
}

fn jurisdiction_keys(reference: &Reference) -> Vec<Key> {
    let kinds = reference.kinds.iter();
    let kinds = kinds.map(|kind| (kind.id.as_str(), kind.title.as_str()));
    vec![
        key(
            "jurisdiction",
            "Polygons that facilities are placed in, by point in polygon.",
        ),
        key("jurisdiction.id", "Short name of the set.")
            .identifier()
            .example("county"),
        key(
            "jurisdiction.kind",
            "What the polygons are, a row of `jurisdiction_kinds.csv`. Of state, county, place, tribal and region there is \
             one set each; a set of any other kind fills columns named after its id.",
        )
        .words_with_meanings(kinds)
        .example("county"),
        key("jurisdiction.vintage", "Year or date of the boundaries.").example("2023"),
        key(
            "jurisdiction.code",
            "Column of the code: FIPS codes of states and counties, a GEOID of places.",
        )
        .example("GEOID"),
        key("jurisdiction.name", "Column of the name.").example("NAME"),
        key(
            "jurisdiction.parent",
            "Column of the code of what it is a part of, such as the county of a county subdivision.",
        )
        .example("COUNTYFP"),
        key(
            "jurisdiction.overlap",
            "Whether polygons may lie over each other: a facility then has all codes, in `links/facility_jurisdiction`.",
        )
        .example(true),
        key(
            "jurisdiction.nearest-m",
            "Outside every polygon, take the nearest within so many metres, and flag it.",
        )
        .bounds(&NEAREST_M),
        key("jurisdiction.agency", "Agency that draws the boundaries.").example("US Census Bureau"),
        key(
            "jurisdiction.licence",
            "Licence of the boundaries: an SPDX identifier, or words.",
        )
        .example("public domain"),
    ]
}

fn layer_keys() -> Vec<Key> {
    vec![
        key("layer", "A layer of facilities."),
        key(
            "layer.id",
            "Short name of the layer; it stands in paths and facility ids.",
        )
        .identifier()
        .except_words([FACILITIES])
        .example("hospitals"),
        key(
            "layer.schema",
            "Schema of the layer, the file `<schema>.toml`; the one named like the layer by default.",
        )
        .identifier()
        .example("hospitals"),
        key(
            "layer.inventory",
            &format!("Whether the rows stand in `{FACILITIES}` too; not for a second vintage of a layer."),
        )
        .default_value(true),
        key(
            "layer.synthetic",
            "Whether the rows of this source are made up, over the schema's.",
        )
        .example(true),
        key("layer.agency", "Agency of this source, over the schema's.")
            .example("Texas Department of Health"),
        key("layer.licence", "Licence of this source, over the schema's.").example("CC0-1.0"),
        key("layer.title", "Title of this layer, over the schema's.").example("Ethanol plants"),
        key("layer.geometry", "Geometry of this layer, over the schema's.")
            .one_of_words(GEOMETRIES.map(|(word, _)| word)),
        key(
            "layer.sector",
            "Sector of this layer's rows, over the schema's, whose NAICS codes and rules refine it.",
        ),
        key(
            "layer.sector.code",
            "Code of the sector in `reference/sectors.csv`.",
        )
        .example("ENER"),
        key("layer.sector.subsector", "Subsector of the rows.").example("Oil and Natural Gas"),
        key("layer.sector.also", "Further sectors of the rows.").example(["TRAN"]),
        key(
            "layer.sector.lifeline",
            "Community lifeline of the rows, `<lifeline>/<component>` of `reference/lifelines.csv`.",
        )
        .example("Energy/Fuel"),
        key(
            "layer.formats",
            "The same of the layer alone, over those of `[output]`.",
        )
        .one_of_words(ExportFormat::ALL.map(ExportFormat::word))
        .example(["gpkg", "fgb"]),
        key(
            "layer.current-days",
            "Days for which the date of a record counts as current.",
        )
        .bounds(&CURRENT_DAYS),
    ]
}

/// Of the `gate` of a layer.
fn gate_keys() -> Vec<Key> {
    let own = "percent; the schema's `max-rejects` where not written";
    vec![
        key("layer.gate", "What a source may change by before the last good rows stay in its place."),
        key("layer.gate.shrink", "Rows that may be missing against last good, percent.").bounds(&SHRINK),
        key("layer.gate.grow", "Rows that may be more than last good's, percent.").bounds(&GROW),
        key(
            "layer.gate.rise",
            "Points of percent by which the share of rejects, of rows without geometry or with a repeated key may rise.",
        )
        .bounds(&RISE),
        key("layer.gate.null-geometry", &format!("Rows that may have no geometry, {own}."))
            .number_range(&NULL_GEOMETRY.range)
            .example(NULL_GEOMETRY.default),
        key("layer.gate.duplicate-keys", &format!("Rows that may repeat the key of another, {own}."))
            .number_range(&DUPLICATE_KEYS.range)
            .example(DUPLICATE_KEYS.default),
        key("layer.gate.states", "USPS codes of the states and territories that the layer has rows in.")
            .pattern("^[A-Z]{2}$")
            .example(["TX", "OK"]),
        key("layer.gate.outside", "Rows that may lie in other states than `states`, percent.").bounds(&OUTSIDE),
        key(
            "layer.gate.drift",
            "Whether columns that a field reads and that are gone or of another kind hold the layer back.",
        )
        .default_value(true),
        key("layer.gate.extent", "Whether rows in other places than before hold the layer back.")
            .default_value(true),
    ]
}

/// Of the `source` of a layer or jurisdiction; `*` is any kind, `format` tells of the kinds of file.
fn source_keys() -> Vec<Key> {
    vec![
        key(
            "source",
            "Where the rows are and how to read them: exactly one kind.",
        )
        .table_keyword("minProperties", 1)
        .table_keyword("maxProperties", 1),
        key(
            "source.*.path",
            "File or folder, relative to this file; `${NAME}` stands for a variable of the environment.",
        )
        .example("../data/hospitals.csv"),
        key(
            "source.*.crs",
            "CRS of the coordinates, where the file doesn't say.",
        )
        .pattern(CRS)
        .example("EPSG:4326"),
    ]
}

//! `include` and `omit`: the fields of shared blocks, put before a schema's own.
//!
//! Every value keeps its place, so that what is wrong with a block is told of the block's file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::check::{Check, is_identifier};
use super::folder::file_stems;
use crate::config::{
    BlockConfig, Diagnostic, FieldConfig, SchemaConfig, Spanned, did_you_mean, known_names_hint,
};

/// The blocks of a folder of schemas, each read once.
pub(super) struct Blocks {
    folder: PathBuf,
    read: BTreeMap<String, Arc<BlockConfig>>,
}

impl Blocks {
    /// The blocks beside `schemas`.
    pub(super) fn new(schemas: &Path) -> Self {
        Self {
            folder: schemas.join("include"),
            read: BTreeMap::new(),
        }
    }

    /// The schema with the fields of its blocks before its own: a block's field that the schema
    /// writes again keeps its place, and the keys that are not written again.
    ///
    /// In the result `include` names only the blocks that could not be read.
    pub(super) fn expand(&mut self, mut config: SchemaConfig, found: &mut Vec<Diagnostic>) -> SchemaConfig {
        let mut check = Check { found };
        check.report_repeats_in_any_case("block", &config.include);
        check.report_repeats_in_any_case("omitted field", &config.omit);
        let included = self.included_fields(&mut check, &mut config);
        report_unknown_omits(&mut check, &config, &included);
        let mut shared = included;
        shared.retain(|field| !config.omit.iter().any(|omit| is_named(field, &omit.value)));
        config.fields = merge_fields(shared, config.fields);
        config
            .fields
            .iter()
            .for_each(|field| report_absent_keys(&mut check, field));
        config
    }

    /// Fields of the schema's blocks, in block order; takes the blocks that were read out of `include`.
    fn included_fields(
        &mut self,
        check: &mut Check<'_>,
        config: &mut SchemaConfig,
    ) -> Vec<Spanned<FieldConfig>> {
        let mut fields: Vec<Spanned<FieldConfig>> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let omit = &config.omit;
        // What is left in `include` could not be read: later checks pass over whatever it may hold, so that one
        // cause gives one report.
        config.include.retain(|name| {
            if seen.contains(&name.value) {
                return false;
            }
            seen.push(name.value.clone());
            let Some(block) = self.read_once(check, name) else {
                return true;
            };
            let known = std::mem::take(&mut fields);
            let (again, new): (Vec<_>, Vec<_>) = block
                .fields
                .iter()
                .cloned()
                .partition(|field| is_among(field, &known));
            for field in &again {
                report_repeated_field(check, name, field, omit);
            }
            fields = known.into_iter().chain(new).collect();
            false
        });
        fields
    }

    fn read_once(&mut self, check: &mut Check<'_>, name: &Spanned<String>) -> Option<Arc<BlockConfig>> {
        if let Some(block) = self.read.get(&name.value) {
            return Some(Arc::clone(block));
        }
        let block = Arc::new(self.open_block(check, name)?);
        self.read.insert(name.value.clone(), Arc::clone(&block));
        Some(block)
    }

    fn open_block(&self, check: &mut Check<'_>, name: &Spanned<String>) -> Option<BlockConfig> {
        // A name that is none must not become a path.
        if !is_identifier(&name.value) {
            check.identifier("the name of a block", Some(name));
            return None;
        }
        let path = self.folder.join(format!("{}.toml", name.value));
        if path.exists() {
            return BlockConfig::read(&path, check.found);
        }
        let known = file_stems(&self.folder, "toml");
        let diagnostic = check.error(&name.span, format!("there is no block `{}`", path.display()));
        diagnostic.label = known_names_hint(&name.value, known.iter().map(String::as_str));
        None
    }
}

/// Whether the key of a schema and its required fields can be read from these columns.
pub fn schema_fits(schema: &Path, columns: &[String]) -> bool {
    fields_of(schema).is_some_and(|config| has_key(&config, columns))
}

/// Ids of the schemas of a folder that were made for such columns, the one that reads most of them first.
///
/// Of each the key is there, and either nearly all fields or most of the columns have a place in it: a schema may know
/// columns of several years, and a file may have a few of its own.
///
/// ```
/// let header = "ID NAME CITY STATE BEDS TRAUMA HELIPAD OWNER TYPE STATUS COUNTYFIPS SOURCEDATE NAICS_CODE TTL_STAFF";
/// let columns: Vec<String> = header.split(' ').map(str::to_owned).collect();
/// let schemas = cikr::plan::fitting_schemas("schemas".as_ref(), &columns);
/// assert_eq!(schemas.first().map(String::as_str), Some("hospitals"));
/// ```
pub fn fitting_schemas(folder: &Path, columns: &[String]) -> Vec<String> {
    const LEAST: usize = 5;
    let mut found: Vec<(usize, String)> = Vec::new();
    for schema in schema_files(folder).unwrap_or_default() {
        let Some(config) = fields_of(&schema).filter(|config| has_key(config, columns)) else {
            continue;
        };
        let there = config
            .fields
            .iter()
            .filter(|field| is_there(&field.value, columns))
            .count();
        let read = columns.iter().filter(|column| is_read(&config, column)).count();
        let has_most_columns = read * 4 >= columns.len() * 3;
        let has_most_fields = there * 10 >= config.fields.len() * 9;
        if there >= LEAST && (has_most_columns || has_most_fields) || has_most_columns && has_most_fields {
            let id = schema.file_stem().map(|stem| stem.to_string_lossy().into_owned());
            found.push((read, id.unwrap_or_default()));
        }
    }
    // Of schemas that read as many columns the first by its id, so that the answer is the same on every disk.
    found.sort_by(|a, b| (b.0, &a.1).cmp(&(a.0, &b.1)));
    found.into_iter().map(|(_, id)| id).collect()
}

/// Whether some field of a schema is read from a column.
fn is_read(config: &SchemaConfig, column: &String) -> bool {
    config
        .fields
        .iter()
        .any(|field| is_there(&field.value, std::slice::from_ref(column)))
}

/// Schema files of a folder.
fn schema_files(folder: &Path) -> Option<Vec<PathBuf>> {
    let files = fs::read_dir(folder)
        .ok()?
        .filter_map(|file| Some(file.ok()?.path()));
    Some(
        files
            .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
            .collect(),
    )
}

/// A schema with the fields of its blocks.
fn fields_of(schema: &Path) -> Option<SchemaConfig> {
    let mut found = Vec::new();
    let config = SchemaConfig::read(schema, &mut found)?;
    Some(Blocks::new(schema.parent().unwrap_or(Path::new("."))).expand(config, &mut found))
}

fn has_key(config: &SchemaConfig, columns: &[String]) -> bool {
    let fields: Vec<&FieldConfig> = config.fields.iter().map(|field| &field.value).collect();
    // Without its key a schema rejects every row, whatever else of the file it could read.
    let mut key = config
        .key
        .iter()
        .map(|key| fields.iter().find(|field| is_called(field, &key.value)));
    let mut required = fields
        .iter()
        .filter(|field| field.required.as_ref().is_some_and(|required| required.value));
    !config.key.is_empty()
        && key.all(|field| field.is_some_and(|field| is_there(field, columns)))
        && required.all(|field| is_there(field, columns))
}

/// Whether a field can be read from these columns.
fn is_there(field: &FieldConfig, columns: &[String]) -> bool {
    let mut from = field.from.iter().flat_map(|from| &from.value);
    from.any(|from| {
        columns
            .iter()
            .any(|column| column.eq_ignore_ascii_case(&from.value))
    })
}

fn is_called(field: &FieldConfig, name: &str) -> bool {
    field.name.as_ref().is_some_and(|own| own.value == name)
}

/// A field in two blocks has two meanings; the schema must choose.
fn report_repeated_field(
    check: &mut Check<'_>,
    block: &Spanned<String>,
    field: &Spanned<FieldConfig>,
    omit: &[Spanned<String>],
) {
    let Some(field) = field.value.name.as_ref() else {
        return;
    };
    if omit.iter().all(|omit| omit.value != field.value) {
        let message = format!(
            "the field `{}` of `{}` is in an earlier block too",
            field.value, block.value
        );
        let help = format!(
            "omit it, and write a `[[field]]` named `{}` in the schema",
            field.value
        );
        check.error(&block.span, message).help = Some(help);
    }
}

/// Reports what `omit` names and no block has; a block that could not be read may have it.
fn report_unknown_omits(check: &mut Check<'_>, config: &SchemaConfig, included: &[Spanned<FieldConfig>]) {
    if !config.include.is_empty() {
        return;
    }
    for omit in config
        .omit
        .iter()
        .filter(|omit| !included.iter().any(|field| is_named(field, &omit.value)))
    {
        let message = format!("`{}` is not a field of an included block", omit.value);
        let known = included.iter().filter_map(|field| field.value.name.as_ref());
        check.error(&omit.span, message).label =
            did_you_mean(&omit.value, known.map(|name| name.value.as_str()));
    }
}

/// The shared fields under the schema's own of the same name, then the schema's others.
fn merge_fields(
    shared: Vec<Spanned<FieldConfig>>,
    mut own: Vec<Spanned<FieldConfig>>,
) -> Vec<Spanned<FieldConfig>> {
    let mut fields = Vec::new();
    for base in shared {
        let name = base.value.name.as_ref().map(|name| name.value.as_str());
        // In the block's place, for the order of fields is that of the tile's columns.
        let at = name.and_then(|name| own.iter().position(|field| is_named(field, name)));
        fields.push(match at.map(|at| own.remove(at)) {
            Some(Spanned { value, span }) => Spanned::new(base.value.overridden(value), span),
            None => base,
        });
    }
    fields.extend(own);
    fields
}

fn is_among(field: &Spanned<FieldConfig>, fields: &[Spanned<FieldConfig>]) -> bool {
    let name = field.value.name.as_ref();
    name.is_some_and(|name| fields.iter().any(|other| is_named(other, &name.value)))
}

fn is_named(field: &Spanned<FieldConfig>, name: &str) -> bool {
    field.value.name.as_ref().is_some_and(|own| own.value == name)
}

fn report_absent_keys(check: &mut Check<'_>, field: &Spanned<FieldConfig>) {
    for key in FieldConfig::REQUIRED
        .iter()
        .filter(|key| !field.value.has.contains(key))
    {
        check.error(&field.span, format!("`[[field]]` has no `{key}`"));
    }
}

//! `schemas/<id>.toml` as written.
//!
//! LEAF. No defaults: what is not written is `None` or empty.

use std::path::Path;
use std::sync::Arc;

use super::diagnostic::Diagnostic;
use super::pipeline::LARGEST;
use super::shape::Shape;
use super::table::{self, Table};
use super::text::{Spanned, TextFile};
use super::values::Pair;

/// A schema file.
#[derive(Debug, Clone)]
pub struct SchemaConfig {
    /// Its text.
    pub file: Arc<TextFile>,
    /// `title`.
    pub title: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `agency`.
    pub agency: Option<Spanned<String>>,
    /// `licence`.
    pub licence: Option<Spanned<String>>,
    /// `homepage`.
    pub homepage: Option<Spanned<String>>,
    /// `synthetic`.
    pub synthetic: Option<Spanned<bool>>,
    /// `status`.
    pub status: Option<Spanned<String>>,
    /// `key`.
    pub key: Vec<Spanned<String>>,
    /// `key-repeated`.
    pub key_repeated: Vec<Spanned<String>>,
    /// `duplicates`.
    pub duplicates: Option<Spanned<String>>,
    /// `geometry`.
    pub geometry: Option<Spanned<String>>,
    /// `crs`.
    pub crs: Option<Spanned<String>>,
    /// `max-rejects`, a share.
    pub max_rejects: Option<Spanned<f64>>,
    /// `handling`.
    pub handling: Option<Spanned<String>>,
    /// `[sector]`.
    pub sector: Option<Spanned<SectorConfig>>,
    /// `include`: blocks whose fields come before the schema's own.
    pub include: Vec<Spanned<String>>,
    /// `omit`: fields of the blocks that the schema does without.
    pub omit: Vec<Spanned<String>>,
    /// `[[exclude]]`, each with its header's place.
    pub excludes: Vec<Spanned<ExcludeConfig>>,
    /// `[[field]]`, each with its header's place.
    pub fields: Vec<Spanned<FieldConfig>>,
}

/// `[[exclude]]`: rows that are no facilities of the layer.
#[derive(Debug, Clone)]
pub struct ExcludeConfig {
    /// `field`.
    pub field: Option<Spanned<String>>,
    /// `equals`.
    pub equals: Vec<Spanned<String>>,
    /// `starts-with`.
    pub starts_with: Vec<Spanned<String>>,
}

/// `[sector]`.
#[derive(Debug, Clone)]
pub struct SectorConfig {
    /// `code`.
    pub code: Option<Spanned<String>>,
    /// `subsector`.
    pub subsector: Option<Spanned<String>>,
    /// `also`.
    pub also: Vec<Spanned<String>>,
    /// `lifeline`.
    pub lifeline: Option<Spanned<String>>,
    /// `naics`.
    pub naics: Option<Spanned<String>>,
    /// `[[sector.rule]]`, each with its header's place.
    pub rules: Vec<Spanned<RuleConfig>>,
}

/// `[[sector.rule]]`.
#[derive(Debug, Clone)]
pub struct RuleConfig {
    /// `field`.
    pub field: Option<Spanned<String>>,
    /// `equals`.
    pub equals: Vec<Spanned<String>>,
    /// `starts-with`.
    pub starts_with: Vec<Spanned<String>>,
    /// `code`.
    pub code: Option<Spanned<String>>,
    /// `subsector`.
    pub subsector: Option<Spanned<String>>,
    /// `also`.
    pub also: Vec<Spanned<String>>,
    /// `lifeline`.
    pub lifeline: Option<Spanned<String>>,
}

/// `[[field]]`, of a schema or of a block.
#[derive(Debug, Clone)]
pub struct FieldConfig {
    /// `name`.
    pub name: Option<Spanned<String>>,
    /// `from`.
    pub from: Option<Spanned<Vec<Spanned<String>>>>,
    /// `type`.
    pub kind: Option<Spanned<String>>,
    /// `unit`.
    pub unit: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `null`.
    pub null: Option<Spanned<Vec<Spanned<String>>>>,
    /// `required`.
    pub required: Option<Spanned<bool>>,
    /// `pad`.
    pub pad: Option<Spanned<i64>>,
    /// `formats`.
    pub formats: Option<Spanned<Vec<Spanned<String>>>>,
    /// `true`.
    pub truth: Option<Spanned<Vec<Spanned<String>>>>,
    /// `false`.
    pub falsity: Option<Spanned<Vec<Spanned<String>>>>,
    /// `[field.codes]`, in the order written.
    pub codes: Option<Spanned<Vec<CodeConfig>>>,
    /// `concatenated`.
    pub concatenated: Option<Spanned<bool>>,
    /// `decoded`.
    pub decoded: Option<Spanned<String>>,
    /// `sum`.
    pub sum: Option<Spanned<bool>>,
    /// `map`.
    pub map: Option<Spanned<bool>>,
    /// Those of [`FieldConfig::REQUIRED`] that are written, well or not.
    pub has: Vec<&'static str>,
}

impl RuleConfig {
    /// What a rule may change; it must change something.
    pub const CHANGES: [&str; 4] = ["code", "subsector", "also", "lifeline"];
    /// What a rule may look for; it must look for something.
    pub const MATCHES: [&str; 2] = ["equals", "starts-with"];
}

impl FieldConfig {
    /// Keys that a field must have once everything that is said about it is put together.
    pub const REQUIRED: [&str; 2] = ["from", "description"];

    /// This field of a block, with every key that a schema's field of the same name writes in place of its own.
    #[must_use]
    pub fn overridden(&self, own: Self) -> Self {
        // Key by key: a schema that reads the column from elsewhere keeps what the block says it means.
        let base = self.clone();
        Self {
            name: own.name.or(base.name),
            from: own.from.or(base.from),
            kind: own.kind.or(base.kind),
            unit: own.unit.or(base.unit),
            description: own.description.or(base.description),
            null: own.null.or(base.null),
            required: own.required.or(base.required),
            pad: own.pad.or(base.pad),
            formats: own.formats.or(base.formats),
            truth: own.truth.or(base.truth),
            falsity: own.falsity.or(base.falsity),
            codes: own.codes.or(base.codes),
            concatenated: own.concatenated.or(base.concatenated),
            decoded: own.decoded.or(base.decoded),
            sum: own.sum.or(base.sum),
            map: own.map.or(base.map),
            has: [own.has, base.has].concat(),
        }
    }
}

/// A coded value: the code and its meaning.
pub type CodeConfig = Pair;

impl SchemaConfig {
    /// Reads a schema file as far as possible; none if there is no text to read.
    ///
    /// ```
    /// let mut mistakes = Vec::new();
    /// let config = cikr::config::SchemaConfig::read("schemas/hospitals.toml".as_ref(), &mut mistakes).unwrap();
    /// assert!(mistakes.is_empty());
    /// assert_eq!(config.geometry.unwrap().value, "point");
    /// ```
    pub fn read(path: &Path, found: &mut Vec<Diagnostic>) -> Option<Self> {
        let file = TextFile::open(path, LARGEST)
            .map_err(|diagnostic| found.push(diagnostic))
            .ok()?;
        Some(table::read_document(&file, "the schema", found, |t| {
            read_schema(t, &file)
        }))
    }

    /// What a schema file may hold.
    ///
    /// ```
    /// let shape = cikr::config::SchemaConfig::shape();
    /// assert!(shape.keys.iter().any(|key| key.name == "geometry" && key.is_required));
    /// ```
    pub fn shape() -> Shape {
        table::shape_of(|table| read_schema(table, &TextFile::empty()))
    }
}

fn read_schema(table: &mut Table<'_>, file: &Arc<TextFile>) -> SchemaConfig {
    SchemaConfig {
        file: Arc::clone(file),
        title: table.required_text("title"),
        description: table.required_text("description"),
        agency: table.required_text("agency"),
        licence: table.required_text("licence"),
        homepage: table.optional_text("homepage"),
        synthetic: table.optional_flag("synthetic"),
        status: table.optional_text("status"),
        key: table.required_texts("key"),
        key_repeated: texts_or_empty(table, "key-repeated"),
        duplicates: table.optional_text("duplicates"),
        geometry: table.required_text("geometry"),
        crs: table.optional_text("crs"),
        max_rejects: table.optional_number("max-rejects"),
        handling: table.optional_text("handling"),
        sector: table.required_table("sector", read_sector),
        include: texts_or_empty(table, "include"),
        omit: texts_or_empty(table, "omit"),
        excludes: table.optional_tables("exclude", read_exclude),
        fields: table.optional_tables("field", read_field),
    }
}

fn read_exclude(table: &mut Table<'_>) -> ExcludeConfig {
    require_match(table);
    ExcludeConfig {
        field: table.required_text("field"),
        equals: texts_or_empty(table, "equals"),
        starts_with: texts_or_empty(table, "starts-with"),
    }
}

fn require_match(table: &mut Table<'_>) {
    if table.present(&RuleConfig::MATCHES).is_empty() {
        let help = "give it `equals` or `starts-with`";
        table.error_here("the rule matches nothing".to_owned()).help = Some(help.to_owned());
    }
}

fn read_sector(table: &mut Table<'_>) -> SectorConfig {
    SectorConfig {
        code: table.required_text("code"),
        subsector: table.optional_text("subsector"),
        also: texts_or_empty(table, "also"),
        lifeline: table.optional_text("lifeline"),
        naics: table.optional_text("naics"),
        rules: table.optional_tables("rule", read_rule),
    }
}

fn read_rule(table: &mut Table<'_>) -> RuleConfig {
    if table.present(&RuleConfig::CHANGES).is_empty() {
        let help = "give it a `code`, `subsector`, `also` or `lifeline`";
        table.error_here("the rule changes nothing".to_owned()).help = Some(help.to_owned());
    }
    require_match(table);
    RuleConfig {
        field: table.required_text("field"),
        equals: texts_or_empty(table, "equals"),
        starts_with: texts_or_empty(table, "starts-with"),
        code: table.optional_text("code"),
        subsector: table.optional_text("subsector"),
        also: texts_or_empty(table, "also"),
        lifeline: table.optional_text("lifeline"),
    }
}

/// Reads a field; whether it has every key it needs can't be said before blocks are included.
pub(super) fn read_field(table: &mut Table<'_>) -> FieldConfig {
    FieldConfig {
        name: table.required_text("name"),
        // Not `required_…`: a block may leave to its schemas what each of them says for itself.
        from: table.optional_filled_texts("from"),
        kind: table.optional_text("type"),
        unit: table.optional_text("unit"),
        description: table.optional_text("description"),
        null: table.optional_texts("null"),
        required: table.optional_flag("required"),
        pad: table.optional_integer("pad"),
        formats: table.optional_texts("formats"),
        truth: table.optional_texts("true"),
        falsity: table.optional_texts("false"),
        codes: table.optional_pairs("codes"),
        concatenated: table.optional_flag("concatenated"),
        decoded: table.optional_text("decoded"),
        sum: table.optional_flag("sum"),
        map: table.optional_flag("map"),
        // Well or not: what is written and mistaken has been reported, and is not absent as well.
        has: table
            .present(&FieldConfig::REQUIRED)
            .iter()
            .map(|key| key.value)
            .collect(),
    }
}

fn texts_or_empty(table: &mut Table<'_>, key: &'static str) -> Vec<Spanned<String>> {
    table
        .optional_texts(key)
        .map(|texts| texts.value)
        .unwrap_or_default()
}

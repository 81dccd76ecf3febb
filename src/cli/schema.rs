//! `cikr schema`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::output::Output;
use super::reference;
use crate::error::{Error, exit};
use crate::plan::{self, WrittenFile};
use crate::run;

const EXAMPLES: &str = "\
Examples:
  cikr schema layer > schemas/layer.schema.json
  cikr schema block > schemas/include/block.schema.json
  cikr schema pipeline > pipelines/pipeline.schema.json

An editor with taplo (Even Better TOML) then completes and checks every file whose first line is
  #:schema layer.schema.json";

/// Print the JSON Schema of layer schemas, blocks or pipelines, for editors.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Schema {
    /// Kind of file it describes
    #[arg(value_enum)]
    kind: Kind,
    /// Folder of reference tables, whose codes it lists [default: schemas/reference, if there]
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Kind {
    /// schemas/<id>.toml
    Layer,
    /// schemas/include/<name>.toml
    Block,
    /// pipelines/*.toml
    Pipeline,
}

impl Schema {
    pub(super) fn run(&self, out: &mut Output<'_>) -> Result<u8, Error> {
        let written = match self.kind {
            Kind::Layer => WrittenFile::Layer,
            Kind::Block => WrittenFile::Block,
            Kind::Pipeline => WrittenFile::Pipeline,
        };
        // Codes are listed where there are tables, and left open where there are none: the schema is good for
        // editing either way.
        let folder = reference::usual_folder(self.reference.as_deref(), &[Path::new("")]);
        let schema = plan::json_schema(
            written,
            &reference::load_tables(folder.as_deref())?,
            &run::product_names(),
        );
        out.print(&schema, || format!("{schema:#}"))?;
        Ok(exit::OK)
    }
}

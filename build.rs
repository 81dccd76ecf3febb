//! Embeds the map page, where `src/page/browser/install.sh` has bundled it of the sources that lie there now.
//!
//! Runs no other program and asks no network: without Node.js the program is built all the same, and writes maps without
//! their page. `CIKR_BROWSER_BUNDLE` names the folder of a bundle made elsewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "a build script gets all it knows from its environment, and writes what the compiler reads"
)]

use std::env::VarError;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What a bundle consists of; the page asks for the first three by these names.
const FILES: [&str; 4] = ["app.js", "app.css", "worker.js", "licences.txt"];

/// Names the folder of a bundle.
const BUNDLE: &str = "CIKR_BROWSER_BUNDLE";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/page/browser");
    println!("cargo::rerun-if-env-changed={BUNDLE}");
    let sources = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("src/page/browser");
    let generated = Path::new(&env::var("OUT_DIR")?).join("bundle.rs");
    fs::write(generated, rust_of(bundle_of(&sources)?.as_deref())?)?;
    Ok(())
}

/// The folder of the bundle that is to be embedded.
fn bundle_of(sources: &Path) -> Result<Option<PathBuf>, Box<dyn std::error::Error>> {
    match env::var(BUNDLE) {
        Ok(folder) => return Ok(Some(folder.into())),
        Err(VarError::NotPresent) => {}
        Err(error) => return Err(error.into()),
    }
    let Ok(folder) = fs::read_to_string(sources.join(".bundled")) else {
        return Ok(None);
    };
    let folder = PathBuf::from(folder.trim_end());
    if is_made_of(&folder.join("sources"), sources)? {
        return Ok(Some(folder));
    }
    println!(
        "cargo::warning=the map page has changed since it was bundled, and is left out: run src/page/browser/install.sh"
    );
    Ok(None)
}

/// Whether a bundle was made of these very sources. One that is gone was made of none.
fn is_made_of(made_of: &Path, sources: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(sources)? {
        let path = entry?.path();
        let is_source = matches!(path.extension().and_then(OsStr::to_str), Some("js" | "css"))
            || path.ends_with("package-lock.json");
        let name = path.file_name().unwrap_or_default();
        if is_source && fs::read(made_of.join(name)).ok() != Some(fs::read(&path)?) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Rust for `page::web_map::bundle`: the files by their names, none where there is no bundle.
fn rust_of(bundle: Option<&Path>) -> Result<String, Box<dyn std::error::Error>> {
    let mut text = "const BUNDLE: &[(&str, &[u8])] = &[\n".to_owned();
    for (folder, name) in bundle.iter().flat_map(|folder| FILES.map(|name| (folder, name))) {
        let path = fs::canonicalize(folder.join(name))?;
        let path = path.to_str().ok_or("the path of the bundle is not UTF-8")?;
        println!("cargo::rerun-if-changed={path}");
        writeln!(text, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    text.push_str("];\n");
    Ok(text)
}

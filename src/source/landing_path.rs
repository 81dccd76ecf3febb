//! The landing path in other people's messages, replaced by the name the pipeline gave.
//!
//! Pure text work.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What GDAL's messages call a source, and what people call it.
#[derive(Debug, Clone)]
pub(super) struct LandingPath {
    landed: PathBuf,
    shown: String,
}

impl LandingPath {
    /// Pairs the landed file or folder with the name it is shown under.
    pub(super) fn new(landed: &Path, shown: &str) -> Self {
        Self {
            landed: landed.to_owned(),
            shown: shown.to_owned(),
        }
    }

    /// Puts the shown name in the place of the landing path.
    pub(super) fn hide_in(&self, text: &str) -> String {
        // Shorter stems could be words of the message itself; a digest is longer.
        const DIGEST: usize = 16;
        let landed = self.landed.display().to_string();
        let landed_bare = without_extension(&self.landed);
        let shown_bare = without_extension(Path::new(&self.shown));
        // GDAL names a file in several ways, and the path that it was landed under means nothing to anybody.
        // The longest name first: each of them holds the next.
        let text = text
            .replace(&format!("/vsizip/{{{landed}}}"), &self.shown)
            .replace(&landed, &self.shown)
            .replace(&landed_bare, &shown_bare);
        match self.landed.file_stem().and_then(OsStr::to_str) {
            Some(stem) if stem.len() >= DIGEST => text.replace(stem, &shown_bare),
            _ => text,
        }
    }
}

fn without_extension(path: &Path) -> String {
    path.with_extension("").display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_landing_path_is_never_shown() {
        let digest = "0123456789abcdef";
        let landing = LandingPath::new(Path::new(&format!("/store/{digest}.shp")), "in/roads.shp");
        assert_eq!(
            landing.hide_in(&format!("no /store/{digest}.shp")),
            "no in/roads.shp"
        );
        assert_eq!(
            landing.hide_in(&format!("no /store/{digest}.shx, {digest}")),
            "no in/roads.shx, in/roads"
        );
        let landing = LandingPath::new(Path::new("/store/a.zip"), "in/a.zip");
        assert_eq!(
            landing.hide_in("bad /vsizip/{/store/a.zip}/a.shp"),
            "bad in/a.zip/a.shp"
        );
    }
}

//! Where a store is behind a web server, and what lies in it. Pure.

use url::Url;

use crate::feature::release::paths::LATEST;
use crate::feature::release::{ReleaseId, percent_encoded};

/// Folder of the releases, below what is served.
const RELEASES: &str = "releases";

/// An address that is none of a store or release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{what}: write the address of a store's `latest.json`, of the folder it is in, or of a release below `releases/`"
)]
pub struct BadStoreUrl {
    what: String,
}

/// The address of what is served of a store (its folder `public`), or of a release in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// With a slash at its end.
    folder: Url,
}

impl StoreUrl {
    /// By the address of the folder, or of the `latest.json` in it.
    ///
    /// ```
    /// use cikr::fetch::StoreUrl;
    ///
    /// let store = StoreUrl::parse("https://data.example.org/cikr/latest.json")?;
    /// assert_eq!(store, StoreUrl::parse("https://data.example.org/cikr")?);
    /// assert_eq!(store.latest().as_str(), "https://data.example.org/cikr/latest.json");
    /// assert!(StoreUrl::parse("/srv/cikr").is_err());
    /// # Ok::<(), cikr::fetch::BadStoreUrl>(())
    /// ```
    ///
    /// # Errors
    /// It is no address of HTTP, or has a user, a password or parameters.
    pub fn parse(address: &str) -> Result<Self, BadStoreUrl> {
        let refused = |what: String| BadStoreUrl { what };
        let mut url =
            Url::parse(address).map_err(|error| refused(format!("`{address}` is no URL ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(refused("only http and https are asked".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            let what = "a URL with a user, a password or parameters isn't asked";
            return Err(refused(what.to_owned()));
        }
        url.set_fragment(None);
        let path = url.path().strip_suffix(LATEST).unwrap_or(url.path());
        let path = format!("{}/", path.trim_end_matches('/'));
        url.set_path(&path);
        Ok(Self { folder: url })
    }

    /// Where `latest.json` is.
    pub fn latest(&self) -> Url {
        below(&self.folder, LATEST)
    }

    /// Folder of a release, with a slash at its end.
    pub(super) fn release_folder(&self, release: &ReleaseId) -> Url {
        below(&self.folder, &format!("{RELEASES}/{release}/"))
    }

    /// Where a file of a release is.
    pub fn file(&self, release: &ReleaseId, path: &str) -> Url {
        below(&self.release_folder(release), path)
    }

    /// The release that the address is of, and its folder; none where it is of a store.
    pub(super) fn release(&self) -> Option<(ReleaseId, Url)> {
        let path = self.folder.path().trim_end_matches('/');
        let (above, id) = path.rsplit_once('/')?;
        let is_release = above.ends_with(&format!("/{RELEASES}"));
        let id = is_release.then(|| ReleaseId::parse(id).ok()).flatten()?;
        Some((id, self.folder.clone()))
    }
}

/// Where a path below a folder is; `folder` ends with a slash.
pub(super) fn below(folder: &Url, path: &str) -> Url {
    let mut url = folder.clone();
    url.set_path(&format!("{}{}", folder.path(), percent_encoded(path)));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_store_or_a_release() {
        for store in [
            "https://a.gov/cikr",
            "https://a.gov/cikr/",
            "https://a.gov/cikr/latest.json",
            "https://a.gov/cikr#x",
        ] {
            let url = StoreUrl::parse(store).unwrap();
            assert_eq!(url.folder.as_str(), "https://a.gov/cikr/", "{store}");
            assert_eq!(url.release(), None);
        }
        let release = StoreUrl::parse("http://localhost:8000/releases/20261130T021500123Z").unwrap();
        assert_eq!(release.release().unwrap().0.as_str(), "20261130T021500123Z");
        for refused in [
            "file:///etc",
            "https://a:b@c.gov/",
            "https://a.gov/?sig=1",
            "out/demo",
            "s3://bucket/x",
        ] {
            assert!(StoreUrl::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_path_is_escaped_part_by_part() {
        let store = StoreUrl::parse("https://a.gov/cikr").unwrap();
        let id = ReleaseId::parse("20261130T021500123Z").unwrap();
        let url = store.file(&id, "layers/a b/data/region=R06/part#1.parquet");
        assert_eq!(
            url.as_str(),
            "https://a.gov/cikr/releases/20261130T021500123Z/layers/a%20b/data/region=R06/part%231.parquet"
        );
    }
}

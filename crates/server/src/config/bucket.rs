//! What the settings of the bucket come to.

use phiomia_model::address::PublicFiles;
use phiomia_store::{
    Secret,
    files::{BucketSettings, HandOut as Way},
};

use super::{Config, HandOut, S3};

impl Config {
    /// The bucket that is meant, as the store takes it; `None`: there is none.
    ///
    /// # Errors
    /// A sentence about what is missing. A [`Config`] that was assembled has none.
    pub fn bucket_settings(&self) -> Result<Option<BucketSettings>, String> {
        if !self.s3.enabled {
            return Ok(None);
        }
        let bucket = self.s3.bucket.clone().ok_or("s3.enabled is set, and s3.bucket is missing")?;
        self.bucket_named(bucket, "s3.enabled").map(Some)
    }

    /// The bucket for backups, on the same server; `None`: they are kept in a folder.
    ///
    /// # Errors
    /// As [`Config::bucket_settings`]; also when it is the bucket of the files, which others may read.
    pub fn backup_bucket(&self) -> Result<Option<BucketSettings>, String> {
        let Some(bucket) = self.backup.bucket.clone() else { return Ok(None) };
        if self.s3.bucket.as_ref() == Some(&bucket) {
            return Err(
                "backup.bucket is the bucket of the files, which others may read: name one of its own".to_owned()
            );
        }
        let prefix = self.backup.key_prefix.as_deref().map(|prefix| prefix.trim_matches('/').to_owned());
        let mut settings = self.bucket_named(bucket, "backup.bucket")?;
        settings.prefix = prefix.filter(|prefix| !prefix.is_empty());
        settings.hand_out = Way::Proxied;
        Ok(Some(settings))
    }

    /// A bucket of the server that the settings name. `cause`: the setting that wants it.
    fn bucket_named(&self, bucket: String, cause: &str) -> Result<BucketSettings, String> {
        let said = &self.s3;
        let needed = |value: &Option<String>, key: &str| {
            value.clone().ok_or_else(|| format!("{cause} is set, and {key} is missing"))
        };
        let access_key_id = needed(&said.access_key_id, "s3.access_key_id")?;
        let secret = said.secret_access_key.as_ref().map(|secret| secret.expose().to_owned());
        let secret = needed(&secret, "s3.secret_access_key")?;
        let is_address = |address: &String| {
            url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host())
        };
        if !said.endpoint.as_ref().is_none_or(is_address) {
            return Err("s3.endpoint must begin with https:// or http:// and name a host".to_owned());
        }
        if !matches!(said.protocol.as_str(), "https" | "http") {
            return Err("s3.protocol must be https or http".to_owned());
        }
        for (key, host) in [("s3.alias_host", &said.alias_host), ("s3.hostname", &said.hostname)] {
            if host.as_ref().is_some_and(|host| host.contains("://") || host.ends_with('/')) {
                return Err(format!("{key} must be a host such as files.example.org, without a scheme and a slash"));
            }
        }
        let prefix = said.key_prefix.as_deref().map(|prefix| prefix.trim_matches('/').to_owned());
        // A certificate for one name does not hold for two more in front of it.
        let is_virtual_hosted = said.virtual_hosted.unwrap_or_else(|| said.endpoint.is_none() && !bucket.contains('.'));
        Ok(BucketSettings {
            region: said.region.clone(),
            endpoint: said.endpoint.clone(),
            is_virtual_hosted,
            access_key_id,
            secret_access_key: Secret::new(secret),
            prefix: prefix.filter(|prefix| !prefix.is_empty()),
            storage_class: said.storage_class.clone(),
            hand_out: said.way(&bucket, is_virtual_hosted),
            open_timeout: said.open_timeout.0,
            read_timeout: said.read_timeout.0,
            max_retries: usize::from(said.retries),
            ca_file: said.ca_file.clone(),
            bucket,
        })
    }

    /// Where browsers find files that do not come through this server.
    pub(super) fn public_files(&self) -> PublicFiles {
        let Ok(Some(bucket)) = self.bucket_settings() else { return PublicFiles::default() };
        match (bucket.public_base(), &bucket.hand_out) {
            (Some(base), _) => PublicFiles::at(&base),
            (None, Way::Presigned) => PublicFiles::signed(&self.s3.address(&bucket.bucket, bucket.is_virtual_hosted)),
            (None, _) => PublicFiles::default(),
        }
    }
}

impl S3 {
    fn way(&self, bucket: &str, is_virtual_hosted: bool) -> Way {
        let base = || match &self.alias_host {
            Some(host) => format!("{}://{host}", self.protocol),
            None => self.reached(bucket, is_virtual_hosted),
        };
        match self.hand_out {
            Some(HandOut::Public) => Way::Public(base()),
            Some(HandOut::Presigned) => Way::Presigned,
            Some(HandOut::Proxied) => Way::Proxied,
            None if self.alias_host.is_some() => Way::Public(base()),
            None => Way::Proxied,
        }
    }

    /// The bucket as everybody reaches it.
    fn reached(&self, bucket: &str, is_virtual_hosted: bool) -> String {
        match &self.hostname {
            Some(host) => place(&format!("{}://{host}", self.protocol), bucket, is_virtual_hosted),
            None => self.address(bucket, is_virtual_hosted),
        }
    }

    /// The bucket as this server reaches it; signed addresses begin so.
    fn address(&self, bucket: &str, is_virtual_hosted: bool) -> String {
        let amazon = || format!("https://s3.{}.amazonaws.com", self.region);
        let endpoint = self.endpoint.clone().unwrap_or_else(amazon);
        place(endpoint.trim_end_matches('/'), bucket, is_virtual_hosted)
    }
}

/// The bucket in the host's name, or in the path.
fn place(server: &str, bucket: &str, is_virtual_hosted: bool) -> String {
    match server.split_once("://") {
        Some((scheme, host)) if is_virtual_hosted => format!("{scheme}://{bucket}.{host}"),
        _ => format!("{server}/{bucket}"),
    }
}

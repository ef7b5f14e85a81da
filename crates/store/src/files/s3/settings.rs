//! Which bucket is meant, and how its files are handed out.

use std::{path::PathBuf, time::Duration};

use crate::Secret;

/// A bucket of a server that speaks S3.
#[derive(Clone, Debug)]
pub struct BucketSettings {
    /// Its name.
    pub bucket: String,
    /// `us-east-1`; servers other than Amazon's often want any word at all.
    pub region: String,
    /// `https://minio.example.org:9000`. `None`: Amazon's own for the region.
    pub endpoint: Option<String>,
    /// Whether the bucket stands in the name of the host (`bucket.example.org`) instead of the path.
    pub is_virtual_hosted: bool,
    /// The name of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// What the names of all files begin with, for several servers in one bucket; without slashes around it.
    pub prefix: Option<String>,
    /// `STANDARD_IA` and the like; `None`: what the bucket says.
    pub storage_class: Option<String>,
    /// How files come to those who look at them.
    pub hand_out: HandOut,
    /// How long a connection may take to be made.
    pub open_timeout: Duration,
    /// How long an answer may take to begin, and each part of it to come.
    pub read_timeout: Duration,
    /// How often a request is repeated that failed through no fault of its own.
    pub max_retries: usize,
    /// A PEM file with one more authority that may sign the server's certificate.
    pub ca_file: Option<PathBuf>,
}

/// How files of a bucket come to those who look at them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandOut {
    /// From the bucket, or from what stands in front of it, at this address (without a slash at its end).
    Public(String),
    /// From the bucket, to whoever has a signed address, which this server gives.
    Presigned,
    /// Through this server.
    Proxied,
}

impl BucketSettings {
    /// Where its files are fetched by everybody, when they are. Names of files follow after a slash.
    #[must_use]
    pub fn public_base(&self) -> Option<String> {
        let HandOut::Public(base) = &self.hand_out else { return None };
        Some(match &self.prefix {
            Some(prefix) => format!("{base}/{prefix}"),
            None => base.clone(),
        })
    }

    /// The address that requests go to; the bucket's name is in it, if it is in the host's name.
    pub(super) fn bucket_endpoint(&self) -> Option<String> {
        let endpoint = self.endpoint.as_deref()?.trim_end_matches('/');
        match endpoint.split_once("://") {
            Some((scheme, host)) if self.is_virtual_hosted => Some(format!("{scheme}://{}.{host}", self.bucket)),
            _ => Some(endpoint.to_owned()),
        }
    }
}

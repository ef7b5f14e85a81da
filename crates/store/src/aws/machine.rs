//! What a machine or container of Amazon's may do by its role: it is asked at an address that only it reaches.

use std::{path::PathBuf, time::Duration};

use object_store::{
    RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey, AwsCredentialProvider},
};
use phiomia_model::Fault;

use crate::{
    Secret,
    files::{BucketSettings, Client, HandOut},
};

/// It is near, or not there.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How the machine is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// The region of what will be signed.
    pub region: String,
    /// Instead of the address that all machines have.
    pub endpoint: Option<String>,
    /// Of a container: the path (ECS) or address (EKS) at which its role is asked for.
    pub container: Option<String>,
    /// A file with what the container shows there.
    pub container_token: Option<PathBuf>,
}

impl Machine {
    pub(super) fn provider(&self) -> Result<AwsCredentialProvider, Fault> {
        // Nothing is asked of a bucket: these are the client's timeouts.
        let settings = BucketSettings {
            bucket: "none".to_owned(),
            region: self.region.clone(),
            endpoint: None,
            is_virtual_hosted: false,
            access_key_id: String::new(),
            secret_access_key: Secret::new(""),
            prefix: None,
            storage_class: None,
            hand_out: HandOut::Proxied,
            open_timeout: TIMEOUT,
            read_timeout: TIMEOUT,
            max_retries: 1,
            ca_file: None,
        };
        let retry =
            RetryConfig { max_retries: settings.max_retries, retry_timeout: TIMEOUT * 2, ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&settings.bucket)
            .with_region(&self.region)
            .with_retry(retry)
            .with_http_connector(Client::new(&settings)?);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_metadata_endpoint(endpoint);
        }
        if let Some(place) = &self.container {
            let key = match place.starts_with('/') {
                true => AmazonS3ConfigKey::ContainerCredentialsRelativeUri,
                false => AmazonS3ConfigKey::ContainerCredentialsFullUri,
            };
            builder = builder.with_config(key, place);
        }
        if let Some(file) = &self.container_token {
            builder =
                builder.with_config(AmazonS3ConfigKey::ContainerAuthorizationTokenFile, file.display().to_string());
        }
        let store = builder.build().map_err(|error| Fault::because("asking this machine for its role", error))?;
        Ok(store.credentials().clone())
    }
}

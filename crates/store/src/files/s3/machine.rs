//! What a machine of Amazon's may do by its role: it is asked at an address that only the machine itself reaches.

use std::time::Duration;

use object_store::{
    RetryConfig,
    aws::{AmazonS3Builder, AwsCredentialProvider},
};
use phiomia_model::Fault;

use super::{BucketSettings, Client, HandOut};
use crate::Secret;

/// It is near, or not there.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Where keys of the machine's role come from. `endpoint`: instead of the address that all such machines have.
///
/// # Errors
/// When no client can be made.
pub(crate) fn machine_credentials(region: &str, endpoint: Option<&str>) -> Result<AwsCredentialProvider, Fault> {
    // Nothing is asked of a bucket: these are the client's timeouts.
    let settings = BucketSettings {
        bucket: "none".to_owned(),
        region: region.to_owned(),
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
    let retry = RetryConfig { max_retries: settings.max_retries, retry_timeout: TIMEOUT * 2, ..RetryConfig::default() };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&settings.bucket)
        .with_region(region)
        .with_retry(retry)
        .with_http_connector(Client::new(&settings)?);
    if let Some(endpoint) = endpoint {
        builder = builder.with_metadata_endpoint(endpoint);
    }
    let store = builder.build().map_err(|error| Fault::because("asking this machine for its role", error))?;
    Ok(store.credentials().clone())
}

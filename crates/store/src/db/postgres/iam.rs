//! Signing in at RDS and Aurora as somebody of IAM: the password is a signed request (Signature Version 4) that holds for
//! a quarter of an hour, and is made anew for each connection.
//!
//! Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>; the signature by
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::{fmt, sync::Arc};

use aws_lc_rs::{digest, hmac};
use object_store::aws::AwsCredential;
use phiomia_model::{Fault, Time};
use tokio_postgres::config::Host;

use crate::{Clock, Secret, db::copy::hex, files::machine_credentials};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const SERVICE: &str = "rds-db";
/// How long a token may be used to connect, in seconds. A connection that is made goes on.
const LASTS: u32 = 900;
const PORT: u16 = 5432;

/// Whose name the password is made in.
#[derive(Clone, PartialEq, Eq)]
pub struct Iam {
    /// Where the database is: `eu-central-1`.
    pub region: String,
    /// A key and its secret. `None`: those of the role of this machine.
    pub key: Option<(String, Secret)>,
}

impl fmt::Debug for Iam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iam").field("region", &self.region).finish_non_exhaustive()
    }
}

impl Iam {
    /// The region in the name of a host of RDS, if it is one.
    #[must_use]
    pub fn region_of(host: &str) -> Option<&str> {
        let (name, _) = host.split_once(".rds.amazonaws.com")?;
        name.rsplit_once('.').map(|(_, region)| region)
    }

    /// The same connection, with a password of this moment.
    pub(super) async fn sign_in(&self, config: &tokio_postgres::Config) -> Result<tokio_postgres::Config, Fault> {
        let Some(Host::Tcp(host)) = config.get_hosts().first() else {
            return Err(Fault::new("signing in by IAM needs the host of the database"));
        };
        let user = config.get_user().ok_or_else(|| Fault::new("signing in by IAM needs the user of the database"))?;
        let port = config.get_ports().first().copied().unwrap_or(PORT);
        let credential = match &self.key {
            Some((key_id, secret)) => {
                let secret_key = secret.expose().to_owned();
                Arc::new(AwsCredential { key_id: key_id.clone(), secret_key, token: None })
            }
            None => {
                let asked = machine_credentials(&self.region, None)?.get_credential().await;
                asked.map_err(|error| Fault::because("asking this machine for its role", error).transient())?
            }
        };
        let now = Clock::system().now();
        let password = token(&format!("{host}:{port}"), user, &self.region, &credential, now);
        let mut config = config.clone();
        config.password(password);
        Ok(config)
    }
}

/// The password for a user at `host:port`.
fn token(host: &str, user: &str, region: &str, credential: &AwsCredential, now: Time) -> String {
    let digits: String = now.to_iso_millis().chars().filter(char::is_ascii_alphanumeric).take(15).collect();
    let moment = format!("{digits}Z");
    let day: String = moment.chars().take(8).collect();
    let scope = format!("{day}/{region}/{SERVICE}/aws4_request");
    let mut query = vec![
        ("Action", "connect".to_owned()),
        ("DBUser", user.to_owned()),
        ("X-Amz-Algorithm", ALGORITHM.to_owned()),
        ("X-Amz-Credential", format!("{}/{scope}", credential.key_id)),
        ("X-Amz-Date", moment.clone()),
        ("X-Amz-Expires", LASTS.to_string()),
    ];
    query.extend(credential.token.iter().map(|token| ("X-Amz-Security-Token", token.clone())));
    query.push(("X-Amz-SignedHeaders", "host".to_owned()));
    // In the order of their names already, as the signature wants it.
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let query = query.join("&");
    let nothing = hex(digest::digest(&digest::SHA256, b"").as_ref());
    let request = format!("GET\n/\n{query}\nhost:{host}\n\nhost\n{nothing}");
    let request = hex(digest::digest(&digest::SHA256, request.as_bytes()).as_ref());
    let first = format!("AWS4{}", credential.secret_key);
    let key = [day.as_str(), region, SERVICE, "aws4_request"]
        .iter()
        .fold(first.into_bytes(), |key, part| signed(&key, part.as_bytes()));
    let signature = hex(&signed(&key, format!("{ALGORITHM}\n{moment}\n{scope}\n{request}").as_bytes()));
    format!("{host}/?{query}&X-Amz-Signature={signature}")
}

fn signed(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

/// Everything but letters, digits and `-._~`, as the signature wants it.
fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect")]

    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;

    fn credential(token: Option<&str>) -> AwsCredential {
        let token = token.map(str::to_owned);
        AwsCredential { key_id: "akid".to_owned(), secret_key: "skid".to_owned(), token }
    }

    #[test]
    fn a_token_is_the_one_that_amazons_own_library_makes() {
        // The example in the tests of botocore.
        let now = Time::parse("2016-11-07T17:39:33Z").unwrap();
        let host = "prod-instance.us-east-1.rds.amazonaws.com:3306";
        let made = token(host, "someusername", "us-east-1", &credential(None), now);
        assert_eq!(
            made,
            "prod-instance.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=someusername\
             &X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=akid%2F20161107%2Fus-east-1%2Frds-db%2Faws4_request\
             &X-Amz-Date=20161107T173933Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host\
             &X-Amz-Signature=d1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61"
        );
    }

    #[test]
    fn what_a_role_lends_is_named_in_its_place() {
        let made = token("db:5432", "a b", "eu-west-1", &credential(Some("a+b/c=")), Time(0));
        assert!(made.contains("DBUser=a%20b&"), "{made}");
        assert!(
            made.contains("&X-Amz-Expires=900&X-Amz-Security-Token=a%2Bb%2Fc%3D&X-Amz-SignedHeaders=host&"),
            "{made}"
        );
    }

    #[test]
    fn the_region_is_in_the_name_of_the_host() {
        for (host, region) in [
            ("prod.abc.eu-central-1.rds.amazonaws.com", Some("eu-central-1")),
            ("my.cluster-abc.us-east-1.rds.amazonaws.com.cn", Some("us-east-1")),
            ("db.example.org", None),
        ] {
            assert_eq!(Iam::region_of(host), region, "{host}");
        }
    }

    #[test]
    fn each_connection_has_a_password_of_its_moment() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let key = Some(("akid".to_owned(), Secret::new("skid")));
        let iam = Iam { region: "eu-west-1".to_owned(), key };
        let config = "postgres://me@db.eu-west-1.rds.amazonaws.com/phiomia".parse().unwrap();
        let signed = runtime.block_on(iam.sign_in(&config)).unwrap();
        let password = String::from_utf8(signed.get_password().unwrap().to_vec()).unwrap();
        assert!(password.starts_with("db.eu-west-1.rds.amazonaws.com:5432/?Action=connect&DBUser=me&"), "{password}");
        assert!(!format!("{iam:?}").contains("skid"));
    }

    /// What a machine of Amazon's says of its role at an address of its own.
    fn say_role(listener: &TcpListener) {
        for _ in 0..3 {
            let (mut asked, _) = listener.accept().unwrap();
            let mut head = [0; 4096];
            let n = asked.read(&mut head).unwrap();
            let head = String::from_utf8_lossy(&head[..n]).into_owned();
            let body = if head.starts_with("PUT /latest/api/token") {
                "a-token"
            } else if head.contains("security-credentials/phiomia") {
                "{\"AccessKeyId\":\"akid\",\"SecretAccessKey\":\"skid\",\"Token\":\"lent\",\"Expiration\":\"2099-01-01T00:00:00Z\"}"
            } else {
                "phiomia"
            };
            let length = body.len();
            write!(asked, "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").unwrap();
        }
    }

    #[test]
    fn the_role_of_the_machine_is_asked_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let saying = std::thread::spawn(move || say_role(&listener));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let provider = machine_credentials("eu-west-1", Some(&endpoint)).unwrap();
        let asked = provider.get_credential();
        let found = runtime.block_on(async { tokio::time::timeout(std::time::Duration::from_secs(10), asked).await });
        let found = found.unwrap().unwrap();
        assert_eq!((found.key_id.as_str(), found.token.as_deref()), ("akid", Some("lent")));
        saying.join().unwrap();
    }
}

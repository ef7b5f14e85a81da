//! Signing in at RDS and Aurora as somebody of IAM: the password is a signed request (Signature Version 4) that holds for
//! a quarter of an hour, and is made anew for each connection.
//!
//! Source: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html>; the signature by
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::{fmt, time::Duration};

use phiomia_model::{Fault, Time};
use tokio_postgres::config::Host;

use crate::{
    Clock, Secret,
    aws::{Key, Keys, Machine, Scope},
};

const SERVICE: &str = "rds-db";
/// How long a token may be used to connect. A connection that is made goes on.
const LASTS: Duration = Duration::from_secs(900);
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
        let keys = match &self.key {
            Some((id, secret)) => Keys::said(Key { id: id.clone(), secret: secret.clone(), session: None }),
            None => Keys::lent(&Machine { region: self.region.clone(), ..Machine::default() })?,
        };
        let password = token(&format!("{host}:{port}"), user, &self.region, &keys.key().await?, Clock::system().now());
        let mut config = config.clone();
        config.password(password);
        Ok(config)
    }
}

/// The password for a user at `host:port`.
fn token(host: &str, user: &str, region: &str, key: &Key, now: Time) -> String {
    let said = [("Action", "connect"), ("DBUser", user)];
    format!("{host}/?{}", key.sign_query(&Scope { region, service: SERVICE, now }, host, &said, LASTS))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what they expect")]

    use std::{
        io::{Read as _, Write as _},
        net::TcpListener,
    };

    use super::*;

    fn key(session: Option<&str>) -> Key {
        Key { id: "akid".to_owned(), secret: Secret::new("skid"), session: session.map(Secret::new) }
    }

    #[test]
    fn a_token_is_the_one_that_amazons_own_library_makes() {
        // The example in the tests of botocore.
        let now = Time::parse("2016-11-07T17:39:33Z").unwrap();
        let host = "prod-instance.us-east-1.rds.amazonaws.com:3306";
        let made = token(host, "someusername", "us-east-1", &key(None), now);
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
        let made = token("db:5432", "a b", "eu-west-1", &key(Some("a+b/c=")), Time(0));
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
        let machine = Machine { region: "eu-west-1".to_owned(), endpoint: Some(endpoint), ..Machine::default() };
        let keys = Keys::lent(&machine).unwrap();
        let asked = async { tokio::time::timeout(Duration::from_secs(10), keys.key()).await };
        let found = runtime.block_on(asked).unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.session.as_ref().map(Secret::expose)), ("akid", Some("lent")));
        saying.join().unwrap();
    }
}

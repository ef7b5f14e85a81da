//! The S3 server of the tests as a program: `s3-server FOLDER HOST:PORT`. With `public` at the end everybody may read.
#![expect(clippy::expect_used, reason = "a test that cannot be set up shall fail loudly")]

use phiomia_testkit::S3Server;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("the folder");
    let address = arguments.next().expect("the address");
    let server = S3Server::at(folder.into(), &address).await.expect("nobody else listens there");
    server.open_to_everybody(arguments.next().as_deref() == Some("public"));
    server.run().await;
}

//! What is taken and what is not, in words.

use std::net::IpAddr;

use super::*;

#[test]
fn parts_are_of_a_hundred() {
    assert_eq!(
        (Percent::read("10%"), Percent::read("0 %"), Percent::read("100")),
        (Ok(Percent(10)), Ok(Percent(0)), Ok(Percent(100)))
    );
    for bad in ["", "%", "101%", "-1%", "a tenth"] {
        assert!(Percent::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn sizes_and_spans_need_a_unit_that_exists() {
    assert_eq!(Size::read("256MB"), Ok(Size(256 << 20)));
    assert_eq!(Size::read("64 kB"), Ok(Size(64 << 10)));
    assert_eq!(Size::read("65536"), Ok(Size(65_536)));
    for bad in ["", "MB", "1.5GB", "-1", "99999999999GB", "3 parsecs"] {
        assert!(Size::read(bad).is_err(), "{bad:?}");
    }
    assert_eq!(Duration::read("500ms"), Ok(Duration::from_millis(500)));
    assert_eq!(Duration::read("2h"), Ok(Duration::from_secs(7200)));
    assert_eq!(Seconds::read("5"), Ok(Seconds(Duration::from_secs(5))));
    assert_eq!(Seconds::read("500ms"), Ok(Seconds(Duration::from_millis(500))));
    assert!(Seconds::read("0").is_err() && Seconds::read("").is_err());
    for bad in ["", "30", "0s", "5 fortnights", "9999999d"] {
        assert!(Duration::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn domains_are_kept_in_their_ascii_form() {
    let read = |text| Domain::read(text).map(|d| (d.as_str().to_owned(), d.is_for_development()));
    assert_eq!(read("Example.ORG"), Ok(("example.org".to_owned(), false)));
    assert_eq!(read("bücher.example"), Ok(("xn--bcher-kva.example".to_owned(), false)));
    assert_eq!(read("localhost:3912"), Ok(("localhost:3912".to_owned(), true)));
    assert_eq!(read("localhost"), Ok(("localhost".to_owned(), true)));
    assert_eq!(read("[::1]:80"), Ok(("[::1]:80".to_owned(), true)));
    for bad in ["", "https://example.org", "example.org/", "a b", "me@example.org", "example.org:port", "x:70000"] {
        assert!(Domain::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn an_address_is_in_the_range_that_shares_its_first_bits() {
    let inside = |range: &str, address: &str| {
        let address = address.parse().map_err(|_| "address".to_owned());
        Cidr::read(range).and_then(|r| address.map(|a: IpAddr| r.contains(a)))
    };
    assert_eq!(inside("10.0.0.0/8", "10.200.3.4"), Ok(true));
    assert_eq!(inside("10.0.0.0/8", "11.0.0.1"), Ok(false));
    assert_eq!(inside("192.168.128.0/17", "192.168.127.255"), Ok(false));
    assert_eq!(inside("127.0.0.1", "::ffff:127.0.0.1"), Ok(true));
    assert_eq!(inside("fc00::/7", "fd12::1"), Ok(true));
    assert_eq!(inside("0.0.0.0/0", "::1"), Ok(false));
    for bad in ["", "10.0.0.0/33", "::/129", "example.org", "10.0.0"] {
        assert!(Cidr::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn listening_takes_a_port_a_host_or_a_socket() {
    assert_eq!(Listen::read("3000"), Ok(Listen::Tcp("localhost:3000".to_owned())));
    assert_eq!(Listen::read("[::]:80").map(|l| l.port()), Ok(Some(80)));
    assert_eq!(Listen::read("unix:///run/phiomia.sock"), Ok(Listen::Unix("/run/phiomia.sock".into())));
    for bad in ["", "unix:", "example.org", "host:99999", "[zz]:80", "http://x:80"] {
        assert!(Listen::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn placeholders_are_no_secrets() {
    for bad in ["changeme", "Change-Me", "<your password>", "xxxxxxxx", "postgres://u:changeme@db/x"] {
        assert!(Secret::read(bad).is_err(), "{bad:?}");
    }
    assert!(Secret::read("postgres://mastodon:s3cr3t-0f-0urs@db/secret").is_ok());
}

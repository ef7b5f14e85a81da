//! Signatures of the standards, and our own of both kinds in all the ways they can be wrong.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use super::*;

const NOW: Time = Time::from_millis(1_618_884_473_000);
const BODY: &[u8] = br#"{"hello": "world"}"#;

fn key() -> PrivateKey {
    // Made for these tests with `openssl genpkey`; it signs nothing else.
    PrivateKey::from_pem(include_str!("../../fixtures/keys/rsa2048.private.pem")).unwrap()
}

fn public() -> PublicKey {
    PublicKey::from_pem(&key().public_pem()).unwrap()
}

fn key_id() -> Uri {
    Uri::parse("https://a.example/users/1#main-key", Web::Https).unwrap()
}

fn url() -> Url {
    Url::parse("https://b.example/inbox?x=1").unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn signed(dialect: Dialect, body: Option<&[u8]>) -> HeaderMap {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let signer = Signer { key_id: &key_id(), key: &key() };
    sign(dialect, &method, &url(), body, signer, NOW).unwrap().into_iter().collect()
}

fn examine(headers: &HeaderMap, body: Option<&[u8]>) -> Result<Signed, Refused> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    Signed::examine(&Head { method: &method, url: &url(), headers }, body, NOW)
}

#[test]
fn what_we_sign_we_believe_in_both_dialects_with_and_without_a_body() {
    for dialect in [Dialect::Cavage, Dialect::Rfc9421] {
        for body in [None, Some(BODY)] {
            let found = examine(&signed(dialect, body), body).unwrap();
            assert_eq!(found.dialect(), dialect);
            assert_eq!(found.key_uri(Web::Https).unwrap(), key_id());
            assert_eq!(found.verify(&public()), Ok(()));
        }
    }
}

#[test]
fn the_same_request_is_always_signed_alike() {
    let headers = signed(Dialect::Cavage, Some(BODY));
    insta::assert_snapshot!(headers["signature"].to_str().unwrap().split(",signature").next().unwrap(),
        @r#"keyId="https://a.example/users/1#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest""#);
    assert_eq!(headers["date"], "Tue, 20 Apr 2021 02:07:53 GMT");
    let headers = signed(Dialect::Rfc9421, Some(BODY));
    insta::assert_snapshot!(headers["signature-input"].to_str().unwrap(),
        @r#"sig1=("@method" "@target-uri" "content-digest");created=1618884473;keyid="https://a.example/users/1#main-key";alg="rsa-v1_5-sha256""#);
    assert_eq!(signed(Dialect::Rfc9421, Some(BODY)), headers);
}

#[test]
fn another_body_method_target_host_or_key_is_not_believed() {
    for dialect in [Dialect::Cavage, Dialect::Rfc9421] {
        let headers = signed(dialect, Some(BODY));
        assert!(matches!(examine(&headers, Some(b"other")), Err(Refused::DigestMismatch(_))));
        let verify = |method: Method, url: &str| {
            let url = Url::parse(url).unwrap();
            Signed::examine(&Head { method: &method, url: &url, headers: &headers }, Some(BODY), NOW)
                .and_then(|signed| signed.verify(&public()))
        };
        assert_eq!(verify(Method::POST, "https://b.example/inbox?x=1"), Ok(()));
        assert_eq!(verify(Method::PUT, "https://b.example/inbox?x=1"), Err(Refused::Wrong));
        assert_eq!(verify(Method::POST, "https://b.example/inbox?x=2"), Err(Refused::Wrong));
        assert_eq!(verify(Method::POST, "https://c.example/inbox?x=1"), Err(Refused::Wrong));
        let other = PublicKey::from_pem(RFC_RSA_PUBLIC).unwrap();
        assert_eq!(examine(&headers, Some(BODY)).unwrap().verify(&other), Err(Refused::Wrong));
        let ed25519 = PublicKey::from_pem(RFC_ED25519_PUBLIC).unwrap();
        assert!(matches!(examine(&headers, Some(BODY)).unwrap().verify(&ed25519), Err(Refused::KeyKind { .. })));
    }
}

#[test]
fn some_sign_the_path_without_its_query_and_are_believed() {
    let short = Url::parse("https://b.example/inbox").unwrap();
    let signer = Signer { key_id: &key_id(), key: &key() };
    let headers: HeaderMap =
        sign(Dialect::Cavage, &Method::GET, &short, None, signer, NOW).unwrap().into_iter().collect();
    assert_eq!(examine(&headers, None).unwrap().verify(&public()), Ok(()));
}

/// <https://www.rfc-editor.org/rfc/rfc9421#appendix-B.1.1>.
const RFC_RSA_PUBLIC: &str = "-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw
WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq
MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg
kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P
uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ
PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB
-----END RSA PUBLIC KEY-----";

/// <https://www.rfc-editor.org/rfc/rfc9421#appendix-B.1.4>.
const RFC_ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----";

/// <https://www.rfc-editor.org/rfc/rfc9421#appendix-B.2.6>; the body is not covered there, so none is given.
#[test]
fn the_ed25519_signature_of_the_standard_holds() {
    let headers = headers(&[
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        ("content-length", "18"),
        (
            "signature-input",
            "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473\
             ;keyid=\"test-key-ed25519\"",
        ),
        (
            "signature",
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
        ),
    ]);
    let url = Url::parse("https://example.com/foo").unwrap();
    let head = Head { method: &Method::POST, url: &url, headers: &headers };
    let found = Signed::examine(&head, None, NOW).unwrap();
    assert_eq!(found.key_id(), "test-key-ed25519");
    assert_eq!(found.key_uri(Web::Https), Err(Refused::KeyId));
    assert_eq!(found.verify(&PublicKey::from_pem(RFC_ED25519_PUBLIC).unwrap()), Ok(()));
    // The same request in the standard has a query, and then the signature would have to cover it.
    let url = Url::parse("https://example.com/foo?param=Value&Pet=dog").unwrap();
    let head = Head { method: &Method::POST, url: &url, headers: &headers };
    assert_eq!(Signed::examine(&head, None, NOW), Err(Refused::NotCovered("the request target")));
}

/// <https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12#appendix-C.3>. Its key has 1024 bits, which
/// are too few for us; the text that is signed is what counts here.
#[test]
fn the_text_to_be_signed_is_the_one_of_the_draft() {
    let headers = headers(&[
        ("host", "example.com"),
        ("date", "Sun, 05 Jan 2014 21:31:40 GMT"),
        ("content-type", "application/json"),
        ("digest", "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
        ("content-length", "18"),
        (
            "signature",
            "keyId=\"Test\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date content-type digest \
             content-length\",signature=\"AAAA\"",
        ),
    ]);
    let url = Url::parse("https://example.com/foo?param=value&pet=dog").unwrap();
    let head = Head { method: &Method::POST, url: &url, headers: &headers };
    let then = Time::parse("2014-01-05T21:31:40Z").unwrap();
    let found = Signed::examine(&head, Some(BODY), then).unwrap();
    insta::assert_snapshot!(found.bases[0], @r"
    (request-target): post /foo?param=value&pet=dog
    host: example.com
    date: Sun, 05 Jan 2014 21:31:40 GMT
    content-type: application/json
    digest: SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=
    content-length: 18
    ");
}

#[test]
fn a_signature_that_covers_too_little_is_refused_with_what_is_missing() {
    let date = "Tue, 20 Apr 2021 02:07:53 GMT";
    for (covered, missing) in [
        ("host date digest", "the request target"),
        ("(request-target) date digest", "the host"),
        ("(request-target) host digest", "a date"),
        ("(request-target) host date", "a digest of the body"),
        ("", "the request target"),
    ] {
        let signature = format!("keyId=\"k\",headers=\"{covered}\",signature=\"AAAA\"");
        let digest = digest_header(BODY);
        let headers = headers(&[("date", date), ("digest", &digest), ("signature", &signature)]);
        assert_eq!(examine(&headers, Some(BODY)), Err(Refused::NotCovered(missing)), "{covered}");
    }
    for (covered, missing) in [
        (r#"("@target-uri" "content-digest");created=1618884473"#, "the method"),
        (r#"("@method" "@authority" "content-digest");created=1618884473"#, "the request target"),
        (r#"("@method" "@path" "@authority" "content-digest");created=1618884473"#, "the request target"),
        (r#"("@method" "@path" "@query" "content-digest");created=1618884473"#, "the host"),
        (r#"("@method" "@target-uri" "content-digest")"#, "a date"),
        (r#"("@method" "@target-uri");created=1618884473"#, "a digest of the body"),
    ] {
        let input = format!("s={covered};keyid=\"k\"");
        let digest = content_digest_header(BODY);
        let headers = headers(&[("content-digest", &digest), ("signature-input", &input), ("signature", "s=:AAAA:")]);
        assert_eq!(examine(&headers, Some(BODY)), Err(Refused::NotCovered(missing)), "{covered}");
    }
}

#[test]
fn doubled_and_strange_signatures_are_refused() {
    let full = r#"("@method" "@target-uri");created=1618884473;keyid="k""#;
    let case = |input: &str, signature: &str| {
        examine(&headers(&[("signature-input", input), ("signature", signature)]), None).unwrap_err()
    };
    assert_eq!(case(&format!("a={full}, b={full}"), "a=:AAAA:"), Refused::Several(2));
    assert_eq!(case(&format!("a={full}"), "a=:AAAA:, b=:AAAA:"), Refused::Several(2));
    assert_eq!(case(&format!("a={full};alg=\"none\""), "a=:AAAA:"), Refused::Algorithm("none".into()));
    assert_eq!(case(r#"a=("@method" "@method")"#, "a=:AAAA:"), Refused::Repeated("@method".into()));
    assert_eq!(case(r#"a=("@method";req)"#, "a=:AAAA:"), Refused::Component("@method".into()));
    assert_eq!(case(&format!("a={full}"), "b=:AAAA:"), Refused::Malformed("Signature", "the label of Signature-Input"));
    let status = r#"a=("@method" "@target-uri" "@status");created=1618884473;keyid="k""#;
    assert_eq!(case(status, "a=:AAAA:"), Refused::Component("@status".into()));

    let cavage = |signature: &str| examine(&headers(&[("signature", signature)]), None).unwrap_err();
    assert_eq!(cavage("keyId=\"a\",keyId=\"b\""), Refused::Repeated("keyId".into()));
    assert_eq!(
        cavage("keyId=\"a\",signature=\"\",algorithm=\"hmac-sha256\""),
        Refused::Algorithm("hmac-sha256".into())
    );
    assert_eq!(cavage("keyId=\"a\""), Refused::ParameterMissing("signature"));
    assert!(matches!(cavage("keyId"), Refused::Malformed("Signature", _)));
    assert!(matches!(cavage(&format!("keyId=\"{}\"", "a".repeat(9_000))), Refused::TooLong(_)));
    assert_eq!(examine(&HeaderMap::new(), None), Err(Refused::Unsigned));

    let mut twice = signed(Dialect::Cavage, None);
    twice.append("date", HeaderValue::from_static("Tue, 20 Apr 2021 02:07:53 GMT"));
    assert_eq!(examine(&twice, None), Err(Refused::Repeated("date".into())));
}

#[test]
fn keys_are_read_in_every_form_they_are_written_in() {
    let pkcs1 = PublicKey::from_pem(include_str!("../../fixtures/keys/rsa2048.pkcs1.pem")).unwrap();
    let headers = signed(Dialect::Cavage, None);
    assert_eq!(examine(&headers, None).unwrap().verify(&pkcs1), Ok(()));
    let one_line = key().public_pem().replace('\n', "");
    assert_eq!(PublicKey::from_pem(&one_line).unwrap().kind(), KeyKind::Rsa);
    let multikey = PublicKey::from_multibase("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2").unwrap();
    assert_eq!(multikey.kind(), KeyKind::Ed25519);
    let other_base = PublicKey::from_multibase("u7QGwDY2Tjn93PVFWWq02piP1NE9_XRlg-c8-jhJiDqKBDw").unwrap();
    assert_eq!(other_base.kind(), KeyKind::Ed25519);
    for bad in ["", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"] {
        assert!(PublicKey::from_pem(bad).is_err());
    }
    assert!(PublicKey::from_multibase("zAAAA").is_err());
    assert_eq!(format!("{:?}", key()), "PrivateKey(…)");
}

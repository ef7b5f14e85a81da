//! RFC 9421: HTTP Message Signatures.
//! Source: <https://www.rfc-editor.org/rfc/rfc9421>.

use base64::{Engine, engine::general_purpose::STANDARD};
use phiomia_model::time::Time;

use super::{
    Dialect, Head, Refused, Signed, Signer, digest,
    fields::{Bare, Member, Parameters, dictionary, write_list},
    window,
};

pub(super) fn examine(head: &Head<'_>, body: Option<&[u8]>, now: Time) -> Result<Signed, Refused> {
    let input = head.bounded("signature-input")?.ok_or(Refused::Unsigned)?;
    let mut inputs = dictionary(input).map_err(|why| Refused::Malformed("Signature-Input", why))?;
    if inputs.len() != 1 {
        return Err(Refused::Several(inputs.len()));
    }
    let Some((label, Member::List(components, parameters))) = inputs.pop() else {
        return Err(Refused::Malformed("Signature-Input", "a list of components"));
    };
    let signature = signature_of(head, &label)?;
    let names = component_names(&components)?;
    check_coverage(head, &names, body)?;
    check_time(head, &names, &parameters, now)?;
    let algorithm = text_parameter(&parameters, "alg")?;
    if !matches!(algorithm, None | Some("rsa-v1_5-sha256" | "ed25519")) {
        return Err(Refused::Algorithm(algorithm.unwrap_or_default().to_owned()));
    }
    Ok(Signed {
        dialect: Dialect::Rfc9421,
        key_id: text_parameter(&parameters, "keyid")?.ok_or(Refused::ParameterMissing("keyid"))?.to_owned(),
        algorithm: algorithm.map(str::to_owned),
        signature,
        bases: vec![base(head, &names, &write_list(&components, &parameters))?],
    })
}

fn signature_of(head: &Head<'_>, label: &str) -> Result<Vec<u8>, Refused> {
    let text = head.bounded("signature")?.ok_or(Refused::Unsigned)?;
    let signatures = dictionary(text).map_err(|why| Refused::Malformed("Signature", why))?;
    if signatures.len() > 1 {
        return Err(Refused::Several(signatures.len()));
    }
    match signatures.into_iter().find(|(name, _)| name == label) {
        Some((_, Member::Item(Bare::Bytes(bytes), _))) => Ok(bytes),
        Some(_) => Err(Refused::Malformed("Signature", "bytes between colons")),
        None => Err(Refused::Malformed("Signature", "the label of Signature-Input")),
    }
}

/// The names of the components. None of their parameters is supported: nobody in the fediverse uses them, and each is
/// another way to mean something else.
fn component_names(components: &[(Bare, Parameters)]) -> Result<Vec<&str>, Refused> {
    let mut names = Vec::with_capacity(components.len());
    for (component, parameters) in components {
        let Bare::Text(name) = component else {
            return Err(Refused::Malformed("Signature-Input", "components in quotes"));
        };
        if !parameters.is_empty() || name.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(Refused::Component(name.clone()));
        }
        if names.contains(&name.as_str()) {
            return Err(Refused::Repeated(name.clone()));
        }
        names.push(name.as_str());
    }
    Ok(names)
}

fn check_coverage(head: &Head<'_>, names: &[&str], body: Option<&[u8]>) -> Result<(), Refused> {
    let has = |name: &str| names.contains(&name);
    if !has("@method") {
        return Err(Refused::NotCovered("the method"));
    }
    let query_is_covered = head.url.query().is_none() || has("@query");
    if !(has("@target-uri") || has("@request-target") || (has("@path") && query_is_covered)) {
        return Err(Refused::NotCovered("the request target"));
    }
    if !(has("@target-uri") || has("@authority") || has("host")) {
        return Err(Refused::NotCovered("the host"));
    }
    let Some(body) = body else { return Ok(()) };
    if has("content-digest") {
        digest::check_content_digest(head.required("content-digest")?, body)
    } else if has("digest") {
        digest::check_digest(head.required("digest")?, body)
    } else {
        Err(Refused::NotCovered("a digest of the body"))
    }
}

fn check_time(head: &Head<'_>, names: &[&str], parameters: &Parameters, now: Time) -> Result<(), Refused> {
    let expires = integer_parameter(parameters, "expires")?;
    match integer_parameter(parameters, "created")? {
        Some(created) => window::check(created, expires, now),
        None if names.contains(&"date") => window::check(window::read_http_date(head.required("date")?)?, expires, now),
        None => Err(Refused::NotCovered("a date")),
    }
}

fn text_parameter<'a>(parameters: &'a Parameters, name: &'static str) -> Result<Option<&'a str>, Refused> {
    match parameters.iter().find(|(known, _)| known == name) {
        None => Ok(None),
        Some((_, Bare::Text(text))) => Ok(Some(text)),
        Some(_) => Err(Refused::Malformed(name, "a text in quotes")),
    }
}

fn integer_parameter(parameters: &Parameters, name: &'static str) -> Result<Option<i64>, Refused> {
    match parameters.iter().find(|(known, _)| known == name) {
        None => Ok(None),
        Some((_, Bare::Integer(number))) => Ok(Some(*number)),
        Some(_) => Err(Refused::Malformed(name, "seconds since 1970")),
    }
}

/// The text that is signed. Source: <https://www.rfc-editor.org/rfc/rfc9421#section-2.5>.
fn base(head: &Head<'_>, names: &[&str], parameters: &str) -> Result<String, Refused> {
    let url = head.url;
    let target = || url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let mut text = String::new();
    for name in names {
        let value = match *name {
            "@method" => head.method.as_str().to_owned(),
            "@target-uri" => url.as_str().split('#').next().unwrap_or("").to_owned(),
            "@authority" | "host" => head.authority(),
            "@scheme" => url.scheme().to_owned(),
            "@request-target" => target(),
            "@path" => url.path().to_owned(),
            "@query" => format!("?{}", url.query().unwrap_or("")),
            other if other.starts_with('@') => return Err(Refused::Component(other.to_owned())),
            header => head.required(header)?.to_owned(),
        };
        text.push_str(&format!("\"{name}\": {value}\n"));
    }
    text.push_str(&format!("\"@signature-params\": {parameters}"));
    Ok(text)
}

/// Signs the method, the whole target, and the digest if there is one: what Mastodon wants to see; and one more header, if
/// that is wished.
pub(super) fn sign(
    head: &Head<'_>,
    signer: Signer<'_>,
    now: Time,
    also: Option<&'static str>,
) -> Option<Vec<(&'static str, String)>> {
    let mut names = vec!["@method", "@target-uri"];
    if head.headers.contains_key("content-digest") {
        names.push("content-digest");
    }
    names.extend(also);
    let components: Vec<_> = names.iter().map(|name| (Bare::Text((*name).to_owned()), Parameters::new())).collect();
    let parameters = vec![
        ("created".to_owned(), Bare::Integer(now.as_secs())),
        ("keyid".to_owned(), Bare::Text(signer.key_id.as_str().to_owned())),
        ("alg".to_owned(), Bare::Text("rsa-v1_5-sha256".to_owned())),
    ];
    let written = write_list(&components, &parameters);
    let signature = signer.key.sign(base(head, &names, &written).ok()?.as_bytes())?;
    Some(vec![
        ("signature-input", format!("sig1={written}")),
        ("signature", format!("sig1=:{}:", STANDARD.encode(signature))),
    ])
}

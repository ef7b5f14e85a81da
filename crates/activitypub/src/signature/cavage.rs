//! draft-cavage-http-signatures-12: the dialect that all of the fediverse speaks.
//! Source: <https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12>.

use base64::{Engine, engine::general_purpose::STANDARD};
use phiomia_model::time::Time;

use super::{Dialect, Head, Refused, Signed, Signer, digest, window};

/// The parameters of one signature.
#[derive(Debug, Default)]
struct Parameters<'a> {
    key_id: Option<&'a str>,
    algorithm: Option<&'a str>,
    headers: Option<&'a str>,
    signature: Option<&'a str>,
    created: Option<&'a str>,
    expires: Option<&'a str>,
}

pub(super) fn examine(head: &Head<'_>, body: Option<&[u8]>, now: Time) -> Result<Signed, Refused> {
    let text = match head.bounded("signature")? {
        Some(text) => text,
        // The draft allows this place, too.
        None => head.bounded("authorization")?.and_then(|a| a.strip_prefix("Signature ")).ok_or(Refused::Unsigned)?,
    };
    let parameters = parse(text)?;
    let key_id = parameters.key_id.ok_or(Refused::ParameterMissing("keyId"))?;
    let signature = parameters.signature.ok_or(Refused::ParameterMissing("signature"))?;
    let signature = STANDARD.decode(signature).map_err(|_| Refused::Malformed("Signature", "base64"))?;
    let algorithm = parameters.algorithm.map(str::to_ascii_lowercase);
    if !matches!(algorithm.as_deref(), None | Some("rsa-sha256" | "hs2019" | "ed25519")) {
        return Err(Refused::Algorithm(algorithm.unwrap_or_default()));
    }
    // Without a list the draft means `(created)`, which alone would not be enough.
    let covered: Vec<String> =
        parameters.headers.unwrap_or("").split_whitespace().map(str::to_ascii_lowercase).collect();
    for (n, name) in covered.iter().enumerate() {
        if covered.iter().take(n).any(|earlier| earlier == name) {
            return Err(Refused::Repeated(name.clone()));
        }
    }
    check_coverage(head, &covered, body)?;
    check_time(head, &parameters, &covered, now)?;
    let path = head.url.path();
    let mut targets = vec![head.url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))];
    // Some softwares sign the path alone.
    if head.url.query().is_some() {
        targets.push(path.to_owned());
    }
    let bases = targets.iter().map(|target| base(head, &covered, target, &parameters)).collect::<Result<_, _>>()?;
    Ok(Signed { dialect: Dialect::Cavage, key_id: key_id.to_owned(), algorithm, signature, bases })
}

fn check_coverage(head: &Head<'_>, covered: &[String], body: Option<&[u8]>) -> Result<(), Refused> {
    let has = |name: &str| covered.iter().any(|known| known == name);
    if !has("(request-target)") {
        return Err(Refused::NotCovered("the request target"));
    }
    if !has("host") {
        return Err(Refused::NotCovered("the host"));
    }
    let Some(body) = body else { return Ok(()) };
    if has("digest") {
        digest::check_digest(head.required("digest")?, body)
    } else if has("content-digest") {
        digest::check_content_digest(head.required("content-digest")?, body)
    } else {
        Err(Refused::NotCovered("a digest of the body"))
    }
}

fn check_time(head: &Head<'_>, parameters: &Parameters<'_>, covered: &[String], now: Time) -> Result<(), Refused> {
    let seconds = |text: Option<&str>, name: &'static str| -> Result<Option<i64>, Refused> {
        // Some write fractions: `1618884473.5`.
        let whole = text.map(|text| text.split('.').next().unwrap_or(text));
        whole.map(|text| text.parse().map_err(|_| Refused::Malformed(name, "seconds since 1970"))).transpose()
    };
    let expires = match seconds(parameters.expires, "expires")? {
        Some(expires) if covered.iter().any(|name| name == "(expires)") => Some(expires),
        _ => None,
    };
    if covered.iter().any(|name| name == "(created)") {
        let created = seconds(parameters.created, "created")?.ok_or(Refused::ParameterMissing("created"))?;
        return window::check(created, expires, now);
    }
    if covered.iter().any(|name| name == "date") {
        return window::check(window::read_http_date(head.required("date")?)?, expires, now);
    }
    Err(Refused::NotCovered("a date"))
}

/// The text that is signed. Source: section 2.3 of the draft.
fn base(head: &Head<'_>, covered: &[String], target: &str, parameters: &Parameters<'_>) -> Result<String, Refused> {
    let mut lines = Vec::with_capacity(covered.len());
    for name in covered {
        let line = match name.as_str() {
            "(request-target)" => format!("{name}: {} {target}", head.method.as_str().to_ascii_lowercase()),
            "(created)" => format!("{name}: {}", parameters.created.ok_or(Refused::ParameterMissing("created"))?),
            "(expires)" => format!("{name}: {}", parameters.expires.ok_or(Refused::ParameterMissing("expires"))?),
            // What was signed must be our own host, whatever header a proxy left.
            "host" => format!("{name}: {}", head.authority()),
            _ => format!("{name}: {}", head.required(name)?),
        };
        lines.push(line);
    }
    Ok(lines.join("\n"))
}

/// `name="value"` or `name=value`, between commas.
fn parse(text: &str) -> Result<Parameters<'_>, Refused> {
    let malformed = Refused::Malformed("Signature", "`name=\"value\"` between commas");
    let mut parameters = Parameters::default();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(|| malformed.clone())?;
        let name = name.trim();
        let (value, after) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').ok_or_else(|| malformed.clone())?,
            None => after.split_at_checked(after.find(',').unwrap_or(after.len())).unwrap_or((after, "")),
        };
        let place = match name {
            "keyId" => &mut parameters.key_id,
            "algorithm" => &mut parameters.algorithm,
            "headers" => &mut parameters.headers,
            "signature" => &mut parameters.signature,
            "created" => &mut parameters.created,
            "expires" => &mut parameters.expires,
            _ => &mut None,
        };
        if place.replace(value.trim()).is_some() {
            return Err(Refused::Repeated(name.to_owned()));
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',').ok_or_else(|| malformed.clone())?.trim_start();
        }
    }
    Ok(parameters)
}

/// Signs the request target, the host, the date, the digest, if there is one, and one more header, if that is wished.
pub(super) fn sign(head: &Head<'_>, signer: Signer<'_>, also: Option<&str>) -> Option<Vec<(&'static str, String)>> {
    let mut covered = vec!["(request-target)".to_owned(), "host".to_owned(), "date".to_owned()];
    if head.headers.contains_key("digest") {
        covered.push("digest".to_owned());
    }
    covered.extend(also.map(str::to_owned));
    let path = head.url.path();
    let target = head.url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
    let base = base(head, &covered, &target, &Parameters::default()).ok()?;
    let signature = STANDARD.encode(signer.key.sign(base.as_bytes())?);
    let key_id = signer.key_id;
    // `rsa-sha256`, not `hs2019`: the older half of the network knows only this.
    let header = format!(
        "keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"{}\",signature=\"{signature}\"",
        covered.join(" ")
    );
    Some(vec![("signature", header)])
}

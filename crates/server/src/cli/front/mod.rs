//! What stands between this server and the world, and what to write into its configuration: `phiomia proxy` for a front
//! that passes everything on, `phiomia apex` for a bare domain that only points here.

pub mod apex;
pub mod proxy;

use super::Failure;

/// A text with `{{name}}` in the places of values.
///
/// # Errors
/// A sentence, when the text names something that has no value.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> Result<String, Failure> {
    let filled =
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value));
    match filled.find("{{") {
        None => Ok(filled),
        Some(at) => {
            let line = filled.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
            Err(Failure(format!("the template has a place that nothing fills: {line}")))
        }
    }
}

/// A domain without its port.
pub(super) fn host(domain: &str) -> &str {
    match domain.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => domain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_filled_or_named() {
        let values = [("name", "example.org")];
        assert_eq!(fill("server {{name}}; {{name}}", &values).ok().as_deref(), Some("server example.org; example.org"));
        assert!(fill("{{name}} {{other}}", &values).is_err_and(|failure| failure.0.contains("{{other}}")));
    }

    #[test]
    fn a_host_is_a_domain_without_its_port() {
        assert_eq!(host("example.org"), "example.org");
        assert_eq!(host("example.org:8443"), "example.org");
        assert_eq!(host("[::1]:8443"), "[::1]");
        assert_eq!(host("[2001:db8::1]"), "[2001:db8::1]");
    }
}

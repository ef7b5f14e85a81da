//! Integrity proofs: a signature inside of a document. Only `eddsa-jcs-2022` is known; Linked Data signatures are not
//! even looked at.
//! Sources: <https://codeberg.org/fediverse/fep/src/branch/main/fep/8b32/fep-8b32.md>,
//! <https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022>.

use phiomia_model::time::Time;
use serde_json::{Map, Value};

use crate::{
    document::Document,
    signature::{KeyKind, PublicKey, base58, sha256},
    uri::Uri,
};

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Something it needs is not there, or is not what it must be.
    #[error("`{0}` of the proof is missing or unusable")]
    Missing(&'static str),
    /// Made for something else than saying something.
    #[error("the proof is not an assertion")]
    Purpose,
    /// It was made for another meaning of the words.
    #[error("the `@context` of the proof is not the document's")]
    Context,
    /// The key is not Ed25519.
    #[error("the key of the proof is not Ed25519")]
    KeyKind,
    /// The document or the key is another one.
    #[error("the proof does not match the document and the key")]
    Wrong,
}

/// A proof that would hold if the key says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `verificationMethod`: the key's name. Whose key that is must be looked up.
    pub key_id: Uri,
    /// When it was made.
    pub created: Option<Time>,
    signature: Vec<u8>,
    /// Hash of the options, then hash of the document without its proof.
    signed: [u8; 64],
}

impl Proof {
    /// The proof of a document; `Ok(None)` when it has none of a kind we know.
    ///
    /// # Errors
    /// [`BadProof`], never `KeyKind` or `Wrong`.
    pub fn read(document: &Document) -> Result<Option<Proof>, BadProof> {
        let is_ours = |proof: &crate::document::Node<'_>| {
            proof.is("DataIntegrityProof") && proof.texts("cryptosuite").any(|suite| suite == "eddsa-jcs-2022")
        };
        let Some(node) = document.node().nodes("proof").find(is_ours) else { return Ok(None) };
        if !node.texts("proofPurpose").any(|purpose| purpose == "assertionMethod") {
            return Err(BadProof::Purpose);
        }
        let value = node.texts("proofValue").next().and_then(|text| base58::decode(text.strip_prefix('z')?));
        let mut options = node.map().clone();
        options.remove("proofValue");
        let mut content = document.json().clone();
        content.remove("proof");
        if let Some(context) = options.get("@context") {
            let (wanted, has) = (listed(context), listed(content.get("@context").unwrap_or(&Value::Null)));
            if !has.starts_with(wanted) {
                return Err(BadProof::Context);
            }
        }
        let mut signed = [0; 64];
        let hashes = [options, content].into_iter().flat_map(|map| sha256(canonical(&Value::Object(map)).as_bytes()));
        for (to, from) in signed.iter_mut().zip(hashes) {
            *to = from;
        }
        Ok(Some(Proof {
            key_id: node.uri("verificationMethod").ok_or(BadProof::Missing("verificationMethod"))?,
            created: node.time("created"),
            signature: value.ok_or(BadProof::Missing("proofValue"))?,
            signed,
        }))
    }

    /// Whether it is this key's.
    ///
    /// # Errors
    /// [`BadProof::KeyKind`], [`BadProof::Wrong`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), BadProof> {
        if key.kind() != KeyKind::Ed25519 {
            return Err(BadProof::KeyKind);
        }
        if key.holds(&self.signed, &self.signature) { Ok(()) } else { Err(BadProof::Wrong) }
    }
}

fn listed(context: &Value) -> &[Value] {
    match context {
        Value::Array(values) => values,
        one => std::slice::from_ref(one),
    }
}

/// The one way to write a value. Source: <https://www.rfc-editor.org/rfc/rfc8785>.
fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Array(values) => {
            out.push('[');
            for (n, value) in values.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                write(out, value);
            }
            out.push(']');
        }
        Value::Object(map) => write_object(out, map),
        Value::Number(number) => out.push_str(&number_text(number.as_f64().unwrap_or(0.0))),
        // serde_json escapes strings exactly as the standard wants it.
        other => out.push_str(&other.to_string()),
    }
}

fn write_object(out: &mut String, map: &Map<String, Value>) {
    let mut fields: Vec<_> = map.iter().collect();
    fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
    out.push('{');
    for (n, (name, value)) in fields.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        write(out, &Value::String(name.clone()));
        out.push(':');
        write(out, value);
    }
    out.push('}');
}

/// As ECMAScript writes a number. Source: <https://tc39.es/ecma262/#sec-numeric-types-number-tostring>.
fn number_text(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    // Rust gives the same shortest digits: `-1.25e-7`.
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let n_digits = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    // Where the point stands, counted from the first digit.
    let point = exponent + 1;
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let unsigned = if n_digits <= point && point <= 21 {
        format!("{digits}{}", zeros(point - n_digits))
    } else if 0 < point && point <= 21 {
        let (whole, part) = digits.split_at_checked(usize::try_from(point).unwrap_or(0)).unwrap_or((&digits, ""));
        format!("{whole}.{part}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at_checked(1).unwrap_or((&digits, ""));
        let part = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{part}e{}{}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
    };
    if number < 0.0 { format!("-{unsigned}") } else { unsigned }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::Web;

    /// The test vector of FEP-8b32 and its key, which is the one of the W3C's vectors.
    const SIGNED: &str = r#"{
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v1"],
        "type": "Create", "actor": "https://server.example/users/alice",
        "object": {"type": "Note", "content": "Hello world"},
        "proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": "https://server.example/users/alice#ed25519-key", "proofPurpose": "assertionMethod",
            "proofValue": "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2",
            "created": "2023-02-24T23:36:38Z"}}"#;
    const KEY: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";

    fn proof(json: &str) -> Result<Option<Proof>, BadProof> {
        Proof::read(&Document::parse(json.as_bytes(), Web::Https).unwrap())
    }

    #[test]
    fn the_proof_of_the_proposal_holds_and_no_other_does() {
        let key = PublicKey::from_multibase(KEY).unwrap();
        let found = proof(SIGNED).unwrap().unwrap();
        assert_eq!(found.key_id.as_str(), "https://server.example/users/alice#ed25519-key");
        assert_eq!(found.verify(&key), Ok(()));
        for (from, to) in [("Hello world", "Hello World"), ("23:36:38", "23:36:39"), ("\"Note\"", "\"Note\", \"x\": 1")]
        {
            assert_eq!(proof(&SIGNED.replace(from, to)).unwrap().unwrap().verify(&key), Err(BadProof::Wrong), "{to}");
        }
    }

    #[test]
    fn proofs_of_other_kinds_are_none_and_incomplete_ones_are_bad() {
        assert_eq!(proof(&SIGNED.replace("eddsa-jcs-2022", "eddsa-rdfc-2022")), Ok(None));
        assert_eq!(proof(r#"{"signature": {"type": "RsaSignature2017"}}"#), Ok(None));
        assert_eq!(proof(&SIGNED.replace("assertionMethod", "authentication")), Err(BadProof::Purpose));
        assert_eq!(proof(&SIGNED.replace("\"z3s", "\"u3s")), Err(BadProof::Missing("proofValue")));
        let foreign = SIGNED.replace("\"created\":", "\"@context\": \"https://evil.example\", \"created\":");
        assert_eq!(proof(&foreign), Err(BadProof::Context));
    }

    #[test]
    fn numbers_are_written_as_ecmascript_does() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (333_333_333.333_333_3, "333333333.3333333"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (4.5e-6, "0.0000045"),
            (1.25e-7, "1.25e-7"),
            (2e-3, "0.002"),
            (1e-27, "1e-27"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    /// <https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3>.
    #[test]
    fn names_are_sorted_by_utf16_units() {
        let value: Value = serde_json::from_str(
            r#"{"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7}"#,
        )
        .unwrap();
        let written = canonical(&value);
        let order: Vec<&str> =
            written.trim_matches(['{', '}']).split(',').filter_map(|f| f.rsplit(':').next()).collect();
        assert_eq!(order, ["2", "4", "6", "7", "1", "5", "3"]);
    }
}

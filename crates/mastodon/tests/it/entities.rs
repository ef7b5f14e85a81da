//! Every entity has exactly the documented fields, of the documented kinds, and looks like its snapshot.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::samples::{samples, words};

/// What `fields.json` says of one field. The file holds names and kinds of Mastodon 4.7's documented entities and of
/// the fields that its servers send without documentation.
#[derive(Deserialize)]
struct Documented {
    kind: String,
    #[serde(default)]
    null: bool,
    #[serde(default)]
    optional: bool,
    #[serde(default)]
    words: Vec<String>,
}

type Fields = BTreeMap<String, Documented>;

/// Where we differ from the documentation: entity, field, how, why.
const PLAYED: &str = "the documentation shows it in its examples of films and sounds alone";
const EXCEPTIONS: [(&str, &str, &str, &str); 23] = [
    ("MediaAttachment", "meta[length]", "more", PLAYED),
    ("MediaAttachment", "meta[duration]", "more", PLAYED),
    ("MediaAttachment", "meta[fps]", "more", PLAYED),
    ("MediaAttachment", "meta[size]", "more", PLAYED),
    ("MediaAttachment", "meta[width]", "more", PLAYED),
    ("MediaAttachment", "meta[height]", "more", PLAYED),
    ("MediaAttachment", "meta[aspect]", "more", PLAYED),
    ("MediaAttachment", "meta[audio_encode]", "more", PLAYED),
    ("MediaAttachment", "meta[audio_bitrate]", "more", PLAYED),
    ("MediaAttachment", "meta[audio_channels]", "more", PLAYED),
    ("MediaAttachment", "text_url", "absent", "removed in 3.5.0"),
    ("MediaAttachment", "meta[original]", "more", "described in prose only"),
    ("MediaAttachment", "meta[small]", "more", "described in prose only"),
    ("MediaAttachment", "meta[colors]", "more", "described in prose only"),
    ("ScheduledStatus", "params[quoted_status_id]", "more", "in the description of the API, not on the entity's page"),
    ("ScheduledStatus", "params[quote_approval_policy]", "more", "in the description of the API, not on its page"),
    ("Error", "details", "more", "documented with the methods that send it"),
    ("Account", "roles", "absent", "documented as null for people elsewhere, and left out by Mastodon's servers"),
    ("Status", "text", "absent", "documented as null, and left out by Mastodon's servers except after a deletion"),
    ("PreviewCard", "published_at", "null", "null in the description, most pages state no time"),
    ("PreviewCard", "published_at", "kind", "a date and time on Mastodon's servers, in spite of the documentation"),
    ("PreviewCardAuthor", "account", "null", "null in the description, most authors have no account"),
    ("CredentialAccount", "source[language]", "null", "null on Mastodon's servers while nothing was chosen"),
];

fn documentation() -> BTreeMap<String, Fields> {
    serde_json::from_str(include_str!("../fields.json")).unwrap()
}

fn is_of_kind(value: &Value, kind: &str) -> bool {
    let shape = |text: &str| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect::<String>();
    match kind {
        "digits" => value.as_str().is_some_and(|t| !t.is_empty() && t.trim_start_matches('-').parse::<u64>().is_ok()),
        "text" => value.is_string(),
        "bool" => value.is_boolean(),
        "int" => value.is_i64(),
        "float" => value.is_number(),
        "datetime" => value.as_str().map(shape).as_deref() == Some("0000-00-00T00:00:00.000Z"),
        "date" => value.as_str().map(shape).as_deref() == Some("0000-00-00"),
        "list" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("fields.json has a kind that this test does not know: {other}"),
    }
}

/// Compares one object of an entity, whose own field names begin with `prefix`, and the objects below it.
struct Check<'d> {
    /// All names of the entity, the wider one last.
    entities: &'static [&'static str],
    fields: &'d BTreeMap<&'d str, &'d Documented>,
    is_full: bool,
    faults: Vec<Fault>,
}

/// One difference; `how` is `more`, `absent`, `null` or `kind`.
struct Fault {
    entities: &'static [&'static str],
    path: String,
    how: &'static str,
}

impl Check<'_> {
    fn fault(&mut self, path: &str, how: &'static str) {
        self.faults.push(Fault { entities: self.entities, path: path.to_owned(), how });
    }

    fn object(&mut self, prefix: &str, object: &Map<String, Value>) {
        let path_of = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}[{name}]") };
        for (name, value) in object {
            let path = path_of(name);
            match self.fields.get(path.as_str()) {
                None => self.fault(&path, "more"),
                Some(field) => self.value(&path, field, value),
            }
        }
        let fields = self.fields;
        for (path, field) in fields {
            let name = path.rsplit('[').next().unwrap_or_default().trim_end_matches(']');
            if path_of(name) == *path && !object.contains_key(name) && (self.is_full || !field.optional) {
                self.fault(path, "absent");
            }
        }
    }

    fn value(&mut self, path: &str, field: &Documented, value: &Value) {
        if value.is_null() && field.kind != "null" {
            if !field.null {
                self.fault(path, "null");
            }
            return;
        }
        if !(is_of_kind(value, &field.kind) || field.kind == "object" && value.is_array()) {
            self.fault(path, "kind");
        }
        let has_parts = self.fields.keys().any(|p| p.strip_prefix(path).is_some_and(|rest| rest.starts_with('[')));
        if has_parts {
            let items = value.as_array().map_or_else(|| vec![value], |list| list.iter().collect());
            for part in items.into_iter().filter_map(Value::as_object) {
                self.object(path, part);
            }
        }
    }
}

fn faults() -> Vec<Fault> {
    let documentation = documentation();
    let mut faults = Vec::new();
    for sample in samples() {
        let parts = sample.documented.iter().flat_map(|entity| &documentation[*entity]);
        let fields = parts.map(|(path, field)| (path.as_str(), field)).collect();
        for (value, is_full) in [(&sample.full, true), (&sample.bare, false)] {
            let mut check = Check { entities: sample.documented, fields: &fields, is_full, faults: Vec::new() };
            check.object("", value.as_object().unwrap());
            faults.extend(check.faults);
        }
    }
    faults
}

#[test]
fn every_entity_has_exactly_the_documented_fields() {
    let is_excepted =
        |f: &Fault| EXCEPTIONS.iter().any(|e| f.entities.contains(&e.0) && (f.path.as_str(), f.how) == (e.1, e.2));
    let faults = faults().into_iter().filter(|fault| !is_excepted(fault));
    let sentences: Vec<_> = faults.map(|f| format!("{:?} `{}`: {}", f.entities, f.path, f.how)).collect();
    assert!(sentences.is_empty(), "{}", sentences.join("\n"));
}

#[test]
fn every_exception_is_still_needed() {
    let faults = faults();
    for (entity, path, how, why) in EXCEPTIONS {
        let is_needed = faults.iter().any(|f| f.entities.contains(&entity) && (f.path.as_str(), f.how) == (path, how));
        assert!(is_needed, "{entity} `{path}`: {how} ({why})");
    }
}

#[test]
fn every_closed_set_has_exactly_the_documented_words() {
    let documentation = documentation();
    for set in words() {
        let documented: BTreeSet<&str> =
            documentation[set.entity][set.field].words.iter().map(String::as_str).collect();
        let ours: BTreeSet<&str> = set.ours.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(ours, documented, "{} {}", set.entity, set.field);
    }
}

#[test]
fn every_entity_looks_like_its_snapshot() {
    for sample in samples() {
        let name = sample.documented[sample.documented.len() - 1].replace("::", "_");
        insta::with_settings!({ prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
            insta::assert_json_snapshot!(name, sample.full);
        });
    }
}

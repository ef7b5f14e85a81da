//! The configuration file: written whole or not at all, for nobody but us, and never over another one.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use super::{Failure, full};
use crate::{
    config::{Config, Inputs, setting::Source},
    house::folder,
};

/// What a file says, by key.
pub(super) type Known = BTreeMap<String, String>;

/// What became of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Made now.
    New,
    /// It says what it should already.
    Same,
}

/// What the file says; nothing when there is none.
///
/// # Errors
/// A sentence, when it cannot be read or does not hold.
pub(super) fn read(path: &Path) -> Result<Known, Failure> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Known::new()),
        Err(error) => return Err(Failure::because(&format!("reading {}", path.display()), error)),
    };
    said(text)
}

/// Makes the file, or looks whether the one that is there says the same.
///
/// # Errors
/// A sentence: the settings do not hold, the file says something else, or it cannot be written.
pub(super) fn write(path: &Path, known: &Known, wanted: &[(String, String)]) -> Result<Written, Failure> {
    let text = text(wanted);
    // With the eyes of the server, which also brings domains into one form.
    let meant = said(text.clone())?;
    if known.is_empty() && !path.exists() {
        make(path, &text).map_err(|e| Failure::because(&format!("writing {}", path.display()), e))?;
        return Ok(Written::New);
    }
    let others = meant.iter().filter(|(key, value)| !is_said(known, key, value)).map(|(key, value)| {
        // What may be a secret is not shown.
        let shown = if key.starts_with("instance.") { format!("{key} = {value:?}") } else { key.clone() };
        match known.get(key) {
            Some(there) if key.starts_with("instance.") => format!("{shown} (it says {there:?})"),
            Some(_) => format!("{shown} (it says something else)"),
            None => format!("{shown} (it does not say it)"),
        }
    });
    let others: Vec<String> = others.collect();
    if others.is_empty() {
        return Ok(Written::Same);
    }
    Err(Failure(format!(
        "{} is there and is not changed, but it differs from what was wanted: {}; change it, or move it away",
        path.display(),
        others.join(", ")
    )))
}

fn is_said(known: &Known, key: &str, value: &str) -> bool {
    known.get(key).is_some_and(|there| match key {
        "data" => full(Path::new(there)).ok() == full(Path::new(value)).ok(),
        _ => there.replace(' ', "").eq_ignore_ascii_case(&value.replace(' ', "")),
    })
}

fn said(text: String) -> Result<Known, Failure> {
    let loaded = Config::assemble(&Inputs { file: Some(text), ..Inputs::default() })?;
    let of_file = loaded.texts.into_iter().filter(|(_, (_, source))| *source == Source::File);
    Ok(of_file.map(|(key, (value, _))| (key.to_owned(), value)).collect())
}

/// As TOML: what is outside of sections first, then the sections in the order of their first setting.
fn text(settings: &[(String, String)]) -> String {
    let mut sections: Vec<(&str, String)> = vec![("", String::new())];
    for (key, value) in settings {
        let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
        let is_plain =
            value == "true" || value == "false" || value.parse::<u32>().is_ok_and(|n| n.to_string() == *value);
        let value = if is_plain { value.clone() } else { toml::Value::String(value.clone()).to_string() };
        let line = format!("{name} = {value}\n");
        match sections.iter_mut().find(|(name, _)| *name == section) {
            Some((_, lines)) => lines.push_str(&line),
            None => sections.push((section, line)),
        }
    }
    let mut text = "# Written by phiomia init. Every setting: phiomia config docs\n".to_owned();
    for (section, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
        let head = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
        text.push_str(&format!("\n{head}{lines}"));
    }
    text
}

fn make(path: &Path, text: &str) -> io::Result<()> {
    let above = path.parent().unwrap_or(Path::new("."));
    folder::make_any(above).map_err(io::Error::other)?;
    let beside = path.with_extension(format!("toml.{}", std::process::id()));
    let made = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        // A link, for it replaces nothing.
        fs::hard_link(&beside, path)?;
        File::open(above)?.sync_all()
    })();
    // Its content has another name by now, or is worth nothing.
    let _ = fs::remove_file(&beside);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_written_once_and_what_belongs_to_none_comes_first() {
        let settings = [("instance.domain", "example.org"), ("tls.acme", "true"), ("data", "/srv/a b"), ("tls.x", "1")];
        let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let text = text(&settings);
        let body = text.split_once("\n\n").map(|(_, body)| body);
        assert_eq!(
            body,
            Some("data = \"/srv/a b\"\n\n[instance]\ndomain = \"example.org\"\n\n[tls]\nacme = true\nx = 1\n")
        );
    }
}

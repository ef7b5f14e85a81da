//! From files, environment and flags to one text for each setting. The strongest voice wins: flag, environment,
//! env file, `phiomia.toml`, default.

use std::collections::BTreeMap;

use super::{
    TABLE, dotenv,
    mastodon::{self, Meaning},
    nearest::nearest,
    setting::{Setting, Source, Texts},
};

/// Everything that may say something about a setting, already read from disk.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `--set key=value` and the flags with a name of their own, in their order.
    pub flags: Vec<(String, String)>,
    /// The environment of the process.
    pub environment: BTreeMap<String, String>,
    /// The text of the file given with `--env-file`.
    pub env_file: Option<String>,
    /// The text of `phiomia.toml`.
    pub file: Option<String>,
}

/// Something to tell the operator that does not stop the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// Good to know.
    Info(String),
    /// Probably a mistake.
    Warning(String),
}

/// What the layers say together.
#[derive(Debug, Default)]
pub(super) struct Layered {
    pub texts: Texts,
    pub notes: Vec<Note>,
    pub problems: Vec<String>,
}

pub(super) fn merge(inputs: &Inputs) -> Layered {
    let mut all = Layered::default();
    if let Some(text) = &inputs.file {
        all.read_file(text);
    }
    let env_file = match inputs.env_file.as_deref().map(dotenv::parse) {
        Some(Ok(variables)) => variables,
        Some(Err(why)) => {
            all.problems.push(format!("env file: {why}"));
            BTreeMap::new()
        }
        None => BTreeMap::new(),
    };
    all.read_variables(&env_file, &inputs.environment);
    for (key, value) in &inputs.flags {
        match known(key) {
            Ok(setting) => {
                all.texts.insert(setting.key, (value.trim().to_owned(), Source::Flag));
            }
            Err(why) => all.problems.push(why),
        }
    }
    all
}

/// The setting of that name, or a sentence with the nearest one.
pub(super) fn known(key: &str) -> Result<&'static Setting, String> {
    if let Some(setting) = table().find(|s| s.key == key) {
        return Ok(setting);
    }
    let upper = key.to_ascii_uppercase();
    let by_mastodon = table().find(|s| s.mastodon.contains(&upper.as_str()) || s.variable() == upper);
    let last = key.rsplit('.').next().unwrap_or(key);
    let meant = by_mastodon
        .map(|s| s.key)
        .or_else(|| nearest(key, table().map(|s| s.key)))
        .or_else(|| table().find(|s| s.name() == last).map(|s| s.key));
    Err(match meant {
        Some(meant) => format!("there is no setting {key}; did you mean {meant}?"),
        None => format!("there is no setting {key}; docs/config.md and `phiomia config docs` list them all"),
    })
}

fn table() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().flat_map(|section| section.settings)
}

impl Layered {
    fn read_file(&mut self, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => {
                // The library's sentence shows the line itself, which may hold a secret: the place is enough.
                let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                self.problems.push(format!("phiomia.toml, line {line}: {}", error.message()));
                return;
            }
        };
        for (name, value) in &table {
            match value {
                toml::Value::Table(section) => {
                    for (field, value) in section {
                        self.read_file_value(&format!("{name}.{field}"), value);
                    }
                }
                value => self.read_file_value(name, value),
            }
        }
    }

    fn read_file_value(&mut self, key: &str, value: &toml::Value) {
        match (known(key), toml_text(value)) {
            (Ok(setting), Some(text)) => {
                self.texts.insert(setting.key, (text, Source::File));
            }
            (Ok(_), None) => self.problems.push(format!("{key} must be text, a number, true, false or a list of them")),
            (Err(why), _) => self.problems.push(format!("phiomia.toml: {why}")),
        }
    }

    fn read_variables(&mut self, env_file: &BTreeMap<String, String>, environment: &BTreeMap<String, String>) {
        for setting in table() {
            let found = in_variables(setting, environment, env_file)
                .map(|(name, text)| (text, Source::Environment(name)))
                .or_else(|| in_variables(setting, env_file, &BTreeMap::new()).map(|(n, t)| (t, Source::EnvFile(n))));
            if let Some(found) = found {
                self.texts.insert(setting.key, found);
            }
        }
        for name in env_file.keys().filter(|name| !is_ours(name)) {
            self.note_unknown(name);
        }
        // Of the environment, only what bears our name is ours to judge.
        let own = environment.keys().filter(|n| n.starts_with("PHIOMIA_") && !n.starts_with("PHIOMIA_TEST_"));
        for name in own.filter(|name| !is_ours(name)) {
            self.note_unknown(name);
        }
    }

    fn note_unknown(&mut self, name: &str) {
        match mastodon::find(name) {
            Some((_, Meaning::None, _)) => {}
            Some((_, Meaning::NotYet, why)) => self.notes.push(Note::Info(format!("{name} has no effect: {why}"))),
            None => {
                let own: Vec<String> = table().map(Setting::variable).collect();
                let names = table().flat_map(|s| s.mastodon.iter().copied()).chain(own.iter().map(String::as_str));
                let hint = nearest(name, names).map_or_else(String::new, |near| format!("; did you mean {near}?"));
                self.notes.push(Note::Warning(format!("{name} is no variable this server knows{hint}")));
            }
        }
    }
}

/// Variables that bear our name and are no settings: what is read before any setting, and what scripts tell each other.
const NO_SETTINGS: [&str; 3] = ["PHIOMIA_CONFIG", "PHIOMIA_ENV_FILE", "PHIOMIA_BIN"];

fn is_ours(name: &str) -> bool {
    NO_SETTINGS.contains(&name) || table().any(|s| s.variable() == name || s.mastodon.contains(&name))
}

/// What `variables` say about the setting, and under which name. `below` completes a value that Mastodon spreads over
/// several variables. Empty variables count as not given: compose files pass them on by the dozen.
fn in_variables(
    setting: &Setting,
    variables: &BTreeMap<String, String>,
    below: &BTreeMap<String, String>,
) -> Option<(String, String)> {
    let given = |name: &str| variables.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let own = setting.variable();
    if let Some(text) = given(&own) {
        return Some((own.clone(), text.to_owned()));
    }
    let first = setting.mastodon.iter().find(|name| given(name).is_some())?;
    let both =
        |name: &str| given(name).or_else(|| below.get(name).map(|text| text.trim()).filter(|text| !text.is_empty()));
    let text = match setting.key {
        "server.listen" => Some(puma_listen(both)),
        "metrics.listen" => exporter_listen(both),
        _ => given(first).map(str::to_owned),
    };
    text.map(|text| ((*first).to_owned(), text))
}

/// Puma's three variables in one address.
fn puma_listen<'a>(get: impl Fn(&str) -> Option<&'a str>) -> String {
    match get("SOCKET") {
        Some(path) => format!("unix:{path}"),
        None => host_port(get("BIND").unwrap_or("127.0.0.1"), get("PORT").unwrap_or("3000")),
    }
}

/// The three variables of Mastodon's Prometheus exporter in one address; `None` when it is off.
fn exporter_listen<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<String> {
    (get("MASTODON_PROMETHEUS_EXPORTER_ENABLED") == Some("true")).then(|| {
        let host = get("MASTODON_PROMETHEUS_EXPORTER_HOST").unwrap_or("localhost");
        host_port(host, get("MASTODON_PROMETHEUS_EXPORTER_PORT").unwrap_or("9394"))
    })
}

fn host_port(host: &str, port: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

/// The text of a value in `phiomia.toml`; lists are joined with commas. `None` for tables, fractions and dates.
fn toml_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.trim().to_owned()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(yes) => Some(yes.to_string()),
        toml::Value::Array(items) => {
            items.iter().map(toml_text).collect::<Option<Vec<_>>>().map(|texts| texts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

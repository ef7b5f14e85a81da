//! The table of settings: every section declares its fields once, and everything else is made from that.

use std::collections::BTreeMap;

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Setting {
    /// As in `phiomia.toml` and `--set`: `server.listen`.
    pub key: &'static str,
    /// What one writes there, for the documentation.
    pub shape: &'static str,
    /// As one would write it; empty when nothing is given by itself.
    pub default: &'static str,
    /// Mastodon's names for it in the environment, the strongest first.
    pub mastodon: &'static [&'static str],
    /// Whether the value is never shown.
    pub secret: bool,
    /// Sentences for the person who runs the server, in Markdown, one line each as written.
    pub doc: &'static [&'static str],
}

impl Setting {
    /// Our own name in the environment: `PHIOMIA_SERVER_LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("PHIOMIA_{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
    /// `server` of `server.listen`; empty for keys outside of sections.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or("", |(section, _)| section)
    }
    /// `listen` of `server.listen`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(_, name)| name)
    }
}

/// Where a value comes from, the strongest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// `phiomia.toml`.
    File,
    /// The file given with `--env-file`, and the variable's name there.
    EnvFile(String),
    /// The environment, and the variable's name there.
    Environment(String),
    /// The command line.
    Flag,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File => f.write_str("phiomia.toml"),
            Source::EnvFile(name) => write!(f, "env file, {name}"),
            Source::Environment(name) => write!(f, "environment, {name}"),
            Source::Flag => f.write_str("flag"),
        }
    }
}

/// The text of every setting that somebody gave, and who gave it.
pub type Texts = BTreeMap<&'static str, (String, Source)>;

/// Reads typed fields from texts and collects everything that is wrong, so that one run shows all of it.
pub(crate) struct Reader<'a> {
    pub texts: &'a Texts,
    pub problems: Vec<String>,
}

impl Reader<'_> {
    /// The field's value; `None` when its text does not read, which is then among the problems.
    pub fn field<T: super::value::Value>(&mut self, key: &'static str, default: &str) -> Option<T> {
        let (text, from) = match self.texts.get(key) {
            Some((text, source)) => (text.as_str(), source.to_string()),
            None => (default, Source::Default.to_string()),
        };
        match T::read(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.problems.push(format!("{key} {why} ({from})"));
                None
            }
        }
    }
}

/// Declares a section: a struct whose fields are settings. The doc comments become `docs/config.md`.
///
/// `name: Type = "default", ["MASTODON_NAME", …];`
macro_rules! section {
    (
        $(#[doc = $section_doc:literal])*
        $section:ident in $prefix:literal;
        $($(#[doc = $doc:literal])* $field:ident: $type:ty = $default:literal, [$($mastodon:literal),*];)+
    ) => {
        $(#[doc = $section_doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $section {
            $($(#[doc = $doc])* pub $field: $type),+
        }

        impl $section {
            /// What the section is for, in the words of its doc comment.
            pub(crate) const DOC: &'static [&'static str] = &[$($section_doc),*];
            /// Its lines of the table.
            pub(crate) const SETTINGS: &'static [$crate::config::setting::Setting] = &[$(
                $crate::config::setting::Setting {
                    key: concat!($prefix, stringify!($field)),
                    shape: <$type as $crate::config::value::Value>::SHAPE,
                    default: $default,
                    mastodon: &[$($mastodon),*],
                    secret: <$type as $crate::config::value::Value>::SECRET,
                    doc: &[$($doc),*],
                }
            ),+];

            /// `None` when a field does not read; the reader then knows why.
            pub(crate) fn read(reader: &mut $crate::config::setting::Reader<'_>) -> Option<$section> {
                $(let $field = reader.field::<$type>(concat!($prefix, stringify!($field)), $default);)+
                Some($section { $($field: $field?),+ })
            }
        }
    };
}
pub(crate) use section;

//! What a setting's text may say: each type reads its own text and names its shape for `docs/config.md`.

use std::{fmt, path::PathBuf, time::Duration};

pub use phiomia_model::Cidr;

/// A type a setting can have.
pub trait Value: Sized {
    /// One or two words for the documentation: what one writes.
    const SHAPE: &'static str;
    /// Whether the text is never shown.
    const SECRET: bool = false;

    /// Reads the text of a setting. Empty text means that the setting is not given.
    ///
    /// # Errors
    /// Half a sentence that goes on from the setting's name: `"must be a number"`.
    fn read(text: &str) -> Result<Self, String>;
}

/// Something that is never printed: its `Debug` and `Display` say `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }
    /// The secret itself, for the one place that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Value for Secret {
    const SHAPE: &'static str = "secret";
    const SECRET: bool = true;

    fn read(text: &str) -> Result<Secret, String> {
        // Of an address with a password in it, the password is what may be a placeholder.
        let password = url::Url::parse(text).ok().and_then(|url| url.password().map(str::to_owned));
        if is_placeholder(password.as_deref().unwrap_or(text)) {
            return Err("is still a placeholder: put the real secret there, or leave it out".to_owned());
        }
        Ok(Secret(text.to_owned()))
    }
}

/// Words people leave in sample files. Such a "secret" is known to everybody.
fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "changeme",
        "changethis",
        "replaceme",
        "replacethis",
        "placeholder",
        "todo",
        "fixme",
        "secret",
        "yourpassword",
        "yoursecret",
    ];
    let lower = text.trim().to_lowercase();
    let letters: String = lower.chars().filter(char::is_ascii_alphanumeric).collect();
    WORDS.contains(&letters.as_str())
        || (lower.starts_with('<') && lower.ends_with('>'))
        || (!letters.is_empty() && letters.chars().all(|c| c == 'x'))
}

impl Value for String {
    const SHAPE: &'static str = "text";

    fn read(text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }
}

impl Value for PathBuf {
    const SHAPE: &'static str = "path";

    fn read(text: &str) -> Result<PathBuf, String> {
        Ok(PathBuf::from(text))
    }
}

/// A program beside this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The usual one, if it is there.
    Auto,
    /// None, also if it is there.
    Off,
    /// This one: a path, or a name among those of the system's programs.
    Named(String),
}

impl Value for Program {
    const SHAPE: &'static str = "`auto`, `off`, or a program";

    fn read(text: &str) -> Result<Program, String> {
        Ok(match text {
            "auto" => Program::Auto,
            "off" | "false" | "none" => Program::Off,
            other if other.starts_with('-') || other.chars().any(char::is_control) => {
                return Err("must be `auto`, `off`, the name of a program or its path".to_owned());
            }
            other => Program::Named(other.to_owned()),
        })
    }
}

impl Value for bool {
    const SHAPE: &'static str = "true or false";

    fn read(text: &str) -> Result<bool, String> {
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            _ => Err("must be true or false".to_owned()),
        }
    }
}

impl Value for u16 {
    const SHAPE: &'static str = "port or small number";

    fn read(text: &str) -> Result<u16, String> {
        text.parse().map_err(|_| "must be a number from 0 to 65535".to_owned())
    }
}

/// How many of something: at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count(pub usize);

impl Value for Count {
    const SHAPE: &'static str = "number, at least 1";

    fn read(text: &str) -> Result<Count, String> {
        match text.parse() {
            Ok(n) if (1..=1_000_000).contains(&n) => Ok(Count(n)),
            _ => Err("must be a whole number from 1 to 1000000".to_owned()),
        }
    }
}

/// A part of a whole, as `10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub u64);

impl Value for Percent {
    const SHAPE: &'static str = "part of a whole, as `10%`";

    fn read(text: &str) -> Result<Percent, String> {
        match text.strip_suffix('%').unwrap_or(text).trim_end().parse() {
            Ok(percent) if percent <= 100 => Ok(Percent(percent)),
            _ => Err(format!("must be a part from 0% to 100%, not {text:?}")),
        }
    }
}

/// Nothing given is nothing read.
impl<T: Value> Value for Option<T> {
    const SHAPE: &'static str = T::SHAPE;
    const SECRET: bool = T::SECRET;

    fn read(text: &str) -> Result<Option<T>, String> {
        if text.is_empty() { Ok(None) } else { T::read(text).map(Some) }
    }
}

/// Comma-separated, or a list in `phiomia.toml`.
impl<T: Value + ListItem> Value for Vec<T> {
    const SHAPE: &'static str = T::LIST_SHAPE;

    fn read(text: &str) -> Result<Vec<T>, String> {
        text.split([',', ' ']).filter(|part| !part.is_empty()).map(T::read).collect()
    }
}

impl ListItem for String {
    const LIST_SHAPE: &'static str = "list of words";
}

/// A value that occurs in lists, and what such a list is called in the documentation.
pub trait ListItem {
    /// A few words.
    const LIST_SHAPE: &'static str;
}

/// A number of bytes, as `256MB`, `1.5 GB` or `65536`. Units are powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl Value for Size {
    const SHAPE: &'static str = "size, as `256MB`";

    fn read(text: &str) -> Result<Size, String> {
        let wrong = || format!("must be a size such as 64kB, 256MB or 2GB, not {text:?}");
        let (number, unit) = split_unit(text);
        let shift = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 0,
            "k" | "kb" | "kib" => 10,
            "m" | "mb" | "mib" => 20,
            "g" | "gb" | "gib" => 30,
            _ => return Err(wrong()),
        };
        let whole: u64 = number.parse().map_err(|_| wrong())?;
        whole.checked_mul(1 << shift).map(Size).ok_or_else(wrong)
    }
}

impl Value for Duration {
    const SHAPE: &'static str = "time span, as `30s`";

    fn read(text: &str) -> Result<Duration, String> {
        let wrong = || format!("must be a time span such as 500ms, 30s, 5m or 2h, not {text:?}");
        let (number, unit) = split_unit(text);
        let factor = match unit.to_ascii_lowercase().as_str() {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let whole: u64 = number.parse().map_err(|_| wrong())?;
        match whole.checked_mul(factor) {
            Some(ms) if ms > 0 && ms <= 366 * 86_400_000 => Ok(Duration::from_millis(ms)),
            _ => Err(wrong()),
        }
    }
}

/// A time span that may be a number alone, then of seconds, as Mastodon has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub Duration);

impl Value for Seconds {
    const SHAPE: &'static str = Duration::SHAPE;

    fn read(text: &str) -> Result<Seconds, String> {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        Duration::read(&if is_number { format!("{text}s") } else { text.to_owned() }).map(Seconds)
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number.trim(), unit.trim())
}

/// A domain, maybe with a port (then it is a server for development): `example.org`, `localhost:3912`.
/// Kept in lower case and in its ASCII form (`xn--…`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// With the port, if it has one.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether plain http is meant: a port is given, or the name is this machine's own.
    #[must_use]
    pub fn is_for_development(&self) -> bool {
        let (host, port) = split_port(&self.0);
        port.is_some() || host == "localhost" || host.ends_with(".localhost") || host == "127.0.0.1" || host == "[::1]"
    }
}

impl Value for Domain {
    const SHAPE: &'static str = "domain";

    fn read(text: &str) -> Result<Domain, String> {
        let wrong = |why: &str| format!("must be a domain such as example.org: {text:?} {why}");
        if text.contains("://") {
            return Err(wrong("begins with a scheme, leave that out"));
        }
        if text.contains(['/', '@', '?', '#', ' ', '\\', '%']) {
            return Err(wrong("has a character that no domain has"));
        }
        let (_, port) = split_port(text);
        if let Some(port) = port
            && port.parse::<u16>().is_err()
        {
            return Err(wrong("has a port that is no port"));
        }
        // The URL library knows international names; `ftp` and `http` differ in nothing but the default port.
        let url = url::Url::parse(&format!("ftp://{text}/")).map_err(|e| wrong(&format!("is not one ({e})")))?;
        let host = url.host_str().ok_or_else(|| wrong("has no name"))?;
        if host.len() > 253 || host.ends_with('.') {
            return Err(wrong("is too long or ends with a dot"));
        }
        Ok(Domain(port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))))
    }
}

impl ListItem for Domain {
    const LIST_SHAPE: &'static str = "list of domains";
}

/// `[::1]:80` into `[::1]` and `80`.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') && (host.ends_with(']') || !host.contains(':')) => (host, Some(port)),
        _ => (text, None),
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// `host:port`; the name is resolved when the listener starts.
    Tcp(String),
    /// A Unix socket, made when the listener starts.
    Unix(PathBuf),
}

impl Listen {
    /// The port, if it is one of TCP.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match self {
            Listen::Tcp(text) => split_port(text).1.and_then(|port| port.parse().ok()),
            Listen::Unix(_) => None,
        }
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(text) => f.write_str(text),
            Listen::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Value for Listen {
    const SHAPE: &'static str = "address";

    fn read(text: &str) -> Result<Listen, String> {
        let wrong = || format!("must be host:port, a port or unix:/path, not {text:?}");
        if let Some(path) = text.strip_prefix("unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return if path.is_empty() { Err(wrong()) } else { Ok(Listen::Unix(PathBuf::from(path))) };
        }
        if text.parse::<u16>().is_ok() {
            return Ok(Listen::Tcp(format!("localhost:{text}")));
        }
        match split_port(text) {
            (host, Some(port)) if port.parse::<u16>().is_ok() && is_host(host) => Ok(Listen::Tcp(text.to_owned())),
            _ => Err(wrong()),
        }
    }
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-' || c == '_'),
    }
}

impl Value for Cidr {
    const SHAPE: &'static str = "address range";

    fn read(text: &str) -> Result<Cidr, String> {
        text.parse()
    }
}

impl ListItem for Cidr {
    const LIST_SHAPE: &'static str = "list of addresses or ranges";
}

/// Declares an enum whose variants are words of the configuration.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $word:literal $(| $other:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vmeta])* $variant),+ }

        impl $name {
            /// The word in the configuration.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl $crate::config::value::Value for $name {
            const SHAPE: &'static str = concat!("one of" $(, " `", $word, "`")+);

            fn read(text: &str) -> Result<$name, String> {
                match text {
                    $($word $(| $other)* => Ok($name::$variant),)+
                    _ => Err(format!("must be one of {}, not {text:?}", [$($word),+].join(", "))),
                }
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests;

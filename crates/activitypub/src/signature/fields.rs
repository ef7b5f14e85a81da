//! Structured fields, as far as signatures and digests use them: dictionaries of items and inner lists.
//! Source: <https://www.rfc-editor.org/rfc/rfc9651>.

use std::fmt::Write as _;

use base64::{Engine, engine::general_purpose::STANDARD};

/// A bare item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bare {
    Integer(i64),
    Text(String),
    Token(String),
    Bytes(Vec<u8>),
    Boolean(bool),
}

pub(super) type Parameters = Vec<(String, Bare)>;

/// An item or an inner list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Item(Bare, Parameters),
    List(Vec<(Bare, Parameters)>, Parameters),
}

/// Parses a dictionary. A key that stands there twice makes it unusable: the standard would take the last one, and a
/// signature must not depend on who reads it. The error says what was expected.
pub(super) fn dictionary(text: &str) -> Result<Vec<(String, Member)>, &'static str> {
    let mut reader = Reader { rest: text.trim_matches(' ') };
    let mut members: Vec<(String, Member)> = Vec::new();
    while !reader.rest.is_empty() {
        let key = reader.key()?;
        let member =
            if reader.take('=') { reader.member()? } else { Member::Item(Bare::Boolean(true), reader.parameters()?) };
        if members.iter().any(|(known, _)| *known == key) {
            return Err("each key once");
        }
        members.push((key, member));
        reader.space();
        if reader.rest.is_empty() {
            break;
        }
        if !reader.take(',') {
            return Err("a comma between members");
        }
        reader.space();
        if reader.rest.is_empty() {
            return Err("a member after a comma");
        }
    }
    Ok(members)
}

/// Writes an inner list with its parameters in the canonical form.
pub(super) fn write_list(items: &[(Bare, Parameters)], parameters: &Parameters) -> String {
    let mut out = String::from("(");
    for (n, (item, own)) in items.iter().enumerate() {
        if n > 0 {
            out.push(' ');
        }
        write_bare(&mut out, item);
        write_parameters(&mut out, own);
    }
    out.push(')');
    write_parameters(&mut out, parameters);
    out
}

fn write_parameters(out: &mut String, parameters: &Parameters) {
    for (key, value) in parameters {
        out.push(';');
        out.push_str(key);
        if *value != Bare::Boolean(true) {
            out.push('=');
            write_bare(out, value);
        }
    }
}

fn write_bare(out: &mut String, bare: &Bare) {
    match bare {
        Bare::Integer(number) => {
            let _ = write!(out, "{number}");
        }
        Bare::Text(text) => {
            out.push('"');
            for c in text.chars() {
                if matches!(c, '"' | '\\') {
                    out.push('\\');
                }
                out.push(c);
            }
            out.push('"');
        }
        Bare::Token(token) => out.push_str(token),
        Bare::Bytes(bytes) => {
            out.push(':');
            STANDARD.encode_string(bytes, out);
            out.push(':');
        }
        Bare::Boolean(truth) => out.push_str(if *truth { "?1" } else { "?0" }),
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, c: char) -> bool {
        match self.rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn while_(&mut self, fits: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn key(&mut self) -> Result<String, &'static str> {
        let begins = self.rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '*');
        let key = self.while_(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.' | '*'));
        if begins { Ok(key.to_owned()) } else { Err("a key in lower case") }
    }

    fn member(&mut self) -> Result<Member, &'static str> {
        if !self.take('(') {
            let item = self.bare()?;
            return Ok(Member::Item(item, self.parameters()?));
        }
        let mut items = Vec::new();
        loop {
            self.space();
            if self.take(')') {
                return Ok(Member::List(items, self.parameters()?));
            }
            let item = self.bare()?;
            items.push((item, self.parameters()?));
            if !self.rest.starts_with([' ', ')']) {
                return Err("a space or `)` after an item of a list");
            }
        }
    }

    fn parameters(&mut self) -> Result<Parameters, &'static str> {
        let mut parameters: Parameters = Vec::new();
        while self.take(';') {
            self.space();
            let key = self.key()?;
            let value = if self.take('=') { self.bare()? } else { Bare::Boolean(true) };
            if parameters.iter().any(|(known, _)| *known == key) {
                return Err("each parameter once");
            }
            parameters.push((key, value));
        }
        Ok(parameters)
    }

    fn bare(&mut self) -> Result<Bare, &'static str> {
        match self.rest.chars().next() {
            Some('"') => self.text(),
            Some(':') => {
                self.take(':');
                let text = self.while_(|c| c != ':');
                if !self.take(':') {
                    return Err("`:` after bytes");
                }
                STANDARD.decode(text).map(Bare::Bytes).map_err(|_| "base64 between colons")
            }
            Some('?') => {
                self.take('?');
                match (self.take('1'), self.take('0')) {
                    (true, _) => Ok(Bare::Boolean(true)),
                    (_, true) => Ok(Bare::Boolean(false)),
                    _ => Err("`?0` or `?1`"),
                }
            }
            Some(c) if c.is_ascii_digit() || c == '-' => {
                let digits = self.while_(|c| c.is_ascii_digit() || c == '-');
                digits.parse().map(Bare::Integer).map_err(|_| "a whole number")
            }
            Some(c) if c.is_ascii_alphabetic() || c == '*' => {
                let fits = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
                Ok(Bare::Token(self.while_(fits).to_owned()))
            }
            _ => Err("a value"),
        }
    }

    fn text(&mut self) -> Result<Bare, &'static str> {
        self.take('"');
        let mut text = String::new();
        loop {
            text.push_str(self.while_(|c| (' '..='~').contains(&c) && c != '"' && c != '\\'));
            if self.take('"') {
                return Ok(Bare::Text(text));
            }
            if !self.take('\\') {
                return Err("`\"` after a text");
            }
            match self.rest.chars().next() {
                Some(c @ ('"' | '\\')) => {
                    self.take(c);
                    text.push(c);
                }
                _ => return Err("`\"` or `\\` after `\\`"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn what_is_read_is_written_in_the_same_canonical_form() {
        let written =
            r#"("date" "@query-param";name="x \"y\"" "@path");created=1618884473;keyid="k";tag=*a/b;x;y=?0;z=:AAE=:"#;
        let Member::List(items, parameters) = dictionary(&format!("sig1={written}")).unwrap().remove(0).1 else {
            panic!()
        };
        assert_eq!(write_list(&items, &parameters), written);
    }

    #[test]
    fn what_is_no_dictionary_is_refused_with_what_was_expected() {
        for (bad, expected) in [
            ("a=1, a=2", "each key once"),
            ("a=();x=1;x=2", "each parameter once"),
            ("A=1", "a key in lower case"),
            ("a=:?:", "base64 between colons"),
            ("a=\"x", "`\"` after a text"),
            ("a=(\"x\"\"y\")", "a space or `)` after an item of a list"),
            ("a=1,", "a member after a comma"),
            ("a=1 b=2", "a comma between members"),
            ("a=(", "a value"),
            ("a=99999999999999999999", "a whole number"),
            ("a=\"ü\"", "`\"` after a text"),
        ] {
            assert_eq!(dictionary(bad), Err(expected), "{bad}");
        }
    }
}

//! Reads `.env.production` and its like: `NAME=value` lines as the dotenv library of Ruby takes them.

use std::collections::BTreeMap;

/// The variables of the text. A later line goes before an earlier one.
///
/// Comments, `export `, single and double quotes (also over several lines) are understood; `$NAME` in a value stays
/// as it is.
///
/// # Errors
/// The number of the first line that is no assignment. The line itself is not told: it may hold a secret.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let line_of = |rest: &str| text.get(..text.len() - rest.len()).unwrap_or(text).matches('\n').count() + 1;
    while !rest.is_empty() {
        let line = rest.split('\n').next().unwrap_or(rest);
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            rest = after(rest, line.len() + 1);
            continue;
        }
        let wrong = || format!("line {} is not of the form NAME=value", line_of(rest));
        let (left, _) = line.split_once('=').ok_or_else(wrong)?;
        let name = left.trim();
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Err(wrong());
        }
        let value_text = after(rest, left.len() + 1).trim_start_matches([' ', '\t']);
        let (value, remainder) = value(value_text)
            .ok_or_else(|| format!("line {}: the quotes around the value do not end", line_of(rest)))?;
        variables.insert(name.to_owned(), value);
        rest = remainder;
    }
    Ok(variables)
}

/// The value at the start, and what follows its line. `None`: quotes without an end.
fn value(text: &str) -> Option<(String, &str)> {
    match text.chars().next() {
        Some('\'') => {
            let (inside, rest) = after(text, 1).split_once('\'')?;
            Some((inside.to_owned(), next_line(rest)))
        }
        Some('"') => double_quoted(after(text, 1)).map(|(inside, rest)| (inside, next_line(rest))),
        _ => {
            let line = text.split('\n').next().unwrap_or(text);
            let end = line.find(" #").or_else(|| line.find("\t#")).unwrap_or(line.len());
            let bare = if line.starts_with('#') { "" } else { line.get(..end).unwrap_or(line) };
            Some((bare.trim().to_owned(), after(text, line.len() + 1)))
        }
    }
}

fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut inside = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((inside, after(text, at + 1))),
            '\\' => match chars.next()?.1 {
                'n' => inside.push('\n'),
                'r' => inside.push('\r'),
                't' => inside.push('\t'),
                other => inside.push(other),
            },
            other => inside.push(other),
        }
    }
    None
}

fn after(text: &str, bytes: usize) -> &str {
    text.get(bytes..).unwrap_or("")
}

fn next_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, rest)| rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_comments_and_export_are_understood() {
        let text = "\u{feff}# a comment\n\nLOCAL_DOMAIN=example.org\r\nexport DB_HOST = /var/run/postgresql # its socket\n\
            DB_PASS='a # b \"c\"' # the password\nSAML_CERT=\"one\\ntwo\nthree \\\"x\\\"\"\nEMPTY=\nHASH=#none\nURL=redis://h/#x\nDB_HOST=later";
        let all = parse(text).map(|v| v.into_iter().collect::<Vec<_>>());
        let expected = [
            ("DB_HOST", "later"),
            ("DB_PASS", "a # b \"c\""),
            ("EMPTY", ""),
            ("HASH", ""),
            ("LOCAL_DOMAIN", "example.org"),
            ("SAML_CERT", "one\ntwo\nthree \"x\""),
            ("URL", "redis://h/#x"),
        ];
        assert_eq!(all, Ok(expected.map(|(n, v)| (n.to_owned(), v.to_owned())).to_vec()));
    }

    #[test]
    fn a_line_that_is_no_assignment_is_told_by_its_number_alone() {
        assert_eq!(parse("A=1\n\nhunter2\n"), Err("line 3 is not of the form NAME=value".to_owned()));
        assert_eq!(parse("A=1\nB=\"x\nC=1"), Err("line 2: the quotes around the value do not end".to_owned()));
    }
}

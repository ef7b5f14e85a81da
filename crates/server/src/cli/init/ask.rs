//! Answers: from a flag, from what is there, or from a person at the terminal.

use std::io::{self, BufRead as _, Write as _};

use super::Failure;

/// Whom to ask.
pub(super) struct Ask {
    /// Whether somebody is there.
    pub may_ask: bool,
}

impl Ask {
    /// What was `said`, or what is answered to the question; an empty answer is the `usual` one.
    ///
    /// # Errors
    /// A sentence, when nobody answers, or when what was said by a flag does not read.
    pub(super) fn answer<T>(
        &self,
        said: Option<&str>,
        question: &str,
        usual: Option<&str>,
        flag: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        if let Some(said) = said {
            return read(said.trim()).map_err(|why| Failure(format!("{flag} {why}")));
        }
        if !self.may_ask {
            return Err(Failure(format!("{flag} is missing, and there is nobody to ask")));
        }
        loop {
            let answer = ask(question, usual)?;
            match read(&answer) {
                Ok(value) => return Ok(value),
                Err(why) => say(&format!("It {why}.\n"))?,
            }
        }
    }
}

fn ask(question: &str, usual: Option<&str>) -> Result<String, Failure> {
    say(&usual.map_or_else(|| format!("{question}: "), |usual| format!("{question} [{usual}]: ")))?;
    let mut line = String::new();
    match io::stdin().lock().read_line(&mut line) {
        Ok(0) => Err(Failure("nothing was answered".to_owned())),
        Ok(_) => Ok(match line.trim() {
            "" => usual.unwrap_or_default().to_owned(),
            answer => answer.to_owned(),
        }),
        Err(error) => Err(Failure::because("asking", error)),
    }
}

fn say(text: &str) -> Result<(), Failure> {
    let mut out = io::stderr();
    write!(out, "{text}").and_then(|()| out.flush()).map_err(|e| Failure::because("asking", e))
}

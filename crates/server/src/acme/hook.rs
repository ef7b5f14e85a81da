//! The operator's program that writes DNS records.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// Name servers take their time.
const PATIENCE: Duration = Duration::from_secs(300);

/// What it shall do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Act {
    Present,
    Cleanup,
}

/// Runs it: `HOOK present _acme-challenge.example.org TEXT`.
///
/// # Errors
/// A sentence with the last line of what it said.
pub(super) async fn run(hook: &Path, act: Act, name: &str, text: &str) -> Result<(), String> {
    let word = match act {
        Act::Present => "present",
        Act::Cleanup => "cleanup",
    };
    let shown = hook.display();
    let mut command = Command::new(hook);
    command.args([word, name, text]).stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(PATIENCE, command.output()).await;
    let ended = ended.map_err(|_| format!("{shown} {word} {name} did not end within five minutes"))?;
    let output = ended.map_err(|e| format!("{shown} does not start: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(format!("{shown} {word} {name} failed ({}): {last}", output.status))
}

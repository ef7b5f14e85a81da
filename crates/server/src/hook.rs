//! A program of the operator that does what this server cannot.

use std::{path::Path, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};

/// Name servers take their time.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs it: `HOOK present _acme-challenge.example.org TEXT`.
///
/// # Errors
/// A sentence with the last line of what it said.
pub async fn run(hook: &Path, arguments: &[&str]) -> Result<(), String> {
    let shown = format!("{} {}", hook.display(), arguments.iter().take(2).copied().collect::<Vec<_>>().join(" "));
    let mut command = Command::new(hook);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let ended = timeout(PATIENCE, command.output()).await;
    let ended = ended.map_err(|_| format!("{shown} did not end within five minutes"))?;
    let output = ended.map_err(|e| format!("{} does not start: {e}", hook.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(format!("{shown} failed ({}): {last}", output.status))
}

//! The log: lines for people or JSON for machines, to standard error.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::{LogFormat, Logs};

/// Starts the log of this process. Called once.
///
/// # Errors
/// A sentence, when the level does not read or a log has been started before.
pub fn start(logs: &Logs) -> Result<(), String> {
    let filter = EnvFilter::try_new(&logs.level.0).map_err(|e| format!("logs.level: {e}"))?;
    tracing_subscriber::registry()
        .with(filter)
        .with(layer(logs.format))
        .try_init()
        .map_err(|e| format!("the log does not start: {e}"))
}

type Line<F> = Box<dyn Layer<F> + Send + Sync>;

fn layer<S>(format: LogFormat) -> Line<S>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a> + Send + Sync,
{
    let base = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(true);
    match format {
        LogFormat::Text => base.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => base.json().flatten_event(true).with_current_span(true).with_span_list(false).boxed(),
    }
}

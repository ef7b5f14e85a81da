//! Figures for Prometheus: one recorder for the process, and a listener of its own that shows them at `/metrics`.

use std::time::Duration;

use axum::{Router, extract::State, response::IntoResponse, routing::get};
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::{listen, shutdown::Shutdown};

/// Bounds of the histograms of seconds: from a read in memory to a request that is about to be given up.
const SECONDS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// How often histograms are emptied into their buckets: what waits in between is memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// The recorder, not yet installed.
///
/// # Errors
/// When the bounds are not accepted, which a test would show.
pub fn recorder() -> Result<PrometheusRecorder, BuildError> {
    let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?;
    Ok(builder.build_recorder())
}

/// Installs the recorder for the whole process and returns what renders it. Called once.
///
/// # Errors
/// A sentence, when there is a recorder already.
pub fn install() -> Result<PrometheusHandle, String> {
    let recorder = recorder().map_err(|e| format!("metrics do not start: {e}"))?;
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|e| format!("metrics do not start: {e}"))?;
    metrics::describe_counter!("http_requests_total", "Requests answered, by method and class of status");
    metrics::describe_histogram!("http_request_duration_seconds", "Time until the answer began");
    metrics::describe_gauge!("http_connections", "Open connections");
    metrics::describe_counter!("http_panics_total", "Requests that ended in a panic");
    metrics::describe_gauge!("phiomia_streams", "Open streams, by kind");
    metrics::gauge!("phiomia_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(handle)
}

/// `GET /metrics` in Prometheus' text format.
pub fn router(handle: PrometheusHandle) -> Router {
    Router::new().route("/metrics", get(render)).with_state(handle)
}

async fn render(State(handle): State<PrometheusHandle>) -> impl IntoResponse {
    ([(http::header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], handle.render())
}

/// Shows the figures until the process stops.
pub async fn serve(handle: PrometheusHandle, door: listen::Door, shutdown: Shutdown) {
    let upkeep = async {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            handle.run_upkeep();
        }
    };
    tokio::select! {
        () = listen::serve(router(handle.clone()), door, listen::Options::default(), shutdown) => {}
        () = upkeep => {}
    }
}

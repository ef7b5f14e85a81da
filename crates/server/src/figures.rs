//! What is counted of requests: each figure is looked up once, not at every request.

use std::{sync::OnceLock, time::Duration};

use http::{Method, StatusCode};
use metrics::{Counter, Histogram};

/// Methods are free text; a label is not.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other"];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The figures of one listener, of which only those are there that were needed.
#[derive(Default)]
pub(crate) struct Figures {
    of_method: [OfMethod; METHODS.len()],
}

#[derive(Default)]
struct OfMethod {
    requests: [OnceLock<Counter>; CLASSES.len()],
    duration: OnceLock<Histogram>,
}

impl Figures {
    /// Notes an answer.
    pub(crate) fn note(&self, method: &Method, status: StatusCode, took: Duration) {
        let at = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        let (Some(figures), Some(&method), Some(&status)) =
            (self.of_method.get(at), METHODS.get(at), CLASSES.get(class))
        else {
            return;
        };
        let counter = || metrics::counter!("http_requests_total", "method" => method, "status" => status);
        if let Some(requests) = figures.requests.get(class) {
            requests.get_or_init(counter).increment(1);
        }
        let histogram = || metrics::histogram!("http_request_duration_seconds", "method" => method);
        figures.duration.get_or_init(histogram).record(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_by_its_method_and_class() {
        let Ok(recorder) = crate::metrics::recorder() else { panic!("no recorder") };
        let shown = metrics::with_local_recorder(&recorder, || {
            let figures = Figures::default();
            for (method, status) in [
                (Method::GET, StatusCode::OK),
                (Method::GET, StatusCode::NO_CONTENT),
                (Method::TRACE, StatusCode::IM_A_TEAPOT),
                (Method::POST, StatusCode::SERVICE_UNAVAILABLE),
            ] {
                figures.note(&method, status, Duration::from_millis(3));
            }
            recorder.handle().render()
        });
        for line in [
            "http_requests_total{method=\"GET\",status=\"2xx\"} 2",
            "http_requests_total{method=\"other\",status=\"4xx\"} 1",
            "http_requests_total{method=\"POST\",status=\"5xx\"} 1",
            "http_request_duration_seconds_count{method=\"GET\"} 2",
        ] {
            assert!(shown.contains(line), "{line} in {shown}");
        }
    }
}

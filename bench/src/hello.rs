//! The bare HTTP server: axum, one route, one fixed answer.

use axum::{Router, http::header, routing::get};

pub async fn run(listen: &str, n_bytes: usize) {
    let body = bytes::Bytes::from(vec![b'x'; n_bytes]);
    let answer = move || async move { ([(header::CONTENT_TYPE, "application/json")], body) };
    let router = Router::new().route("/hello", get(answer.clone())).route("/health", get(answer));
    let listener = tokio::net::TcpListener::bind(listen).await.unwrap();
    axum::serve(listener, router).await.unwrap();
}

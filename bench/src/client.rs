//! A small HTTP client: one connection, one request after another.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;

/// One connection.
pub struct Connection {
    send: SendRequest<Full<Bytes>>,
    host: String,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: Bytes,
    /// The first cookie that was set, with its name.
    pub cookie: Option<String>,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// The connection broke or was refused.
pub struct Broken;

impl Connection {
    pub async fn open(address: &str) -> Result<Connection, Broken> {
        let stream = tokio::net::TcpStream::connect(address).await.map_err(|_| Broken)?;
        stream.set_nodelay(true).map_err(|_| Broken)?;
        let (send, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| Broken)?;
        tokio::spawn(connection);
        Ok(Connection { send, host: address.to_owned() })
    }

    pub async fn get(&mut self, path: &str, token: Option<&str>) -> Result<Answer, Broken> {
        let request = Request::get(path);
        self.send(request, token, Bytes::new()).await
    }

    /// Posts a form.
    pub async fn post(&mut self, path: &str, token: &str, form: String) -> Result<Answer, Broken> {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Some(token), Bytes::from(form)).await
    }

    /// Posts a page's form, as a browser does.
    pub async fn post_page(&mut self, path: &str, cookie: &str, form: String) -> Result<Answer, Broken> {
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie);
        self.send(request, None, Bytes::from(form)).await
    }

    /// Uploads a JPEG.
    pub async fn upload(&mut self, path: &str, token: &str, picture: &[u8]) -> Result<Answer, Broken> {
        let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=end-of-part");
        let head = "--end-of-part\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\
            Content-Type: image/jpeg\r\n\r\n";
        let body = [head.as_bytes(), picture, b"\r\n--end-of-part--\r\n"].concat();
        self.send(request, Some(token), Bytes::from(body)).await
    }

    /// Posts an activity with headers that were made before.
    pub async fn deliver(
        &mut self,
        path: &str,
        headers: Vec<(header::HeaderName, header::HeaderValue)>,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/activity+json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.send(request, None, body).await
    }

    async fn send(
        &mut self,
        request: hyper::http::request::Builder,
        token: Option<&str>,
        body: Bytes,
    ) -> Result<Answer, Broken> {
        let request = request.header(header::HOST, &self.host);
        let request = match token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        };
        let request = request.body(Full::new(body)).unwrap();
        self.send.ready().await.map_err(|_| Broken)?;
        let response = self.send.send_request(request).await.map_err(|_| Broken)?;
        let status = response.status().as_u16();
        let cookie = response.headers().get(header::SET_COOKIE).and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        let body = response.into_body().collect().await.map_err(|_| Broken)?.to_bytes();
        Ok(Answer { status, body, cookie })
    }
}

//! The chat page: files built into the binary, nothing is fetched from elsewhere.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;

use crate::botapi::BotApi;

/// Scripts and styles of the page only, pictures of this server only.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      frame-ancestors 'none'; base-uri 'none'";

macro_rules! assets {
    ($($path:literal => $kind:literal, $file:literal;)*) => {
        Router::new()$(.route($path, get(|| async { asset($kind, include_str!($file)) })))*
    };
}

pub(crate) fn routes() -> Router<BotApi> {
    assets! {
        "/" => "text/html; charset=utf-8", "page/index.html";
        "/page/style.css" => "text/css; charset=utf-8", "page/style.css";
        "/page/bubbles.css" => "text/css; charset=utf-8", "page/bubbles.css";
        "/page/app.js" => "text/javascript; charset=utf-8", "page/app.js";
        "/page/api.js" => "text/javascript; charset=utf-8", "page/api.js";
        "/page/message.js" => "text/javascript; charset=utf-8", "page/message.js";
        "/page/polymarket.js" => "text/javascript; charset=utf-8", "page/polymarket.js";
        "/page/world.js" => "text/javascript; charset=utf-8", "page/world.js";
        "/page/icon.svg" => "image/svg+xml", "page/icon.svg";
    }
}

fn asset(kind: &'static str, body: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body)
}

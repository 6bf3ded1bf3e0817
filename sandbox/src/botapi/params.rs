//! Parameters of a Bot API call, which come in the query, as JSON, as a form or as multipart.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Form, FromRequest, Multipart, Query, Request};
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::botapi::refusal::Refusal;

/// An uploaded file.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) bytes: Bytes,
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: BTreeMap<String, Value>,
    files: BTreeMap<String, Upload>,
}

impl Params {
    /// Reads all of a request.
    pub(crate) async fn read(request: Request) -> Result<Self, Refusal> {
        let mut params = Self::default();
        if let Ok(Query(pairs)) = Query::<Vec<(String, String)>>::try_from_uri(request.uri()) {
            params.extend(pairs);
        }
        let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().to_lowercase();
        match kind.trim() {
            "application/json" => {
                let body = Bytes::from_request(request, &()).await;
                let body = body.map_err(|_| Refusal::bad("can't read the request"))?;
                if !body.is_empty() {
                    let object = Json::<Map<String, Value>>::from_bytes(&body)
                        .map_err(|_| Refusal::bad("can't parse JSON object"))?;
                    params.values.extend(object.0.into_iter().filter(|(_, v)| !v.is_null()));
                }
            }
            "application/x-www-form-urlencoded" => {
                let form = Form::<Vec<(String, String)>>::from_request(request, &()).await;
                params.extend(form.map_err(|_| Refusal::bad("can't parse the form"))?.0);
            }
            "multipart/form-data" => params.read_multipart(request).await?,
            _ => {}
        }
        Ok(params)
    }

    async fn read_multipart(&mut self, request: Request) -> Result<(), Refusal> {
        let wrong = || Refusal::bad("can't parse the multipart form");
        let mut parts = Multipart::from_request(request, &()).await.map_err(|_| wrong())?;
        while let Some(part) = parts.next_field().await.map_err(|_| wrong())? {
            let name = part.name().unwrap_or_default().to_owned();
            let file = part.file_name().map(str::to_owned);
            let mime_type = part.content_type().unwrap_or("application/octet-stream").to_owned();
            let bytes = part.bytes().await.map_err(|_| wrong())?;
            match file {
                Some(file) => {
                    self.files.insert(name, Upload { name: file, mime_type, bytes });
                }
                None => {
                    let text = String::from_utf8(bytes.to_vec())
                        .map_err(|_| Refusal::bad("strings must be encoded in UTF-8"))?;
                    self.values.insert(name, Value::String(text));
                }
            }
        }
        Ok(())
    }

    /// The parameters of a call that a webhook receiver put into its response.
    pub(crate) fn from_object(object: Map<String, Value>) -> Self {
        Self { values: object.into_iter().collect(), files: BTreeMap::new() }
    }

    fn extend(&mut self, pairs: Vec<(String, String)>) {
        self.values.extend(pairs.into_iter().map(|(name, value)| (name, Value::String(value))));
    }

    /// A string; numbers are taken as they are written.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.values.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Null => None,
            other => Some(other.to_string()),
        }
    }

    /// A whole number, also when it was sent as a string.
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => text
                .trim()
                .parse()
                .map(Some)
                .map_err(|_| Refusal::bad(format!("parameter \"{name}\" must be a valid Number"))),
        }
    }

    /// A switch that is off unless it was set.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "true" | "yes" | "1"))
    }

    /// An object or array, also when it was sent as a JSON string; `what` names it in the refusal.
    pub(crate) fn json<T: DeserializeOwned>(&self, name: &str, what: &str) -> Result<Option<T>, Refusal> {
        let value = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => serde_json::from_str(text)
                .map_err(|_| Refusal::bad(format!("can't parse {what} JSON object")))?,
            Some(other) => other.clone(),
        };
        serde_json::from_value(value)
            .map(Some)
            .map_err(|error| Refusal::bad(format!("can't parse {what}: {error}")))
    }

    /// An uploaded file by the name of its part.
    pub(crate) fn file(&self, name: &str) -> Option<&Upload> {
        self.files.get(name)
    }
}

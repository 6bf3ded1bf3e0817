//! A page in the browser: looked at through its elements, touched with the mouse and the keyboard.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::devtools::DevTools;
use super::picture;

/// Between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// How long anything on a page is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A part of a page, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Area {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// To the right.
    pub width: f64,
    /// Downwards.
    pub height: f64,
}

/// A page. It is closed with its browser.
pub struct Page {
    devtools: DevTools,
    session: String,
}

impl Page {
    pub(super) async fn open(devtools: DevTools, url: &str, (width, height): (u32, u32)) -> Result<Self> {
        // A window of its own: a page behind another one is not drawn. Its size is set below.
        let blank = json!({ "url": "about:blank", "newWindow": true });
        let target = devtools.call(None, "Target.createTarget", blank).await?;
        let target = target.get("targetId").context("a page without an id")?.clone();
        let attach = json!({ "targetId": target, "flatten": true });
        let attached = devtools.call(None, "Target.attachToTarget", attach).await?;
        let session =
            attached.get("sessionId").and_then(Value::as_str).context("a page without a session")?;
        let page = Self { devtools, session: session.to_owned() };
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            page.call(domain, json!({})).await?;
        }
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        page.call("Emulation.setDeviceMetricsOverride", size).await?;
        page.go(url).await?;
        Ok(page)
    }

    /// Loads another address.
    ///
    /// # Errors
    /// It cannot be loaded.
    pub async fn go(&self, url: &str) -> Result<()> {
        let gone = self.call("Page.navigate", json!({ "url": url })).await?;
        ensure!(gone.get("errorText").is_none(), "{url}: {}", gone.get("errorText").unwrap_or(&Value::Null));
        self.until(&format!("{url} loaded"), "document.readyState === 'complete'").await
    }

    /// What a script comes to; promises are awaited.
    ///
    /// # Errors
    /// It throws.
    pub async fn evaluate(&self, script: &str) -> Result<Value> {
        let call = json!({ "expression": script, "awaitPromise": true, "returnByValue": true });
        let mut done = self.call("Runtime.evaluate", call).await?;
        if let Some(thrown) = done.get("exceptionDetails") {
            bail!("{script} throws {thrown}");
        }
        Ok(done.pointer_mut("/result/value").map(Value::take).unwrap_or_default())
    }

    /// Waits until a script is true.
    ///
    /// # Errors
    /// It does not become so; the text of the page is in the message.
    pub async fn until(&self, what: &str, script: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            // While a page is replaced there is nothing to ask.
            if let Ok(Value::Bool(true)) = self.evaluate(script).await {
                return Ok(());
            }
            if Instant::now() > deadline {
                let text = self.evaluate("document.body.innerText").await.unwrap_or_default();
                bail!("waited {PATIENCE:?} in vain for {what}; the page says {text}");
            }
            sleep(LOOK).await;
        }
    }

    /// Clicks the middle of the last element that a selector finds and whose text begins so, with the mouse.
    ///
    /// # Errors
    /// There is none, or something lies over it.
    pub async fn click(&self, selector: &str, text: &str) -> Result<()> {
        let (selector, text) = (json!(selector), json!(text));
        let find = format!(
            "(() => {{ const all = [...document.querySelectorAll({selector})];
                const node = all.filter((node) => node.innerText.trim().startsWith({text}) && node.offsetParent).pop();
                if (!node) return null;
                node.scrollIntoView({{ block: 'center' }});
                const box = node.getBoundingClientRect();
                const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
                return node.contains(document.elementFromPoint(x, y)) ? {{ x, y }} : null; }})()"
        );
        self.until(&format!("{selector} {text}"), &format!("{find} !== null")).await?;
        let place = self.evaluate(&find).await?;
        for kind in ["mousePressed", "mouseReleased"] {
            let mut event = place.clone();
            let fields = event.as_object_mut().context("it moved away")?;
            fields.extend([
                ("type".to_owned(), json!(kind)),
                ("button".to_owned(), json!("left")),
                ("clickCount".to_owned(), json!(1)),
            ]);
            self.call("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// Types into the element that has the focus, and presses Enter.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn type_line(&self, text: &str) -> Result<()> {
        self.call("Input.insertText", json!({ "text": text })).await?;
        for kind in ["keyDown", "keyUp"] {
            let enter = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13,
                "text": if kind == "keyDown" { "\r" } else { "" } });
            self.call("Input.dispatchKeyEvent", enter).await?;
        }
        Ok(())
    }

    /// Where an element is; nothing if there is none.
    ///
    /// # Errors
    /// The selector is none.
    pub async fn area(&self, selector: &str) -> Result<Option<Area>> {
        let selector = json!(selector);
        let script = format!(
            "(() => {{ const box = document.querySelector({selector})?.getBoundingClientRect();
                return box ? {{ x: box.x, y: box.y, width: box.width, height: box.height }} : null; }})()"
        );
        Ok(serde_json::from_value(self.evaluate(&script).await?)?)
    }

    /// A part of the page as a small PNG.
    ///
    /// # Errors
    /// The browser is gone, or it cannot be encoded.
    pub async fn picture(&self, area: Area) -> Result<Vec<u8>> {
        let clip =
            json!({ "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1 });
        let call = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let taken = self.call("Page.captureScreenshot", call).await?;
        let data = taken.get("data").and_then(Value::as_str).context("no picture")?;
        picture::small(&picture::from_base64(data)?)
    }

    /// Errors that pages of this browser reported since the last call of this.
    pub async fn complaints(&self) -> Vec<String> {
        self.devtools.complaints().await
    }

    async fn call(&self, method: &str, params: Value) -> Result<Value> {
        self.devtools.call(Some(&self.session), method, params).await
    }
}

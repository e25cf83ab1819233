//! A document of our own as PDF.

use serde_json::{Value, json};

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::picture::decoded;
use super::remote::Command;
use super::session::Session;

const WRITE: &str = "document.open(); document.write(arguments[0]); document.close(); return document.readyState;";

impl Session {
    /// Writes a page that stands alone into the window and prints it: tagged and with an outline where the browser can,
    /// on the paper that its style sheet asks for.
    pub async fn print_document(&mut self, html: &str) -> Result<Vec<u8>, Error> {
        let limit = self.limit();
        self.printed(html, limit).await.map_err(|kind| Error::new("skriva ut dokumentet", kind))
    }

    async fn printed(&mut self, html: &str, limit: Limit) -> Result<Vec<u8>, ErrorKind> {
        self.send(Command::post("execute/sync", json!({"script": WRITE, "args": [html]})), limit).await?;
        let wanted = json!({
            "printBackground": true, "preferCSSPageSize": true,
            "generateTaggedPDF": true, "generateDocumentOutline": true,
        });
        let command = json!({"cmd": "Page.printToPDF", "params": wanted});
        match self.send(Command::post("goog/cdp/execute", command), limit).await {
            Ok(Value::Object(answer)) => decoded(answer.get("data").unwrap_or(&Value::Null)),
            // Another browser than Chromium: what the standard has.
            _ => decoded(&self.send(Command::post("print", json!({"background": true})), limit).await?),
        }
    }
}

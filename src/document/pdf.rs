//! A document as PDF: printed by the same browser that the bots use, so tagged, with an outline and in the page's own
//! style. A browser is there already; a second way to lay out pages would be another thing to keep.

use std::time::Duration;

use tokio::sync::Semaphore;

use crate::browser::{self, BrowserConfig, Session};
use crate::config::Config;

/// A long rule book takes seconds to lay out.
const LIMIT: Duration = Duration::from_mins(1);

/// Each print is a browser of its own.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
#[error("PDF-filen kunde inte göras: {0}; kontrollera [webdriver] i kollega.toml, eller skriv --format html")]
pub struct PdfError(String);

/// Prints a page that stands alone.
pub async fn pdf(config: &Config, html: &str) -> Result<Vec<u8>, PdfError> {
    let failed = |error: browser::Error| PdfError(error.to_string());
    let turn = AT_ONCE.acquire().await.map_err(|error| PdfError(error.to_string()))?;
    let mut session = Box::pin(Session::open(&browser_config(config), "utskrift")).await.map_err(failed)?;
    let printed = session.print_document(html).await;
    session.end().await;
    drop(turn);
    printed.map_err(failed)
}

fn browser_config(config: &Config) -> BrowserConfig {
    let driver = &config.webdriver;
    // A suggestion from a file needs no installation; then there is nothing to clean up after it at the next start.
    let data = if config.data().is_dir() { config.data() } else { std::env::temp_dir().join("kollega") };
    BrowserConfig {
        url: (!driver.url.is_empty()).then(|| driver.url.clone()),
        chromedriver: driver.chromedriver.clone(),
        binary: driver.browser.clone(),
        arguments: driver.arguments.clone(),
        capabilities: driver.capabilities.clone().into_iter().collect(),
        timeout: LIMIT,
        ..BrowserConfig::local(data.join("browsers"), data.join("downloads"))
    }
}

//! How the page in the window is doing: what the system answered with, in any of its frames, and whether it has come.

use std::time::Duration;

use serde_json::json;

use super::connection::Limit;
use super::error::ErrorKind;
use super::remote::Command;
use super::session::Session;

/// How long the question may take: a page that can't answer it has not come.
const LIMIT: Duration = Duration::from_secs(5);

/// The highest status of the window and the frames that may be looked into; 0 where the browser does not know it.
const SCRIPT: &str = "
let status = 0, loaded = true;
const look = (view) => {
  const entry = view.performance.getEntriesByType('navigation')[0];
  status = Math.max(status, (entry && entry.responseStatus) || 0);
  if (view.location.protocol === 'chrome-error:') status = Math.max(status, 599);
  loaded = loaded && view.document.readyState === 'complete';
  for (let number = 0; number < view.frames.length; number++) {
    try { look(view.frames[number]); } catch { /* of another origin */ }
  }
};
look(window);
return {status, loaded};
";

/// How a page is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageState {
    /// The HTTP status; 0 where the browser does not know it, 599 for the browser's own error page.
    pub status: u64,
    /// Whether all of it has come.
    pub loaded: bool,
}

impl Session {
    /// How the page is doing; none where the browser can't tell any more.
    pub async fn page_state(&mut self) -> Option<PageState> {
        let limit = Limit::of(LIMIT);
        let answer = match self.go(&[], limit).await {
            Ok(()) => self.send(Command::script(SCRIPT, &json!({})), limit).await,
            Err(kind) => Err(kind),
        };
        match answer {
            Ok(answer) => Some(PageState {
                status: answer["status"].as_u64().unwrap_or_default(),
                loaded: answer["loaded"].as_bool().unwrap_or(true),
            }),
            Err(ErrorKind::Timeout { .. }) => Some(PageState { status: 0, loaded: false }),
            Err(_) => None,
        }
    }
}

//! Windows that pages open, known to the bot by the names it gives them.

use std::time::Duration;

use serde_json::{Value, json};

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::remote::Command;
use super::session::{Place, Session};

/// How long a new window may show nothing.
const FIRST_PAGE: Duration = Duration::from_secs(1);

impl Session {
    /// Goes to the window of this name; a new name takes the newest window that has none, and waits for one.
    pub async fn enter_window(&mut self, name: &str) -> Result<(), Error> {
        let what = format!("gå till fönstret ”{name}”");
        let limit = self.limit();
        let mut round = 0;
        loop {
            round += 1;
            let handle = self.window_of(name, limit).await.map_err(|kind| Error::new(&what, kind))?;
            if let Some(handle) = handle {
                self.switch(&handle, limit).await.map_err(|kind| Error::new(&what, kind))?;
                let new = self.windows.insert(name.to_owned(), handle.clone()).is_none();
                self.places.push(Place { handle, frames: Vec::new() });
                return if new { self.first_page(limit).await.map_err(|kind| Error::new(what, kind)) } else { Ok(()) };
            }
            if limit.has_passed() {
                return Err(Error::new(what, ErrorKind::NoWindow));
            }
            limit.pause(round).await;
        }
    }

    /// Waits for a window that was just opened to have more than the empty page that it begins with.
    ///
    /// A page may also write into that empty page, or leave it so: after a second it is taken as it is.
    async fn first_page(&mut self, limit: Limit) -> Result<(), ErrorKind> {
        let patience = Limit::of(FIRST_PAGE.min(limit.total));
        let mut round = 0;
        loop {
            round += 1;
            let began = match self.address(limit).await {
                Ok(address) => address != "about:blank",
                // The dialog of its first page, for the next step.
                Err(ErrorKind::UnexpectedDialog { .. }) => true,
                Err(kind) => return Err(kind),
            };
            if began || patience.has_passed() {
                return Ok(());
            }
            patience.pause(round).await;
        }
    }

    /// Returns to the window that the bot came from. The one it leaves may be closed already.
    pub async fn leave_window(&mut self) -> Result<(), Error> {
        if self.places.len() > 1 {
            self.places.pop();
        }
        let handle = self.place().handle.clone();
        let limit = self.limit();
        self.switch(&handle, limit).await.map_err(|kind| Error::new("gå tillbaka till fönstret", kind))
    }

    /// Closes the window that the bot is in and returns to the one it came from.
    pub async fn close_window(&mut self) -> Result<(), Error> {
        let limit = self.limit();
        if self.places.len() > 1 {
            match self.send(Command::delete("window"), limit).await {
                Ok(_) | Err(ErrorKind::NoWindow) => {}
                Err(kind) => return Err(Error::new("stänga fönstret", kind)),
            }
        }
        self.leave_window().await
    }

    async fn window_of(&mut self, name: &str, limit: Limit) -> Result<Option<String>, ErrorKind> {
        let open = self.open_windows(limit).await?;
        self.windows.retain(|_, handle| open.contains(handle));
        if let Some(handle) = self.windows.get(name) {
            return Ok(Some(handle.clone()));
        }
        let known = |handle: &String| {
            self.windows.values().any(|one| one == handle) || self.places.iter().any(|place| place.handle == *handle)
        };
        Ok(open.into_iter().rfind(|handle| !known(handle)))
    }

    async fn open_windows(&mut self, limit: Limit) -> Result<Vec<String>, ErrorKind> {
        let handles = self.send(Command::get("window/handles"), limit).await?;
        Ok(handles.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    pub(super) async fn switch(&mut self, handle: &str, limit: Limit) -> Result<(), ErrorKind> {
        self.at = None;
        self.send(Command::post("window", json!({"handle": handle})), limit).await?;
        Ok(())
    }
}

//! Frames that a bot enters by name.

use serde_json::json;

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::session::Session;

impl Session {
    /// Enters a frame, or one within another, by name, id, title or number from 1; waits for it.
    pub async fn enter_frame(&mut self, path: &[String]) -> Result<(), Error> {
        let what = format!("gå in i ramen ”{}”", path.join("/"));
        let limit = self.limit();
        let mut round = 0;
        loop {
            round += 1;
            match self.frames_to(path, limit).await {
                Ok(numbers) => {
                    self.place().frames.push(numbers);
                    return Ok(());
                }
                Err(ErrorKind::NotFound | ErrorKind::NoFrame | ErrorKind::PageFault(_)) if !limit.has_passed() => {
                    limit.pause(round).await;
                }
                Err(ErrorKind::NotFound) => return Err(Error::new(what, ErrorKind::NoFrame)),
                Err(kind) => return Err(Error::new(what, kind)),
            }
        }
    }

    /// Leaves the frame entered last.
    pub fn leave_frame(&mut self) {
        self.place().frames.pop();
    }

    /// The numbers of the frames along a path of names.
    async fn frames_to(&mut self, path: &[String], limit: Limit) -> Result<Vec<u64>, ErrorKind> {
        let mut numbers = Vec::new();
        self.place().frames.push(Vec::new());
        for name in path {
            let asked = self.ask(&json!({"op": "frame", "name": name}), limit).await.and_then(super::find::judge);
            let number = asked.and_then(|answer| answer["number"].as_u64().ok_or(ErrorKind::NoFrame));
            let Ok(number) = number else {
                self.place().frames.pop();
                return Err(number.err().unwrap_or(ErrorKind::NoFrame));
            };
            numbers.push(number);
            // The next name is looked for within this one.
            if let Some(last) = self.place().frames.last_mut() {
                last.push(number);
            }
        }
        self.place().frames.pop();
        Ok(numbers)
    }
}

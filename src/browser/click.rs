//! Clicks and keys: what a person does with the hands, done by the browser as such and never by script.

use serde_json::{Value, json};

use super::connection::Limit;
use super::error::{Error, ErrorKind};
use super::find::{Reached, WATCH, Within};
use super::remote::Command;
use super::session::Session;
use super::target::Target;

/// Asks what came of the click, and answers when the page has had its turn.
fn settled() -> String {
    let name = WATCH.as_str();
    format!(
        "new Promise((done) => {{ const asked = new CustomEvent('{name}', {{ detail: {{}} }}); \
         window.dispatchEvent(asked); setTimeout(() => done(asked.detail.state), 0); }})"
    )
}

/// Which of the given targets was used; anything but the first is drift, for the caller to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The place of the used target in the list.
    pub index: usize,
}

impl Found {
    /// The first target did not match and another one did.
    pub fn is_drift(self) -> bool {
        self.index > 0
    }
}

impl Session {
    /// Clicks when the target is visible, enabled, at rest and uncovered.
    ///
    /// It may return before the navigation it causes has begun: wait for the outcome. A dialog that it opens is left
    /// open for [`Session::alert`].
    pub async fn click(&mut self, targets: &[Target], allow_fallback: bool) -> Result<Found, Error> {
        let what = format!("klicka på {}", name(targets));
        let limit = self.limit();
        loop {
            let within = self.reach_to_click(targets, allow_fallback, limit).await;
            let within = within.map_err(|kind| Error::new(&what, kind))?;
            // What the click sets in motion has the whole limit, however late the target was ready.
            let acting = self.limit();
            let (clicked, index) = match within {
                Within::Hand(point, index) => (self.click_at(point, acting).await, index),
                Within::Driver(Reached { element, index }) => {
                    let click = Command::post(format!("element/{element}/click"), json!({}));
                    (self.send(click, acting).await, index)
                }
            };
            match clicked {
                // The driver refuses before it clicks when the element has moved or gone since we looked.
                Err(ErrorKind::NotReady { .. } | ErrorKind::NotFound) if !limit.has_passed() => limit.pause(5).await,
                answer => return outcome(answer, index, what),
            }
        }
    }

    /// Presses and lets go of the mouse in the window, where the target was seen a moment ago. The driver's own click looks
    /// for the place once more in three calls, and lets the mouse travel there first: that takes longer than all the rest.
    ///
    /// Should something else stand there by now, the page is kept from hearing of it (`page/state.js: watch`), and the
    /// target is not ready; nor is it when it has moved away from under the mouse before that was let go, if the page did
    /// nothing at the press. What the page does about the click is a task of its own. It is waited for, so that a page which
    /// is then on its way is one that the driver waits for: the next step does not read the old one.
    async fn click_at(&mut self, [x, y]: [f64; 2], limit: Limit) -> Result<Value, ErrorKind> {
        let button = |kind: &str, held: u8| {
            let params = json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": held, "clickCount": 1});
            Command::devtools("Input.dispatchMouseEvent", &params)
        };
        self.send(button("mousePressed", 1), limit).await?;
        self.send(button("mouseReleased", 0), limit).await?;
        match self.evaluate(&settled(), limit).await {
            Ok(Value::String(state)) if state == "missed" || state == "slipped" => {
                Err(ErrorKind::NotReady { why: "det rör sig".to_owned() })
            }
            // The page has gone before it could answer, which is told as a time-out, or lets no script wait.
            Err(ErrorKind::Timeout { .. }) if !limit.has_passed() => Ok(Value::Null),
            Err(ErrorKind::PageFault(_) | ErrorKind::NoFrame) => Ok(Value::Null),
            answer => answer,
        }
    }

    /// Sends keys to a field, after what it holds.
    pub async fn type_keys(&mut self, targets: &[Target], keys: &str, allow_fallback: bool) -> Result<Found, Error> {
        let what = format!("skriva i {}", name(targets));
        let limit = self.limit();
        let reached = self.reach(targets, allow_fallback, "type", limit).await;
        let reached = reached.map_err(|kind| Error::new(&what, kind))?;
        let path = format!("element/{}/value", reached.element);
        let acting = self.limit();
        let answer = self.send(Command::post(path, json!({"text": keys})), acting).await;
        outcome(answer, reached.index, what)
    }

    /// Presses a key where the cursor stands: `Enter`, `Tab`, `F5`, or with others held, `Control+S`.
    pub async fn press(&mut self, key: &str) -> Result<(), Error> {
        let what = format!("trycka på {key}");
        let limit = self.limit();
        let codes: Option<Vec<String>> = key.split('+').map(code).collect();
        let unknown = || ErrorKind::WrongTarget(format!("tangenten ”{key}” är okänd"));
        let codes = codes.ok_or_else(unknown).map_err(|kind| Error::new(&what, kind))?;
        let home = self.home();
        self.go(&home, limit).await.map_err(|kind| Error::new(&what, kind))?;
        let answer = self.send(Command::post("actions", strokes(&codes)), limit).await;
        outcome(answer, 0, what).map(|_| ())
    }
}

/// What a list of targets is called in a message.
pub(super) fn name(targets: &[Target]) -> String {
    targets.first().map(Target::describe).unwrap_or_default()
}

/// What an act came to, once it had been sent: a dialog it opened or a window it closed is what it was for.
fn outcome(answer: Result<Value, ErrorKind>, index: usize, what: String) -> Result<Found, Error> {
    match answer {
        Ok(_) | Err(ErrorKind::UnexpectedDialog { .. } | ErrorKind::NoWindow | ErrorKind::NoFrame) => {
            Ok(Found { index })
        }
        Err(kind) => Err(Error::acted(what, kind)),
    }
}

/// Holds the keys down in order and lets them go in the other.
fn strokes(codes: &[String]) -> Value {
    let down = codes.iter().map(|code| json!({"type": "keyDown", "value": code}));
    let up = codes.iter().rev().map(|code| json!({"type": "keyUp", "value": code}));
    let actions: Vec<Value> = down.chain(up).collect();
    json!({"actions": [{"type": "key", "id": "keys", "actions": actions}]})
}

/// WebDriver's character for a key.
fn code(key: &str) -> Option<String> {
    let point = match key {
        "Backspace" => 0xE003,
        "Tab" => 0xE004,
        "Enter" => 0xE007,
        "Shift" => 0xE008,
        "Control" => 0xE009,
        "Alt" => 0xE00A,
        "Escape" => 0xE00C,
        "Space" => 0x20,
        "PageUp" => 0xE00E,
        "PageDown" => 0xE00F,
        "End" => 0xE010,
        "Home" => 0xE011,
        "ArrowLeft" => 0xE012,
        "ArrowUp" => 0xE013,
        "ArrowRight" => 0xE014,
        "ArrowDown" => 0xE015,
        "Insert" => 0xE016,
        "Delete" => 0xE017,
        _ => return function_key(key).or_else(|| (key.chars().count() == 1).then(|| key.to_lowercase())),
    };
    char::from_u32(point).map(String::from)
}

fn function_key(key: &str) -> Option<String> {
    let number: u32 = key.strip_prefix('F')?.parse().ok()?;
    (1..=12).contains(&number).then(|| char::from_u32(0xE030 + number).map(String::from))?
}

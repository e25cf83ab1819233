//! Asks the page: runs the one script that finds things, in the right frame, until it can answer or time is up.
//!
//! Nothing here acts on the page except through what the script was asked to do.

use std::sync::LazyLock;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::Limit;
use super::error::ErrorKind;
use super::remote::Command;
use super::session::Session;
use super::target::Target;

/// One function of plain JavaScript, run anew for each request in the document that the driver stands in.
///
/// It keeps nothing in the page, but for the watch over a click until that is made, and adds nothing to its global
/// object. Its answer is plain data with at most one element. The order of the parts does not matter but for the first,
/// which takes the request, and the last. It travels and is compiled each time, which costs more than what most requests
/// do: so each gets only the parts that it needs.
struct Scripts {
    set: String,
    read: String,
    masks: String,
    look: String,
}

static SCRIPTS: LazyLock<Scripts> = LazyLock::new(|| Scripts {
    set: script(include_str!("page/set.js")),
    read: script(include_str!("page/read.js")),
    masks: script(include_str!("page/mask.js")),
    look: script(""),
});

/// The parts that every request needs, and one more; without what only a reader of the code needs.
fn script(part: &str) -> String {
    let parts = [
        include_str!("page/text.js"),
        include_str!("page/element.js"),
        include_str!("page/table.js"),
        include_str!("page/field.js"),
        include_str!("page/thing.js"),
        include_str!("page/frame.js"),
        include_str!("page/state.js"),
        part,
        include_str!("page/answer.js"),
    ];
    let lines = parts.iter().flat_map(|part| part.lines()).map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The script that can do what is asked for.
fn script_for(request: &Value) -> &'static str {
    match request["op"].as_str() {
        Some("set") => &SCRIPTS.set,
        Some("read" | "table" | "exists" | "text") => &SCRIPTS.read,
        Some("masks") => &SCRIPTS.masks,
        _ => &SCRIPTS.look,
    }
}

/// The key under which WebDriver passes an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// What ends the watch over a click in the page: no page can know the name.
pub(super) static WATCH: LazyLock<String> = LazyLock::new(|| format!("kollega-{:032x}", rand::random::<u128>()));

/// How many looks in a row may show more than one match before it is an error: a page may be redrawing.
const PATIENCE: u32 = 6;

/// An element that the driver can be told to use, in the frame that it now stands in.
pub(super) struct Reached {
    /// The driver's name of the element.
    pub element: String,
    /// Which of the targets matched.
    pub index: usize,
}

/// How a target can be clicked now.
pub(super) enum Within {
    /// By a hand, at this place of the window; and which of the targets it is.
    Hand([f64; 2], usize),
    /// By the driver alone.
    Driver(Reached),
}

impl Session {
    /// Asks once, in the frame that the bot is in.
    pub(super) async fn ask(&mut self, request: &Value, limit: Limit) -> Result<Value, ErrorKind> {
        let home = self.home();
        self.ask_in(&home, request, limit).await
    }

    /// Asks once, in this frame of the window.
    pub(super) async fn ask_in(&mut self, path: &[u64], request: &Value, limit: Limit) -> Result<Value, ErrorKind> {
        self.go(path, limit).await?;
        let answer = self.run(path, request, limit).await;
        if matches!(answer, Err(ErrorKind::NoFrame | ErrorKind::NoWindow)) {
            // The frame's page was replaced: stand in it anew before it is called missing.
            self.at = None;
            self.go(path, limit).await?;
            return self.run(path, request, limit).await;
        }
        answer
    }

    /// Runs the script that answers. A Chromium of our own is asked in its own protocol, which takes half the time, but
    /// can't name an element to the driver, nor ask within a frame.
    async fn run(&mut self, path: &[u64], request: &Value, limit: Limit) -> Result<Value, ErrorKind> {
        let script = script_for(request);
        let wants_element = request["op"] == "act" && request["watch"].is_null();
        if !self.has_devtools || !path.is_empty() || wants_element {
            return self.send(Command::script(script, request), limit).await;
        }
        self.evaluate(&format!("(function () {{\n{script}\n}})({request})"), limit).await
    }

    /// What an expression is in the page at the top of the window, once it is known; null where a dialog opened meanwhile.
    pub(super) async fn evaluate(&mut self, expression: &str, limit: Limit) -> Result<Value, ErrorKind> {
        // What the page takes longer for than the step may is cut off, but never at its very beginning.
        let left = limit.deadline.saturating_duration_since(Instant::now()).as_millis() + 500;
        let params = json!({
            "expression": expression,
            "returnByValue": true,
            "awaitPromise": true,
            "timeout": u64::try_from(left).unwrap_or(u64::MAX),
        });
        match self.send(Command::devtools("Runtime.evaluate", &params), limit).await {
            Ok(answer) if answer["exceptionDetails"].is_object() => {
                let kind = answer["exceptionDetails"]["exception"]["className"].as_str().unwrap_or_default();
                Err(ErrorKind::PageFault(kind.to_owned()))
            }
            Ok(mut answer) => Ok(answer["result"]["value"].take()),
            Err(ErrorKind::Remote(said)) if said.contains("Execution was terminated") => Err(limit.error()),
            Err(kind) => Err(kind),
        }
    }

    /// Asks until the page has an answer; null when a dialog opened while the script ran.
    pub(super) async fn resolve(&mut self, request: &Value, limit: Limit) -> Result<Value, ErrorKind> {
        let mut round = 0;
        loop {
            round += 1;
            let kind = match self.ask(request, limit).await.and_then(judge) {
                Ok(answer) => return Ok(answer),
                Err(kind) if is_final(&kind, round) => return Err(kind),
                Err(kind) => kind,
            };
            if limit.has_passed() {
                return Err(kind);
            }
            limit.pause(round).await;
        }
    }

    /// Finds what can be clicked now. Where a hand can, the page is watched until it has: one look is enough, since a press
    /// that comes when the target has moved from where it was seen is kept from the page.
    pub(super) async fn reach_to_click(
        &mut self,
        targets: &[Target],
        fallback: bool,
        limit: Limit,
    ) -> Result<Within, ErrorKind> {
        if self.has_devtools {
            let watch = WATCH.as_str();
            let request =
                json!({"op": "act", "use": "click", "targets": targets, "fallback": fallback, "watch": watch});
            let found = self.resolve(&request, limit).await?;
            if let Some(point) = point_of(&found) {
                return Ok(Within::Hand(point, index_of(&found)));
            }
        }
        self.reach(targets, fallback, "click", limit).await.map(Within::Driver)
    }

    /// Finds the element that can be used now, at rest, and stands in its frame.
    pub(super) async fn reach(
        &mut self,
        targets: &[Target],
        fallback: bool,
        mode: &str,
        limit: Limit,
    ) -> Result<Reached, ErrorKind> {
        let request = json!({"op": "act", "use": mode, "targets": targets, "fallback": fallback});
        let mut place = Value::Null;
        loop {
            let found = self.resolve(&request, limit).await?;
            // Seen twice at the same place: it has stopped moving.
            if found["box"] == place {
                return self.enter(found, request, limit).await;
            }
            if limit.has_passed() {
                return Err(ErrorKind::NotReady { why: "det rör sig".to_owned() });
            }
            place = found["box"].clone();
        }
    }

    /// The element of an answer, fetched from its own frame if it stands in another than the bot.
    async fn enter(&mut self, found: Value, mut request: Value, limit: Limit) -> Result<Reached, ErrorKind> {
        if let Some(element) = found["element"][ELEMENT].as_str() {
            return Ok(Reached { element: element.to_owned(), index: index_of(&found) });
        }
        let mut path = self.home();
        path.extend(found["path"].as_array().into_iter().flatten().filter_map(Value::as_u64));
        request["here"] = Value::Bool(true);
        let found = judge(self.ask_in(&path, &request, limit).await?)?;
        let element = found["element"][ELEMENT].as_str().ok_or(ErrorKind::NotFound)?;
        Ok(Reached { element: element.to_owned(), index: index_of(&found) })
    }

    /// The frames that the bot has entered, from the top of its window.
    pub(super) fn home(&self) -> Vec<u64> {
        self.places.last().map(|place| place.frames.concat()).unwrap_or_default()
    }

    /// Makes the driver stand in this frame of the window.
    pub(super) async fn go(&mut self, path: &[u64], limit: Limit) -> Result<(), ErrorKind> {
        if self.at.as_deref() == Some(path) {
            return Ok(());
        }
        let descend = self.at.take().filter(|at| path.starts_with(at)).map(|at| at.len());
        if descend.is_none() {
            self.send(Command::post("frame", json!({"id": null})), limit).await?;
        }
        for number in &path[descend.unwrap_or_default()..] {
            self.send(Command::post("frame", json!({"id": number})), limit).await?;
        }
        self.at = Some(path.to_vec());
        Ok(())
    }
}

fn point_of(answer: &Value) -> Option<[f64; 2]> {
    Some([answer["point"][0].as_f64()?, answer["point"][1].as_f64()?])
}

/// Which of the targets an answer is about.
pub(super) fn index_of(answer: &Value) -> usize {
    answer["index"].as_u64().and_then(|index| usize::try_from(index).ok()).unwrap_or_default()
}

/// What the script found, or the error that its answer means.
pub(super) fn judge(answer: Value) -> Result<Value, ErrorKind> {
    let why = || answer["why"].as_str().unwrap_or_default().to_owned();
    match answer["state"].as_str() {
        Some("found" | "done") => Ok(answer),
        None if answer.is_null() => Ok(answer),
        Some("unfetched") => Err(ErrorKind::NotFetched("webbläsaren visar en felsida".to_owned())),
        Some("missing") => Err(ErrorKind::NotFound),
        Some("waiting") => Err(ErrorKind::NotReady { why: why() }),
        Some("ambiguous") => Err(ErrorKind::Ambiguous { matches: texts(&answer["matches"]) }),
        Some("wrong") => Err(ErrorKind::WrongTarget(why())),
        Some("refused") => Err(ErrorKind::ValueRefused),
        // The page has changed what scripts stand on, so that not even the answer has its shape.
        _ => Err(ErrorKind::PageFault(why())),
    }
}

/// Whether it is no use to look again.
pub(super) fn is_final(kind: &ErrorKind, round: u32) -> bool {
    match kind {
        ErrorKind::NotFound | ErrorKind::NotReady { .. } | ErrorKind::NoFrame | ErrorKind::PageFault(_) => false,
        ErrorKind::Ambiguous { .. } => round >= PATIENCE,
        _ => true,
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::script_for;

    #[test]
    fn every_request_is_given_the_part_that_answers_it() {
        for op in ["set", "masks", "frame", "act"] {
            assert!(script_for(&json!({"op": op})).contains(&format!("operations.{op} = ")), "{op}");
        }
        for op in ["read", "table", "exists", "text"] {
            assert!(script_for(&json!({"op": op})).contains("Object.assign(operations, { read, "), "{op}");
        }
    }
}

//! Asks the page: runs the one script that finds things, in the right frame, until it can answer or time is up.
//!
//! Nothing here acts on the page except through what the script was asked to do.

use std::sync::LazyLock;

use serde_json::{Value, json};

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

/// Where the target of a coming act stood when it was last seen.
pub(super) struct Glimpse {
    pub targets: Vec<Target>,
    /// Its place, in the script's own terms.
    pub place: Value,
}

/// An element that the driver can be told to use, in the frame that it now stands in.
pub(super) struct Reached {
    /// The driver's name of the element.
    pub element: String,
    /// Which of the targets matched.
    pub index: usize,
    /// Where a hand would click it, in the window, if that is known and the session has a mouse.
    pub point: Option<[f64; 2]>,
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
        let answer = self.send(Command::script(script_for(request), request), limit).await;
        if matches!(answer, Err(ErrorKind::NoFrame | ErrorKind::NoWindow)) {
            // The frame's page was replaced: stand in it anew before it is called missing.
            self.at = None;
            self.go(path, limit).await?;
            return self.send(Command::script(script_for(request), request), limit).await;
        }
        answer
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

    /// Finds the element that can be used now, at rest, and stands in its frame.
    pub(super) async fn reach(
        &mut self,
        targets: &[Target],
        fallback: bool,
        mode: &str,
        limit: Limit,
    ) -> Result<Reached, ErrorKind> {
        let mut request = json!({"op": "act", "use": mode, "targets": targets, "fallback": fallback});
        if mode == "click" && self.has_mouse {
            request["watch"] = WATCH.as_str().into();
        }
        let glimpse = self.glimpse.take().filter(|glimpse| glimpse.targets == targets);
        let mut place = glimpse.map_or(Value::Null, |glimpse| glimpse.place);
        loop {
            let found = self.resolve(&request, limit).await?;
            // Seen twice at the same place: it has stopped moving.
            if found["box"] == place {
                return self.enter(found, &request, limit).await;
            }
            if limit.has_passed() {
                return Err(ErrorKind::NotReady { why: "det rör sig".to_owned() });
            }
            place = found["box"].clone();
        }
    }

    /// The element of an answer, fetched from its own frame if it stands in another than the bot.
    async fn enter(&mut self, found: Value, request: &Value, limit: Limit) -> Result<Reached, ErrorKind> {
        let index = index_of(&found);
        if let Some(element) = found["element"][ELEMENT].as_str() {
            return Ok(Reached { element: element.to_owned(), index, point: point_of(&found) });
        }
        let mut path = self.home();
        path.extend(found["path"].as_array().into_iter().flatten().filter_map(Value::as_u64));
        let mut here = request.clone();
        here["here"] = Value::Bool(true);
        let found = judge(self.ask_in(&path, &here, limit).await?)?;
        let element = found["element"][ELEMENT].as_str().ok_or(ErrorKind::NotFound)?;
        Ok(Reached { element: element.to_owned(), index, point: None })
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

//! What can go wrong in a browser, sorted by who can do something about it.
//!
//! No message carries what was typed or read. A dialog's text and a page's own words may name a person: they stand in
//! the kind, for the caller to mask, and in no message.

use std::time::Duration;

use fantoccini::error::{CmdError, ErrorStatus};

/// A step that could not be done: what it was and why not.
#[derive(Debug, Clone, thiserror::Error)]
#[error("kunde inte {what}: {kind}")]
pub struct Error {
    /// What was attempted, completing "kunde inte …".
    pub what: String,
    /// Why it failed.
    pub kind: ErrorKind,
    /// The act had been sent to the page, so it may have taken effect.
    pub acted: bool,
}

/// Why a step could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// Nothing visible on the page matches the target.
    #[error("det finns inte på sidan; se efter på skärmbilden vad det heter nu")]
    NotFound,
    /// More than one visible thing matches; each is described without its value.
    #[error("flera saker på sidan passar; peka ut en med row, table eller ett annat namn:\n{}", list(.matches))]
    Ambiguous { matches: Vec<String> },
    /// It is there but can't be used yet.
    #[error("det går inte att använda: {why}")]
    NotReady { why: String },
    /// The field, after it was set, holds something else than what was given.
    #[error("fältet tog inte emot värdet som det var; kontrollera format, längd och om alternativet finns")]
    ValueRefused,
    /// The target can't be used in this way.
    #[error("{0}")]
    WrongTarget(String),
    /// The time limit passed.
    #[error("det tog längre tid än {} sekunder", .limit.as_secs_f32())]
    Timeout { limit: Duration },
    /// A dialog that no step expects is open.
    #[error("en dialogruta är öppen som boten inte väntade sig; lägg till ett alert-steg om den hör dit")]
    UnexpectedDialog { text: String },
    /// No dialog was opened.
    #[error("ingen dialogruta öppnades")]
    NoDialog,
    /// The window is closed or never opened.
    #[error("fönstret finns inte; det har stängts eller aldrig öppnats")]
    NoWindow,
    /// There is no such frame, or its page was replaced.
    #[error("ramen finns inte på sidan")]
    NoFrame,
    /// The page's own script failed in a way that stopped us.
    #[error("sidans egna skript hindrade steget")]
    PageFault(String),
    /// The page replaces JSON functions that the driver depends on.
    #[error(
        "sidan har bytt ut JSON.stringify eller Object.prototype.toJSON, och då kan drivrutinen inte läsa svar från den"
    )]
    ScriptsReplaced,
    /// The page could not be fetched: the system does not answer.
    #[error("sidan kunde inte hämtas ({0}); kontrollera att systemet är igång")]
    NotFetched(String),
    /// The session no longer exists.
    #[error("webbläsarens session är borta")]
    SessionGone,
    /// The driver does not answer.
    #[error("drivrutinen (chromedriver eller fjärrservern) svarar inte")]
    DriverGone,
    /// The page's process crashed.
    #[error("webbläsarfliken kraschade")]
    TabCrashed,
    /// The browser did not answer within the time limit and was ended.
    #[error("webbläsaren svarade inte inom tidsgränsen och avslutades")]
    Watchdog,
    /// No session could be made.
    #[error("ingen session kunde öppnas: {0}")]
    NotStarted(String),
    /// The driver refused with an error that has no kind of its own.
    #[error("drivrutinen svarade: {0}")]
    Remote(String),
    /// A file could not be read or written.
    #[error("filen kunde inte läsas eller skrivas: {0}")]
    File(String),
}

fn list(matches: &[String]) -> String {
    matches.iter().map(|one| format!("  – {one}")).collect::<Vec<_>>().join("\n")
}

impl Error {
    /// A failure before anything was done to the page.
    pub(super) fn new(what: impl Into<String>, kind: ErrorKind) -> Self {
        Self { what: what.into(), kind, acted: false }
    }

    /// A failure after the act had been sent.
    pub(super) fn acted(what: impl Into<String>, kind: ErrorKind) -> Self {
        Self { what: what.into(), kind, acted: true }
    }
}

impl ErrorKind {
    /// The session is of no more use: every later command will fail too.
    pub fn ends_session(&self) -> bool {
        matches!(self, Self::SessionGone | Self::DriverGone | Self::TabCrashed | Self::Watchdog | Self::NotStarted(_))
    }

    /// Sorts what fantoccini reports; chromedriver's words are kept only where they can't quote the page.
    pub(super) fn of(error: CmdError, limit: Duration) -> Self {
        match error {
            CmdError::Standard(answer) => standard(&answer, limit),
            CmdError::NotJson(text) => by_words(&text),
            // Codes that are not in the standard arrive here too, such as `tab crashed`.
            CmdError::NotW3C(value) => by_words(&value.to_string()),
            CmdError::Json(_) => Self::Remote("svaret var inte JSON".to_owned()),
            CmdError::BadUrl(_) => Self::WrongTarget("adressen är inte giltig".to_owned()),
            CmdError::FailedC(error) => Self::unreachable(&error),
            CmdError::Failed(_) | CmdError::Lost(_) => Self::DriverGone,
            other => Self::Remote(first_line(&other.to_string())),
        }
    }

    /// No answer at all: a certificate that is not trusted is for somebody to set right, anything else may pass.
    pub(super) fn unreachable(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut causes = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string);
        match causes.find(|cause| cause.contains("invalid peer certificate")) {
            Some(cause) => Self::NotStarted(format!(
                "serverns certifikat godkänns inte ({cause}); lägg utfärdarens certifikat i datorns lista med \
                 update-ca-certificates, eller ange filen i miljövariabeln SSL_CERT_FILE"
            )),
            None => Self::DriverGone,
        }
    }
}

fn standard(answer: &fantoccini::error::WebDriver, limit: Duration) -> ErrorKind {
    match &answer.error {
        ErrorStatus::UnexpectedAlertOpen => ErrorKind::UnexpectedDialog { text: dialog_text(answer) },
        ErrorStatus::NoSuchAlert => ErrorKind::NoDialog,
        ErrorStatus::NoSuchWindow => ErrorKind::NoWindow,
        ErrorStatus::NoSuchFrame => ErrorKind::NoFrame,
        ErrorStatus::InvalidSessionId => ErrorKind::SessionGone,
        ErrorStatus::Timeout | ErrorStatus::ScriptTimeout => ErrorKind::Timeout { limit },
        ErrorStatus::ElementClickIntercepted => ErrorKind::NotReady { why: "något annat ligger över det".to_owned() },
        ErrorStatus::ElementNotInteractable => ErrorKind::NotReady { why: "det syns inte".to_owned() },
        ErrorStatus::NoSuchElement | ErrorStatus::StaleElementReference => ErrorKind::NotFound,
        ErrorStatus::SessionNotCreated => ErrorKind::NotStarted(first_line(&answer.message)),
        _ => by_words(&answer.message),
    }
}

/// What a driver says in words only, under `unknown error`, `javascript error` and codes of its own.
fn by_words(message: &str) -> ErrorKind {
    let says = |words: &str| message.contains(words);
    if says("tab crashed") || says("page crash") {
        ErrorKind::TabCrashed
    } else if says("deepSerializedValue") || says("deserialize") {
        ErrorKind::ScriptsReplaced
    } else if super::grid::is_without_node(message)
        || says("not reachable")
        || says("disconnected")
        || says("invalid session")
        || says("ession timed out")
    {
        ErrorKind::SessionGone
    } else if says("ERR_") {
        ErrorKind::NotFetched(net_error(message))
    } else if says("javascript error") || says("aborted by navigation") || says("execution context") {
        ErrorKind::PageFault(first_line(message))
    } else {
        ErrorKind::Remote(first_line(message))
    }
}

fn net_error(message: &str) -> String {
    let start = message.find("ERR_").unwrap_or_default();
    message[start..].chars().take_while(|c| c.is_ascii_uppercase() || *c == '_' || c.is_ascii_digit()).collect()
}

fn dialog_text(answer: &fantoccini::error::WebDriver) -> String {
    let data = answer.data.as_ref().and_then(|data| data["text"].as_str()).map(str::to_owned);
    let within = || {
        let (_, rest) = answer.message.split_once("{Alert text : ")?;
        Some(rest.rsplit_once('}')?.0.to_owned())
    };
    data.or_else(within).unwrap_or_default()
}

/// The first line, without markup: chromedriver quotes elements with their values.
fn first_line(text: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for c in text.lines().next().unwrap_or_default().chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => kept.push(c),
            _ => {}
        }
    }
    kept.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_quotes_from_the_page_is_not_kept() {
        let said = "element click intercepted: Element <input value=\"6200\"> is not clickable\nat 3";
        assert_eq!(first_line(said), "element click intercepted: Element  is not clickable");
    }

    /// What Selenium Grid 4.48 answered for a session whose node was killed, under `unknown error` each.
    #[test]
    fn a_killed_node_is_a_session_that_is_gone() {
        let node = "http://127.0.0.1:7003/session/f1f8b264bd027b7c33af3fcd74507c11/title";
        for said in [
            format!("Unable to execute request for an existing session: Connection error (GET {node})"),
            format!("Unable to execute request for an existing session: Failed to execute request (POST {node})"),
        ] {
            assert_eq!(by_words(&said), ErrorKind::SessionGone);
        }
    }

    /// What it answered for one whose node was started again, or that had been idle, under `invalid session id`.
    #[test]
    fn a_session_that_the_hub_has_removed_is_gone() {
        let said = "Unable to find session with ID: cc30beb6. Session was removed at 2026-11-26T04:30:43.289928901Z \
                    (20 seconds ago), reason: node was restarted, node: http://127.0.0.1:7003";
        let answer = fantoccini::error::WebDriver::new(ErrorStatus::InvalidSessionId, said);
        assert_eq!(ErrorKind::of(CmdError::Standard(answer), Duration::ZERO), ErrorKind::SessionGone);
    }

    #[test]
    fn a_page_that_could_not_be_fetched_is_named_without_its_address() {
        let kind = by_words("unknown error: net::ERR_CONNECTION_REFUSED\n (Session info)");
        assert_eq!(kind, ErrorKind::NotFetched("ERR_CONNECTION_REFUSED".to_owned()));
    }
}

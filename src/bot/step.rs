//! Steps: the actions a bot can take, each a map with one key.

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::{TargetBody, Targets, Text, Tree};
use crate::yaml::{Place, Placed};

/// One action, with the place of its key.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub place: Place,
    /// What it does.
    pub action: Action,
}

/// A list of steps. A step whose shape is wrong is reported and left out, so that the others are checked too.
#[derive(Debug, Clone, Default)]
pub struct Steps(pub Vec<Step>);

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let steps = crate::yaml::caught_list::<Placed<Action>, D>(deserializer)?.into_iter();
        Ok(Self(steps.map(|Placed { place, value }| Step { place, action: value }).collect()))
    }
}

/// What a step does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename = "steget", rename_all = "snake_case")]
pub enum Action {
    /// Goes to an address of the stage's system.
    Open(Open),
    /// Clicks as a person does.
    Click(TargetBody),
    /// Sets a field's value.
    Fill(Fill),
    /// Types key by key.
    Type(Fill),
    /// Chooses in a list.
    Select(Select),
    /// Ticks a box.
    Check(TargetBody),
    /// Clears a box.
    Uncheck(TargetBody),
    /// Gives a file to a file field.
    Upload(Upload),
    /// Presses one key.
    Press(Press),
    /// Clicks the characters of a secret on an on-screen keypad.
    Keypad(Keypad),
    /// Reads a text or a value.
    Read(Read),
    /// Reads a table into a list of rows.
    ReadTable(ReadTable),
    /// Sees whether something is there.
    Exists(Exists),
    /// Waits until something is shown or gone.
    Wait(Wait),
    /// Does steps inside a frame.
    Frame(Frame),
    /// Does steps in another window.
    Window(Window),
    /// Answers a dialog.
    Alert(Alert),
    /// Clicks and keeps the file that comes.
    Download(Download),
    /// Prints the page to PDF.
    Print(Print),
    /// Keeps a picture of the page.
    Screenshot(Screenshot),
    /// Gives a name a value.
    Set(Set),
    /// Does steps if something holds.
    When(When),
    /// Does steps for each element of a list.
    ForEach(ForEach),
    /// Puts a piece of work in the queue.
    Enqueue(Enqueue),
    /// Hands the item over to a person.
    HandOver(HandOver),
    /// Ends the item as failed.
    Fail(Fail),
    /// Calls an HTTP address.
    Http(Http),
    /// Asks the authorities.
    Ssbtek(Ssbtek),
    /// Sends a mail.
    Mail(Mail),
    /// Reads a CSV file into a list of rows.
    Csv(Csv),
    /// Leaves a file in a folder, whole or not at all.
    WriteFile(WriteFile),
}

impl Action {
    /// Whether it is done on a page, so that a browser is needed. What is nested in it is another matter.
    pub fn needs_page(&self) -> bool {
        !matches!(
            self,
            Self::Set(_)
                | Self::When(_)
                | Self::ForEach(_)
                | Self::Enqueue(_)
                | Self::HandOver(_)
                | Self::Fail(_)
                | Self::Http(_)
                | Self::Ssbtek(_)
                | Self::Mail(_)
                | Self::Csv(_)
                | Self::WriteFile(_)
        )
    }

    /// The lists of steps nested in it.
    pub fn nested(&self) -> Vec<&Steps> {
        match self {
            Self::Frame(frame) => vec![&frame.steps],
            Self::Window(window) => vec![&window.steps],
            Self::When(when) => vec![&when.steps, &when.otherwise],
            Self::ForEach(each) => vec![&each.steps],
            _ => Vec::new(),
        }
    }
}

impl Steps {
    /// Whether any of them, or of those nested in them, is done on a page.
    pub fn need_page(&self) -> bool {
        let needs =
            |step: &Step| step.action.needs_page() || step.action.nested().iter().any(|steps| steps.need_page());
        self.0.iter().any(needs)
    }
}

/// `open: "/path"` or `open: {url: "/path"}`.
#[derive(Debug, Clone)]
pub struct Open {
    /// A path of the system's address, or a whole address.
    pub url: Text,
}

impl<'de> Deserialize<'de> for Open {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            url: Text,
        }
        struct OpenVisitor;
        impl<'de> Visitor<'de> for OpenVisitor {
            type Value = Open;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("en adress")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Open, D::Error> {
                Text::deserialize(deserializer).map(|url| Open { url })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Open, A::Error> {
                let Long { url } = Long::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Open { url })
            }
        }
        deserializer.deserialize_newtype_struct(crate::yaml::VALUE, OpenVisitor)
    }
}

/// Sets or types a value; a secret is named, never written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    pub at: Targets,
    /// The value.
    #[serde(default)]
    pub with: Option<Text>,
    /// The name of a secret to use instead of `with`.
    #[serde(default)]
    pub secret: Option<Placed<String>>,
}

/// Chooses the option with this text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Select {
    pub at: Targets,
    pub with: Text,
}

/// Gives a file to a file field.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    pub at: Targets,
    /// A path: from the bot's folder, or one that `download` or `print` gave.
    pub file: Text,
}

/// Presses one key, such as Enter or Tab.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Press {
    pub key: Placed<String>,
    #[serde(default)]
    pub at: Option<Targets>,
}

/// Clicks the characters of a secret, one button each.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keypad {
    pub secret: Placed<String>,
}

/// Reads a text or a field's value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    pub at: Targets,
    pub into: Placed<String>,
}

/// Reads a table: a list of maps from column header to text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadTable {
    pub at: Targets,
    pub into: Placed<String>,
    /// What leads to the next page of the list; clicked until it is gone or disabled.
    #[serde(default)]
    pub next: Option<Targets>,
}

/// Sees whether something is there, and whether it says what is expected.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exists {
    pub at: Targets,
    #[serde(default)]
    pub is: Option<Text>,
    /// Where true or false is kept; not used under `verify`.
    #[serde(default)]
    pub into: Option<Placed<String>>,
    #[serde(default)]
    pub next: Option<Targets>,
}

/// `wait: {text: Sparad}`, or `wait: {at: …, gone: true, timeout: 30s}`.
#[derive(Debug, Clone)]
pub struct Wait {
    pub at: Targets,
    pub gone: bool,
    /// How long at most, as `30s` or `2m`.
    pub timeout: Option<Placed<String>>,
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            #[serde(default)]
            at: Option<Targets>,
            #[serde(default)]
            gone: bool,
            #[serde(default)]
            timeout: Option<Placed<String>>,
            #[serde(default)]
            field: Option<super::Named>,
            #[serde(default)]
            button: Option<super::Named>,
            #[serde(default)]
            link: Option<super::Named>,
            #[serde(default)]
            cell: Option<super::Named>,
            #[serde(default)]
            table: Option<super::Named>,
            #[serde(default)]
            text: Option<super::Named>,
            #[serde(default)]
            css: Option<super::Named>,
            #[serde(default)]
            xpath: Option<super::Named>,
        }
        use super::TargetSpec;
        let Placed { place, value: long } = Placed::<Long>::deserialize(deserializer)?;
        let short = [
            long.field.map(TargetSpec::Field),
            long.button.map(TargetSpec::Button),
            long.link.map(TargetSpec::Link),
            long.cell.map(TargetSpec::Cell),
            long.table.map(TargetSpec::Table),
            long.text.map(TargetSpec::Text),
            long.css.map(TargetSpec::Css),
            long.xpath.map(TargetSpec::Xpath),
        ];
        let short: Vec<_> = short.into_iter().flatten().map(|value| Placed { place, value }).collect();
        let at = match (long.at, short.len()) {
            (Some(at), 0) => at,
            (None, 1) => Targets(short),
            _ => return Err(serde::de::Error::custom("`wait` väntar på ett mål, till exempel {text: Sparad}")),
        };
        Ok(Self { at, gone: long.gone, timeout: long.timeout })
    }
}

/// Does steps inside a frame, named by `name`, `id`, title or number.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    pub name: Text,
    #[serde(rename = "do")]
    pub steps: Steps,
}

/// Does steps in the window that opened last, and calls it `name` for the rest of the stage.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub name: Placed<String>,
    #[serde(rename = "do")]
    pub steps: Steps,
}

/// How a dialog is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertAct {
    Accept,
    Dismiss,
}

/// `alert: accept`, or `alert: {answer: accept, says: "Sparad", into: text}`.
#[derive(Debug, Clone)]
pub struct Alert {
    pub answer: AlertAct,
    /// Text that the dialog must hold; another dialog is an error.
    pub says: Option<Text>,
    pub into: Option<Placed<String>>,
}

impl<'de> Deserialize<'de> for Alert {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            answer: AlertAct,
            #[serde(default)]
            says: Option<Text>,
            #[serde(default)]
            into: Option<Placed<String>>,
        }
        struct AlertVisitor;
        impl<'de> Visitor<'de> for AlertVisitor {
            type Value = Alert;
            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("accept, dismiss eller {answer: accept, says: …}")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Alert, E> {
                let answer = AlertAct::deserialize(serde::de::value::StrDeserializer::<E>::new(text))?;
                Ok(Alert { answer, says: None, into: None })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Alert, A::Error> {
                let Long { answer, says, into } = Long::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(Alert { answer, says, into })
            }
        }
        deserializer.deserialize_any(AlertVisitor)
    }
}

/// Clicks and keeps the file that comes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Download {
    pub at: Targets,
    /// The name that gets the file's path.
    pub into: Placed<String>,
}

/// Prints the page to PDF.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Print {
    pub into: Placed<String>,
}

/// Keeps a picture of the page, personal values masked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screenshot {
    pub name: Placed<String>,
}

/// Gives a name or a field of the item a value.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    pub into: Placed<String>,
    pub to: Tree,
}

/// Does steps if something holds, others if not.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    pub is: Text,
    #[serde(rename = "do")]
    pub steps: Steps,
    #[serde(default, rename = "else")]
    pub otherwise: Steps,
}

/// Does steps for each element of a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    #[serde(rename = "in")]
    pub list: Text,
    #[serde(rename = "as")]
    pub name: Placed<String>,
    #[serde(rename = "do")]
    pub steps: Steps,
}

/// Puts a piece of work in the queue; a reference that is there already changes nothing.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enqueue {
    pub reference: Text,
    #[serde(default)]
    pub fields: Option<Placed<Tree>>,
    /// When it should be done, if not as the bot says: a day, `5 working days` or `4h`.
    #[serde(default)]
    pub deadline: Option<Text>,
    /// Higher goes first; 0 is ordinary.
    #[serde(default)]
    pub priority: Option<Text>,
}

/// Hands the item over to a person, with a reason and a code.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandOver {
    #[serde(default)]
    pub when: Option<Text>,
    pub reason: Text,
    pub code: Placed<String>,
}

/// Ends the item as failed: something is wrong with the system, not with the case.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fail {
    #[serde(default)]
    pub when: Option<Text>,
    pub reason: Text,
}

/// Calls an HTTP address. What changes something there stands in a commit and carries an `Idempotency-Key`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// GET, POST, PUT or DELETE.
    pub method: Placed<String>,
    /// A path of the system's address, or a whole address.
    pub url: Text,
    /// The name of a secret that is sent as `Authorization: Bearer …`.
    #[serde(default)]
    pub bearer: Option<Placed<String>>,
    /// Sent as JSON.
    #[serde(default)]
    pub json: Option<Tree>,
    #[serde(default)]
    pub into: Option<Placed<String>>,
}

/// Asks the authorities about every adult in one call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ssbtek {
    /// A list of identity numbers, or of maps with `id` and `personnummer`.
    pub persons: Text,
    /// The application month.
    pub period: Text,
    /// The name that gets the list of income rows.
    pub into: Placed<String>,
    /// The name that gets the answer of each agency: ok, partial, error or timeout.
    pub sources: Placed<String>,
    /// The name that gets, for each agency that answered, when it did (`at`) and the ids of the answers (`id`).
    pub answers: Option<Placed<String>>,
}

/// What is done with a mail whose sending got no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUncertain {
    /// A person looks.
    #[default]
    Hold,
    /// Sent again under the same Message-ID.
    Resend,
}

/// Sends a mail made from `mail/<template>.txt` (and `.html`) in the bot's folder.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub to: Text,
    pub template: Placed<String>,
    /// Values the template may use besides `item`.
    #[serde(default)]
    pub data: Option<Placed<Tree>>,
    #[serde(default)]
    pub on_uncertain: OnUncertain,
}

/// Reads a CSV file with a header line into a list of rows.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Csv {
    /// A path, from the bot's folder.
    pub file: Text,
    pub into: Placed<String>,
    /// One character; found by itself among `;`, `,` and tab when left out.
    #[serde(default)]
    pub separator: Option<Placed<String>>,
}

/// Leaves a file in a folder: a text, or rows as CSV. It is there whole or not at all, and never replaces another.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WriteFile {
    /// The folder, from the bot's own; it must be there.
    pub folder: Text,
    /// The file's name in it.
    pub name: Text,
    /// What the file says.
    #[serde(default)]
    pub text: Option<Text>,
    /// Instead of `text`: a list of rows.
    #[serde(default)]
    pub rows: Option<Text>,
    /// The columns of `rows`, in their order.
    #[serde(default)]
    pub columns: Vec<Placed<String>>,
    /// One character between the columns; `;` when left out.
    #[serde(default)]
    pub separator: Option<Placed<String>>,
}

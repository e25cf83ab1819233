//! What Kollega keeps: runs, items, intents, suggestions, decisions and events, and the states they may be in.
//!
//! Types only; `store` keeps them, `runner` changes them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use ulid::Generator;

/// A new id by this machine's clock; those of one process ascend. Nothing in the store is ordered by it.
pub fn new_id() -> String {
    static OURS: Mutex<Generator> = Mutex::new(Generator::new());
    next(&OURS, Utc::now())
}

/// A new id for something that happens at this time. The store gives the database's time, so that ids that several
/// machines make are in order whatever their own clocks say. That clock has a generator to itself: one that had once seen
/// this machine's, minutes ahead, would go on from there.
pub fn new_id_at(time: DateTime<Utc>) -> String {
    static DATABASES: Mutex<Generator> = Mutex::new(Generator::new());
    next(&DATABASES, time)
}

fn next(generator: &Mutex<Generator>, time: DateTime<Utc>) -> String {
    let mut generator = generator.lock().unwrap_or_else(PoisonError::into_inner);
    match generator.generate_from_datetime(time.into()) {
        Ok(id) => id,
        Err(overflow) => overflow.commit_overflow_random(),
    }
    .to_string()
}

/// Why a text can't be the reference of an item: two that look the same would be two items, and be done twice.
pub fn reference_fault(text: &str) -> Option<String> {
    if text.trim() != text {
        return Some("referensen börjar eller slutar med mellanslag".into());
    }
    let (place, wrong) = text.chars().enumerate().find(|(_, char)| is_unclear(*char))?;
    let (place, code) = (place + 1, u32::from(wrong));
    Some(format!("tecken {place} i referensen syns inte eller ser ut som ett annat (U+{code:04X})"))
}

/// A character that is not seen, or not told from a common one: a control, a mark without width, a space or a hyphen of
/// another kind, an accent apart from its letter.
fn is_unclear(char: char) -> bool {
    let code = u32::from(char);
    char.is_control()
        || char.is_whitespace() && char != ' '
        || matches!(code, 0xAD | 0x0300..=0x036F | 0x200B..=0x2011 | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F | 0xFEFF)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type)]
        #[sqlx(transparent)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// One start of a bot.
    RunId,
    /// One piece of work.
    ItemId,
    /// One intended commit.
    IntentId
}

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// The word kept in the store and shown in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                match text.as_str() { $($text => Ok(Self::$variant),)* _ => Err(format!("`{text}` is not a known value")) }
            }
        }
    };
}

// After the macro, which it uses.
mod delegation;
mod spot_check;

pub use delegation::{Delegation, Outcomes, Withheld};
pub use spot_check::{
    Assessment, DecidedBy, ErrorKind, Finding, HandledCase, Harm, Purpose, Rate, SpotDraw, SpotPlan, SpotRow, SpotText,
    Verdict,
};

states! {
    /// An item's state. See `docs/architecture.md`, "An item's life".
    ItemState {
        Ready = "ready",
        InProgress = "in_progress",
        AwaitingDecision = "awaiting_decision",
        Deferred = "deferred",
        Done = "done",
        HandedOver = "handed_over",
        Failed = "failed",
        Uncertain = "uncertain",
        Cancelled = "cancelled",
    }
}

impl ItemState {
    /// For people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ready => "i kö",
            Self::InProgress => "pågår",
            Self::AwaitingDecision => "väntar på beslut",
            Self::Deferred => "uppskjutet",
            Self::Done => "klart",
            Self::HandedOver => "överlämnat",
            Self::Failed => "misslyckades",
            Self::Uncertain => "osäkert",
            Self::Cancelled => "avbrutet",
        }
    }

    /// A state as it is stored, for people.
    pub fn stored_in_words(state: &str) -> &str {
        match Self::try_from(state.to_owned()) {
            Ok(state) => state.in_words(),
            Err(_) => state,
        }
    }

    /// The allowed changes, in one place.
    pub fn may_become(self, next: Self) -> bool {
        use ItemState::{
            AwaitingDecision, Cancelled, Deferred, Done, Failed, HandedOver, InProgress, Ready, Uncertain,
        };
        match self {
            Ready | Deferred => matches!(next, InProgress | Ready | Deferred | HandedOver | Cancelled),
            InProgress => true,
            AwaitingDecision => matches!(next, Ready | HandedOver | Cancelled),
            Uncertain => matches!(next, Ready | HandedOver),
            Done | HandedOver | Failed | Cancelled => next == Ready,
        }
    }

    /// Whether this attempt has ended.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::HandedOver | Self::Failed | Self::Cancelled)
    }
}

states! {
    /// A run's state.
    RunState {
        Queued = "queued",
        Running = "running",
        Done = "done",
        Failed = "failed",
        /// It took longer than it may; what was left waits for the bot's next run.
        Stopped = "stopped",
    }
}

states! {
    /// What a person can answer to a suggestion.
    AnswerKind {
        /// As suggested.
        Approve = "approve",
        /// Another amount.
        Change = "change",
        /// Denied.
        Deny = "deny",
    }
}

states! {
    /// Whether new work may go into a system.
    CircuitState {
        /// It may.
        Closed = "closed",
        /// It waits.
        Open = "open",
        /// One item or run tries whether the system answers again.
        Probing = "probing",
        /// It was open for a credential that is no longer in use; that one is never tried again.
        Replaced = "replaced",
    }
}

states! {
    /// How a system failed.
    FailureKind {
        /// It did not take the user and the password.
        SignInRefused = "sign_in_refused",
        /// What a step looked for is not on the page.
        PageChanged = "page_changed",
        /// It does not answer, or answers with an error of its own.
        SystemDown = "system_down",
    }
}

/// A system with the credential it is signed in to with; written `system/credential`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircuitId {
    pub system: String,
    /// A keyed hash of the secrets that the sign-in uses; `-` where there are none.
    pub credential: String,
}

impl fmt::Display for CircuitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.system, self.credential)
    }
}

/// Whether new work may go into a system, and what has failed there.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Circuit {
    pub id: String,
    pub system: String,
    pub credential: String,
    #[sqlx(try_from = "String")]
    pub state: CircuitState,
    /// A `FailureKind`: of the failures that are counted, or that opened it.
    pub kind: Option<String>,
    /// How many in a row.
    pub failures: i64,
    /// The item or run that failed last.
    pub last_holder: Option<String>,
    pub opened_at: Option<String>,
    /// When it is tried again; none where only a new secret or a person closes it.
    pub retry_at: Option<String>,
    /// The present wait between tries.
    pub wait_ms: i64,
    /// The item or run that tries.
    pub probe: Option<String>,
    /// The item or run that signs in: one at a time, unless the credential was proven just now.
    pub signing_in: Option<String>,
    /// When somebody last signed in.
    pub proven_at: Option<String>,
    pub updated_at: String,
}

impl Circuit {
    /// Which it is.
    pub fn circuit_id(&self) -> CircuitId {
        CircuitId { system: self.system.clone(), credential: self.credential.clone() }
    }

    /// Whether new work waits for it.
    pub fn is_open(&self) -> bool {
        matches!(self.state, CircuitState::Open | CircuitState::Probing)
    }
}

states! {
    /// What became of an intended commit.
    IntentOutcome {
        /// It took effect.
        Done = "done",
        /// It did not take effect: the stage is done again.
        NotDone = "not_done",
        /// Something else is there already.
        AlreadyThere = "already_there",
        /// Nobody can tell: a person settles it.
        Uncertain = "uncertain",
    }
}

/// One start of a bot.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Run {
    pub id: RunId,
    pub bot: String,
    /// The SHA-256 of the bot script.
    pub version: String,
    /// `schedule` (the clock), `queue`, `after`, `http`, `hand` or `demo`.
    pub trigger: String,
    pub schedule: Option<String>,
    /// The nominal local time of the schedule.
    pub nominal: Option<String>,
    /// Which workers may take it.
    pub pool: String,
    #[sqlx(try_from = "String")]
    pub state: RunState,
    pub reason: Option<String>,
    pub collected: bool,
    pub worker: Option<String>,
    pub token: i64,
    pub lease_until: Option<String>,
    pub created_at: String,
    pub started_at: Option<String>,
    pub ended_at: Option<String>,
    /// How long it may take before it is asked to stop.
    pub max_runtime_s: Option<i64>,
    /// How long it then may take before it is ended.
    pub stop_grace_s: Option<i64>,
    /// When it was asked to stop, and why.
    pub stop_at: Option<String>,
    pub stop_reason: Option<String>,
    /// `newest_approved` or `exact` where it is held to an approved script; none: the file as it is.
    pub pin: Option<String>,
    /// The versions of rule books that a schedule's run is held to: JSON, by book.
    pub rulebooks: Option<String>,
}

/// One piece of work.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Item {
    pub id: ItemId,
    pub bot: String,
    pub reference: String,
    pub run: RunId,
    /// Which workers may take it.
    pub pool: String,
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    pub attempt: i64,
    /// The stage to do next; none before the first and after the last.
    pub stage: Option<String>,
    /// The item's own record, personal: JSON.
    #[sqlx(try_from = "String")]
    pub fields: Json,
    /// System failures of the present stage.
    pub tries: i64,
    pub priority: i64,
    pub not_before: Option<String>,
    pub due_at: Option<String>,
    /// When the whole item should be done.
    pub deadline_at: Option<String>,
    pub code: Option<String>,
    /// Why it was handed over, put off, cancelled or failed; may be personal.
    pub reason: Option<String>,
    pub worker: Option<String>,
    pub token: i64,
    pub lease_until: Option<String>,
    /// The browsers used under the lease, as JSON: ended before a takeover verifies anything.
    pub browsers: Option<String>,
    /// Who decides, where the run is held to an approved script; otherwise the bot's file says it.
    pub decide_role: Option<String>,
    pub created_at: String,
    /// When the present attempt was put in the queue; none for the first.
    pub began_at: Option<String>,
    pub updated_at: String,
    /// What a person wants done when the worker that has it comes to a point where that is safe: a state.
    pub asked: Option<String>,
    pub asked_by: Option<String>,
}

impl Item {
    /// Whether it should have been done before this time and is not.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        let deadline = self.deadline_at.as_deref().and_then(parse_time);
        !self.state.is_final() && deadline.is_some_and(|deadline| deadline < now)
    }
}

/// An attempt of an item that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Attempt {
    pub attempt: i64,
    pub began_at: String,
    pub ended_at: String,
    /// How it ended.
    #[sqlx(try_from = "String")]
    pub state: ItemState,
    /// Where it was.
    pub stage: Option<String>,
    pub code: Option<String>,
    /// May be personal.
    #[serde(skip)]
    pub reason: Option<String>,
}

/// Something that a person did to an item, with why.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct OperationDone {
    pub attempt: i64,
    pub person: String,
    /// `rerun`, `hand_over`, `cancel`, `defer` or `priority`.
    pub operation: String,
    /// May be personal.
    pub reason: String,
    pub at: String,
}

/// A JSON value kept as text.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(pub serde_json::Value);

impl TryFrom<String> for Json {
    type Error = serde_json::Error;
    fn try_from(text: String) -> Result<Self, serde_json::Error> {
        serde_json::from_str(&text).map(Json)
    }
}

/// A commit that was about to be made.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Intent {
    pub id: IntentId,
    pub item: ItemId,
    pub attempt: i64,
    pub stage: String,
    pub token: i64,
    pub message_id: Option<String>,
    pub outcome: Option<String>,
    /// What verify saw; never personal.
    pub detail: Option<String>,
    pub at: String,
    pub settled_at: Option<String>,
}

/// A suggestion as stored with its facts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct StoredSuggestion {
    pub id: String,
    pub item: ItemId,
    /// The id the decision library gave: of facts and rule book.
    pub suggestion_id: String,
    #[sqlx(try_from = "String")]
    pub facts: Json,
    #[sqlx(try_from = "String")]
    pub answer: Json,
    pub at: String,
    pub superseded_at: Option<String>,
    /// The rule book that answered, and the SHA-256 of its content; none where the answer was stored before these were.
    pub rulebook: Option<String>,
    pub sha256: Option<String>,
    /// Whether that version was approved when it answered.
    pub approved: Option<bool>,
    /// The version of the program that answered.
    pub program: Option<String>,
    /// None where it was stored before there were seals, or not by a program that has the key.
    pub seal: Option<String>,
}

impl StoredSuggestion {
    /// What the seal covers.
    pub fn sealed_text(&self) -> String {
        let (facts, answer) = (self.facts.0.to_string(), self.answer.0.to_string());
        let parts = ["suggestion", &self.id, &self.item.0, &self.suggestion_id, facts.as_str(), &answer];
        parts.map(|part| format!("{}:{part}", part.len())).join("|")
    }
}

/// The role in which the automated decision function decides: no person can have it.
pub const FUNCTION: &str = "automatic";

/// What a person decided, or the automated decision function in its own name, sealed with the installation's key so that a row written past Kollega is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Decision {
    pub id: String,
    pub item: ItemId,
    /// The stored suggestion it answers.
    pub suggestion: String,
    pub suggestion_id: String,
    /// `approve` or `deny`.
    pub outcome: String,
    /// Kronor as text.
    pub amount: Option<String>,
    pub reason: Option<String>,
    /// Whether the person changed what was suggested.
    pub changed: bool,
    /// The name that the person signs in with, or the function.
    pub person: String,
    pub role: String,
    pub at: String,
    pub seal: String,
    /// What the person is called, where that is another name.
    #[serde(default)]
    pub person_name: Option<String>,
    /// The reasons as the applicant reads them. Sealed too; none in decisions of the time before there were any.
    #[serde(default)]
    pub motivation: Option<String>,
    /// The delegation that the function decides by, with its reference; none where a person decided.
    pub delegation: Option<String>,
    pub delegation_reference: Option<String>,
}

/// A version of a decision's reasons before it was made.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Motivation {
    pub id: String,
    pub item: ItemId,
    /// The stored suggestion.
    pub suggestion: String,
    #[sqlx(try_from = "String")]
    pub answer: AnswerKind,
    pub text: String,
    /// None: the draft that was made from the suggestion.
    pub person: Option<String>,
    pub at: String,
}

impl Decision {
    /// The amount in kronor.
    pub fn kronor(&self) -> Option<Decimal> {
        self.amount.as_deref().and_then(|text| text.parse().ok())
    }

    /// Who decided, for people: the person, or the function with the reference of its delegation.
    pub fn by(&self) -> String {
        match &self.delegation_reference {
            Some(reference) => format!("automatiserad beslutsfunktion enligt delegation {reference}"),
            None => self.person_name.as_ref().unwrap_or(&self.person).clone(),
        }
    }

    /// What the seal covers.
    pub fn sealed_text(&self) -> String {
        let mut own = self.own_text();
        // A person's decision is sealed as it was before there were delegations, and without a name as before there were names.
        if let Some(name) = &self.person_name {
            own = [own, "4:name".to_owned(), format!("{}:{name}", name.len())].join("|");
        }
        let Some(delegation) = &self.delegation else { return own };
        let reference = self.delegation_reference.as_deref().unwrap_or("-");
        [own, format!("{}:{delegation}", delegation.len()), format!("{}:{reference}", reference.len())].join("|")
    }

    fn own_text(&self) -> String {
        let amount = self.amount.as_deref().unwrap_or("-");
        let reason = self.reason.as_deref().unwrap_or("-");
        let changed = self.changed.to_string();
        [
            self.id.as_str(),
            &self.item.0,
            &self.suggestion,
            &self.suggestion_id,
            &self.outcome,
            amount,
            reason,
            &changed,
            &self.person,
            &self.role,
            &self.at,
        ]
        .into_iter()
        .chain(self.motivation.as_deref())
        .map(|part| format!("{}:{part}", part.len()))
        .collect::<Vec<_>>()
        .join("|")
    }
}

states! {
    /// What happened.
    EventKind {
        RunQueued = "run_queued",
        RunStarted = "run_started",
        RunEnded = "run_ended",
        Enqueued = "enqueued",
        Claimed = "claimed",
        TakenOver = "taken_over",
        StageStarted = "stage_started",
        StageFinished = "stage_finished",
        StageSkipped = "stage_skipped",
        StepStarted = "step_started",
        StepFinished = "step_finished",
        StepFailed = "step_failed",
        Drift = "drift",
        SignedIn = "signed_in",
        SignedOut = "signed_out",
        Screenshot = "screenshot",
        Intent = "intent",
        Verified = "verified",
        Outcome = "outcome",
        AgencyProblem = "agency_problem",
        Suggested = "suggested",
        Waiting = "waiting",
        Decided = "decided",
        DecisionRefused = "decision_refused",
        MotivationKept = "motivation_kept",
        /// The automated decision function left the decision to a person.
        NotDelegated = "not_delegated",
        DelegationRecorded = "delegation_recorded",
        DelegationEnded = "delegation_ended",
        SpotPlanned = "spot_planned",
        SpotDrawn = "spot_drawn",
        /// A reviewer has looked at the facts of a drawn item.
        SpotFactsSeen = "spot_facts_seen",
        /// A reviewer has assessed it without seeing the suggestion.
        SpotAssessed = "spot_assessed",
        SpotClassified = "spot_classified",
        Mailed = "mailed",
        Deferred = "deferred",
        Retried = "retried",
        HandedOver = "handed_over",
        Failed = "failed",
        Uncertain = "uncertain",
        Settled = "settled",
        Done = "done",
        Rerun = "rerun",
        Cancelled = "cancelled",
        Asked = "asked",
        PrioritySet = "priority_set",
        Removed = "removed",
        Searched = "searched",
        LateWrite = "late_write",
        /// A worker that ends has let go of the item between two stages, or before its commit.
        Released = "released",
        /// A worker whose node can't read the bot's script has left the work to others.
        Unreadable = "unreadable",
        /// Another key is in use from now on, because the one before was lost.
        KeyReplaced = "key_replaced",
        Fired = "fired",
        SchedulePaused = "schedule_paused",
        ScheduleResumed = "schedule_resumed",
        StopAsked = "stop_asked",
        Approved = "approved",
        CircuitOpened = "circuit_opened",
        CircuitProbed = "circuit_probed",
        CircuitClosed = "circuit_closed",
    }
}

states! {
    /// What an alert is about.
    AlertKind {
        /// Items or runs failed.
        Failed = "failed",
        /// Nobody can tell whether something was saved.
        Uncertain = "uncertain",
        /// A nominal time passed without a start.
        Missed = "missed",
        /// An expected run, or as much work as was expected, did not come.
        Absent = "absent",
        /// A run or an item takes much longer than usual, or than it may.
        Slow = "slow",
        /// A system gets no new work.
        Circuit = "circuit",
        /// A node can't read a bot's script.
        Unreadable = "unreadable",
        /// A disk is nearly full.
        Disk = "disk",
        /// A stored suggestion is not answered again as it was.
        ReplayDiffers = "replay_differs",
    }
}

/// Something that is wrong now. Never personal.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertFact {
    pub kind: AlertKind,
    /// The bot, schedule, system or machine that it is about.
    pub subject: String,
    /// Since when, UTC.
    pub since: String,
    pub count: i64,
    /// `bot`, `schedule`, and what the kind has to say.
    pub detail: serde_json::Value,
}

/// An alert: something that was wrong from a time on, and perhaps is over.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Alert {
    pub id: String,
    #[sqlx(try_from = "String")]
    pub kind: AlertKind,
    pub subject: String,
    pub opened_at: String,
    pub seen_at: String,
    /// When it was over.
    pub closed_at: Option<String>,
    pub since: String,
    pub count: i64,
    #[sqlx(try_from = "String")]
    pub detail: Json,
    /// When it was last told to somebody.
    pub told_at: Option<String>,
    pub told_count: i64,
    /// Whether it was told that it is over.
    pub clear_told: bool,
}

/// A message about alerts, written down before it is sent.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct AlertMessage {
    pub id: String,
    /// `mail` or `webhook`.
    pub channel: String,
    pub target: String,
    pub subject: String,
    pub body: String,
    /// `waiting`, `sent` or `given_up`.
    pub state: String,
    pub tries: i64,
    pub next_at: String,
    pub token: i64,
    pub error: Option<String>,
    pub created_at: String,
    pub sent_at: Option<String>,
}

/// Something that happened, to be appended once. Never holds personal data.
#[derive(Debug, Clone)]
pub struct Event {
    pub kind: EventKind,
    pub actor: String,
    pub run: Option<RunId>,
    pub item: Option<ItemId>,
    pub bot: Option<String>,
    pub attempt: Option<i64>,
    pub stage: Option<String>,
    pub step: Option<String>,
    pub duration_ms: Option<i64>,
    pub detail: Option<serde_json::Value>,
}

impl Event {
    /// An event by an actor: `bot:<name>`, `person:<name>`, `schedule:<name>` or `worker:<name>`.
    pub fn new(kind: EventKind, actor: impl Into<String>) -> Self {
        Self {
            kind,
            actor: actor.into(),
            run: None,
            item: None,
            bot: None,
            attempt: None,
            stage: None,
            step: None,
            duration_ms: None,
            detail: None,
        }
    }

    /// About this item.
    #[must_use]
    pub fn item(mut self, item: &Item) -> Self {
        self.item = Some(item.id.clone());
        self.run = Some(item.run.clone());
        self.bot = Some(item.bot.clone());
        self.attempt = Some(item.attempt);
        self
    }

    /// About this run.
    #[must_use]
    pub fn run(mut self, run: &RunId, bot: &str) -> Self {
        self.run = Some(run.clone());
        self.bot = Some(bot.to_owned());
        self
    }

    /// In this stage.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        self.stage = Some(stage.to_owned());
        self
    }

    /// With this detail; never personal.
    #[must_use]
    pub fn detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = Some(detail);
        self
    }
}

/// An event as read back.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct LoggedEvent {
    pub id: String,
    pub at: String,
    pub run: Option<RunId>,
    pub item: Option<ItemId>,
    pub bot: Option<String>,
    pub attempt: Option<i64>,
    pub actor: String,
    pub kind: String,
    pub stage: Option<String>,
    pub step: Option<String>,
    pub duration_ms: Option<i64>,
    pub detail: Option<String>,
}

impl LoggedEvent {
    /// What else is told of it; null where nothing is, or it can't be read.
    pub fn told(&self) -> serde_json::Value {
        self.detail.as_deref().and_then(|detail| serde_json::from_str(detail).ok()).unwrap_or_default()
    }
}

/// A nominal time of a schedule, or another start of it, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Firing {
    pub schedule: String,
    /// `schedule` (the clock), `queue`, `after`, `http` or `hand`.
    pub trigger: String,
    /// Local wall time; for a start by something else, what makes it one: `run:<id>`, `http:<hash of the key>` …
    pub nominal: String,
    /// 0, or 1 for the second of two equal wall times.
    pub fold: i64,
    pub due_at: String,
    /// `fired`, `missed`, `skipped`, or `waiting` for the run before to end.
    pub result: String,
    pub reason: Option<String>,
    pub run: Option<RunId>,
    pub at: String,
}

impl Firing {
    /// What the reason of a start begins with that came while its schedule was paused.
    pub const PAUSED: &str = "pausat: ";

    /// Whether its schedule was paused when it came.
    pub fn was_paused(&self) -> bool {
        self.reason.as_deref().is_some_and(|reason| reason.starts_with(Self::PAUSED))
    }
}

/// What is kept of a schedule that has been looked at.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Watch {
    pub schedule: String,
    /// Until when its nominal times are handled, UTC.
    pub handled_until: String,
    /// When it was first seen.
    pub since: Option<String>,
    pub paused_at: Option<String>,
    /// `schedule` when it paused itself, or `person:<name>`.
    pub paused_by: Option<String>,
    pub paused_reason: Option<String>,
    pub resumed_at: Option<String>,
}

impl Watch {
    /// Since when it is paused, if it is.
    pub fn paused_since(&self) -> Option<DateTime<Utc>> {
        self.paused_at.as_deref().and_then(parse_time)
    }
}

/// A bot's script that a person has approved, as it stood.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Script {
    pub bot: String,
    /// The SHA-256 of the script.
    pub version: String,
    #[serde(skip)]
    pub script: String,
    pub approved_at: String,
    pub approved_by: String,
    pub note: String,
}

/// A version of a rule book that was approved, or has answered. Its files are kept beside it.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct RuleBookVersion {
    pub book: String,
    /// Over its content.
    pub sha256: String,
    /// What people call it.
    pub label: String,
    pub kept_at: String,
    /// The first approval, as it was made.
    pub approved_at: Option<String>,
    pub approved_by: Option<String>,
    pub note: Option<String>,
}

/// One approval of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct RuleBookApproval {
    #[serde(skip)]
    pub book: String,
    #[serde(skip)]
    pub sha256: String,
    pub approved_at: String,
    pub approved_by: String,
    pub note: String,
}

/// A stored suggestion to be answered again.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Answered {
    #[sqlx(flatten)]
    pub suggestion: StoredSuggestion,
    pub reference: String,
    pub bot: String,
}

/// A night's check that stored suggestions are answered again as they were.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Replay {
    /// Its local date.
    pub night: String,
    pub worker: String,
    #[serde(skip)]
    pub token: i64,
    pub started_at: String,
    pub ended_at: Option<String>,
    pub answered: i64,
    /// How many were not answered as they were.
    pub differing: i64,
    /// The ids of those suggestions, the first of them.
    #[sqlx(try_from = "String")]
    pub detail: Json,
}

/// A program that is at work, by its own word.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub struct Node {
    /// Its machine, its process, and a word that no other has.
    pub name: String,
    /// `serve` or `worker`.
    pub kind: String,
    /// JSON list of pools.
    pub pools: String,
    pub sessions: i64,
    /// The program's version.
    pub version: String,
    /// Tells whether two nodes have the same secrets, and nothing else.
    pub secrets: String,
    /// Tells whether two nodes have the same bots' scripts.
    pub bots: String,
    /// JSON list of [`Unreadable`].
    pub unreadable: String,
    /// It takes no more work and ends when what it holds has come to a stage's end.
    pub draining: bool,
    pub started_at: String,
    pub seen_at: String,
}

impl Node {
    /// The pools whose work it takes.
    pub fn pools(&self) -> Vec<String> {
        serde_json::from_str(&self.pools).unwrap_or_default()
    }

    /// The bots whose work it leaves to others.
    pub fn unreadable(&self) -> Vec<Unreadable> {
        serde_json::from_str(&self.unreadable).unwrap_or_default()
    }

    /// Whether this is one of its sessions.
    pub fn has_session(&self, worker: &str) -> bool {
        worker.strip_prefix(&self.name).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// A bot whose script a node can't read: it leaves the bot's work to those who can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    pub bot: String,
    /// The only run that it is about, where that is held to an approved script; else the bot's file is meant.
    pub run: Option<RunId>,
    /// In Swedish.
    pub why: String,
}

impl Unreadable {
    /// Whether the work of this run is left to others.
    pub fn is_of(&self, run: &Run) -> bool {
        match &self.run {
            Some(id) => *id == run.id,
            None => run.pin.is_none() && self.bot == run.bot,
        }
    }
}

/// A node as it is seen from the store.
#[derive(Debug, Clone)]
pub struct NodeState {
    pub node: Node,
    /// `alive`, `draining` or `dead`.
    pub state: &'static str,
    /// The references of the items that it holds.
    pub holds: Vec<String>,
}

/// A person who may sign in.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct User {
    /// What the person signs in with.
    pub name: String,
    /// What the person is called in decisions and letters, where that is another name.
    pub full_name: Option<String>,
    pub hash: String,
    /// JSON list of role ids.
    pub roles: String,
    pub created_at: String,
    pub disabled_at: Option<String>,
}

impl User {
    /// Whether the person has the role, or is admin of nothing but administration.
    pub fn has_role(&self, role: &str) -> bool {
        serde_json::from_str::<Vec<String>>(&self.roles).is_ok_and(|roles| roles.iter().any(|known| known == role))
    }
}

/// The role ids of the design.
pub const ROLES: &[&str] = &["it", "operations", "developer", "caseworker", "reviewer", "auditor", "admin"];

/// A time as the store keeps it: UTC text with milliseconds.
pub fn time_text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// A time read back from the store.
pub fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}

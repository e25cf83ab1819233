//! The way through a bot: every step and every text outside steps, each with its surroundings and the names in force.

use crate::bot::{Action, Bot, Fields, Stage, Step, Steps, Text};

use super::parts::{parts, straight, target_texts, tree_texts};
use super::scope::{Origin, Scope};

/// Which part of a script a step belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Collect,
    Steps,
    Commit,
    Verify,
    SignIn,
}

/// One step with its surroundings.
pub(super) struct Visit<'a> {
    pub step: &'a Step,
    pub part: Part,
    /// The number of the stage; none in `collect` and in a sign-in.
    pub stage: Option<usize>,
    /// Whether the stage names a system.
    pub has_system: bool,
    /// Whether the step is within a `for_each`.
    pub repeated: bool,
    /// The names in force before it.
    pub scope: Scope,
}

/// Texts that stand outside steps: conditions, facts, what verify looks for.
pub(super) struct Loose<'a> {
    pub texts: Vec<&'a Text>,
    pub part: Part,
    pub scope: Scope,
}

/// Everything met on the way.
#[derive(Default)]
pub(super) struct Walk<'a> {
    pub visits: Vec<Visit<'a>>,
    pub loose: Vec<Loose<'a>>,
}

/// What is the same for all steps of one list.
#[derive(Clone, Copy)]
struct Surroundings<'a> {
    fields: &'a Fields,
    part: Part,
    stage: Option<usize>,
    has_system: bool,
    repeated: bool,
}

/// Walks a bot from `collect` through its stages.
pub(super) fn walk(bot: &Bot) -> Walk<'_> {
    let mut walk = Walk::default();
    let fields = &bot.item.fields;
    if let Some(collect) = &bot.collect {
        let has_system = collect.on.is_some();
        let around = Surroundings { fields, part: Part::Collect, stage: None, has_system, repeated: false };
        walk.steps(&collect.steps, around, Scope::default());
    }
    let mut scope = Scope { item: true, ..Scope::default() };
    for (index, stage) in bot.stages.iter().enumerate() {
        scope = walk.stage(fields, index, stage, scope);
    }
    walk
}

/// Walks the sign-in of a system.
pub(super) fn walk_sign_in<'a>(fields: &'a Fields, steps: &'a Steps) -> Walk<'a> {
    let mut walk = Walk::default();
    let around = Surroundings { fields, part: Part::SignIn, stage: None, has_system: true, repeated: false };
    walk.steps(steps, around, Scope::default());
    walk
}

impl<'a> Walk<'a> {
    /// Walks a stage; gives what is in force in the next one, where names of this stage are gone.
    fn stage(&mut self, fields: &'a Fields, index: usize, stage: &'a Stage, scope: Scope) -> Scope {
        let around = Surroundings {
            fields,
            part: Part::Steps,
            stage: Some(index),
            has_system: stage.on.is_some(),
            repeated: false,
        };
        self.loose(stage.when.iter().collect(), around, &scope);
        let mut after = self.steps(&stage.steps, around, scope);
        if let Some(suggest) = &stage.suggest {
            self.loose(tree_texts(&suggest.value.facts.value), around, &after);
            after.suggestion = true;
        }
        if let Some(decide) = &stage.decide {
            self.loose(decide.value.principal.iter().collect(), around, &after);
            after.decision = true;
        }
        if let Some(commit) = &stage.commit {
            after = self.steps(&commit.value, Surroundings { part: Part::Commit, ..around }, after);
        }
        after.locals.clear();
        if let Some(verify) = &stage.verify {
            let around = Surroundings { part: Part::Verify, ..around };
            let mut seen = self.steps(&verify.value.steps, around, after);
            let exists = verify.value.exists.as_ref().map(|exists| &exists.value);
            let targets =
                [exists.map(|it| &it.at), exists.and_then(|it| it.next.as_ref()), verify.value.when_shown.as_ref()];
            let mut texts: Vec<&Text> = targets.into_iter().flatten().flat_map(target_texts).collect();
            texts.extend(exists.and_then(|it| it.is.as_ref()));
            if let Some(answer) = verify.value.answer.as_ref().map(|answer| &answer.value) {
                texts.extend([&answer.complete, &answer.is].into_iter().flatten());
                texts.push(&answer.found);
            }
            self.loose(texts, around, &seen);
            seen.locals.clear();
            after = seen;
        }
        after
    }

    fn loose(&mut self, texts: Vec<&'a Text>, around: Surroundings<'a>, scope: &Scope) {
        self.loose.push(Loose { texts, part: around.part, scope: scope.clone() });
    }

    /// Walks steps; gives the names in force after them.
    fn steps(&mut self, steps: &'a Steps, around: Surroundings<'a>, mut scope: Scope) -> Scope {
        for step in &steps.0 {
            let Surroundings { part, stage, has_system, repeated, .. } = around;
            self.visits.push(Visit { step, part, stage, has_system, repeated, scope: scope.clone() });
            scope = self.after(step, around, scope);
        }
        scope
    }

    /// Walks what is nested in a step; gives the names in force after it.
    fn after(&mut self, step: &'a Step, around: Surroundings<'a>, scope: Scope) -> Scope {
        match &step.action {
            Action::When(when) => {
                let yes = self.steps(&when.steps, around, scope.clone());
                let no = self.steps(&when.otherwise, around, scope);
                match (ends(&when.steps), ends(&when.otherwise)) {
                    (true, false) => no,
                    (false, true) => yes,
                    _ => Scope::after_either(yes, &no),
                }
            }
            Action::ForEach(each) => {
                let mut inside = scope.clone();
                inside.set(&each.name.value, scope.origin(around.fields, &each.list));
                let around = Surroundings { repeated: true, ..around };
                Scope::after_either(self.steps(&each.steps, around, inside), &scope)
            }
            other => {
                let scope = match straight(other) {
                    Some(steps) => self.steps(steps, around, scope),
                    None => scope,
                };
                sets(step, around.fields, scope)
            }
        }
    }
}

/// The names in force after a step that may set some.
fn sets(step: &Step, fields: &Fields, mut scope: Scope) -> Scope {
    let origin = match &step.action {
        Action::Set(set) => scope.tree_origin(fields, &set.to),
        _ => Origin::default(),
    };
    for set in parts(&step.action).sets {
        scope.set(&set.name.value, origin);
    }
    scope
}

/// Whether the steps always end the work on the item.
pub(super) fn ends(steps: &Steps) -> bool {
    steps.0.iter().any(always_ends)
}

/// Whether a step always ends the work on the item.
pub(super) fn always_ends(step: &Step) -> bool {
    match &step.action {
        Action::HandOver(it) => it.when.as_ref().is_none_or(is_true),
        Action::Fail(it) => it.when.as_ref().is_none_or(is_true),
        Action::When(when) => ends(&when.steps) && ends(&when.otherwise),
        Action::Frame(frame) => ends(&frame.steps),
        Action::Window(window) => ends(&window.steps),
        _ => false,
    }
}

fn is_true(text: &Text) -> bool {
    constant_condition(text) == Some(true)
}

/// What a condition always is, when nothing in it can change.
pub(super) fn constant_condition(text: &Text) -> Option<bool> {
    let source = text.source().trim();
    let inside = source.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or(source);
    match inside.trim() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

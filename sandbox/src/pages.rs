//! The templates of all systems, rendered. Must not decide what is on a page.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use minijinja::{AutoEscape, Environment, Value, value::Serde};
use serde::Serialize;

use crate::{amount, identity};

pub struct Pages {
    templates: Environment<'static>,
}

macro_rules! template {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../templates/", $name)))),*]
    };
}

const TEMPLATES: &[(&str, &str)] = &template![
    "akten/base.html",
    "akten/calculation.html",
    "akten/date.html",
    "akten/decision.html",
    "akten/dossier.html",
    "akten/expired.html",
    "akten/frameset.html",
    "akten/links.html",
    "akten/list.html",
    "akten/menu.html",
    "akten/message.html",
    "akten/payment.html",
    "akten/record.html",
    "akten/saved.html",
    "akten/search.html",
    "akten/sign_in.html",
    "control/faults.html",
    "mailbox/list.html",
    "mailbox/mail.html",
    "portal/application.html",
    "portal/base.html",
    "portal/list.html",
    "portal/message.html",
    "portal/sign_in.html",
];

impl Pages {
    pub fn load() -> Self {
        let mut templates = Environment::new();
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.add_filter("kr", |text: String| shown(&text, ' '));
        templates.add_filter("kr_nbsp", |text: String| shown(&text, '\u{a0}'));
        templates.add_filter("dashed", |id: String| identity::dashed(&id));
        templates.add_filter("born", |id: String| identity::born(&id));
        templates.add_filter("yes_no", |yes: bool| if yes { "Ja" } else { "Nej" });
        templates.add_filter("word", |word: String| capitalised(&word));
        for (name, source) in TEMPLATES {
            if let Err(problem) = templates.add_template(name, source) {
                tracing::error!(name, %problem, "a template of the sandbox is broken");
            }
        }
        Self { templates }
    }

    pub fn show(&self, name: &str, context: impl Serialize) -> Response {
        let page = self.templates.get_template(name).and_then(|template| template.render(Value::from(Serde(context))));
        match page {
            Ok(html) => Html(html).into_response(),
            Err(problem) => {
                tracing::error!(name, %problem, "a page of the sandbox could not be rendered");
                (StatusCode::INTERNAL_SERVER_ERROR, "Sidan kunde inte visas").into_response()
            }
        }
    }
}

/// What can't be read as an amount is shown as it is.
fn shown(text: &str, space: char) -> String {
    amount::parse(text).map_or_else(|_| text.to_owned(), |value| amount::format(value, space))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

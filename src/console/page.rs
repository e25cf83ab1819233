//! Templates into pages. The templates are compiled in; everything they print is escaped.

use std::sync::LazyLock;

use axum::response::Html;
use chrono_tz::Tz;
use minijinja::Environment;
use serde_json::{Value, json};

use super::session::SignedIn;
use crate::config::Config;
use crate::desk;
use crate::wording;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(environment);

const SOURCES: &[(&str, &str)] = &[
    ("layout.html", include_str!("templates/layout.html")),
    ("macros.html", include_str!("templates/macros.html")),
    ("failure.html", include_str!("templates/failure.html")),
    ("sign_in.html", include_str!("templates/sign_in.html")),
    ("inbox.html", include_str!("templates/inbox.html")),
    ("item.html", include_str!("templates/item.html")),
    ("suggestion.html", include_str!("templates/suggestion.html")),
    ("items.html", include_str!("templates/items.html")),
    ("orders.html", include_str!("templates/orders.html")),
    ("runs.html", include_str!("templates/runs.html")),
    ("run.html", include_str!("templates/run.html")),
    ("events.html", include_str!("templates/events.html")),
    ("uncertain.html", include_str!("templates/uncertain.html")),
    ("systems.html", include_str!("templates/systems.html")),
    ("spot_checks.html", include_str!("templates/spot_checks.html")),
    ("spot_check.html", include_str!("templates/spot_check.html")),
    ("spot_report.html", include_str!("templates/spot_report.html")),
    ("delegations.html", include_str!("templates/delegations.html")),
];

/// A page of the signed-in person: `content` with what the layout needs.
pub(super) fn of(
    template: &str,
    person: &SignedIn,
    active: &str,
    mut content: Value,
) -> Result<Html<String>, minijinja::Error> {
    let user = &person.user;
    content["person"] = json!(user.name);
    content["csrf"] = json!(person.csrf);
    content["active"] = json!(active);
    content["decides"] = json!(desk::has_inbox(user));
    content["reads"] = json!(desk::may_read(user) || desk::may_operate(user));
    content["samples_drawn"] = json!(desk::may_read(user) || desk::may_operate(user) || desk::may_sample(user));
    content["delegates"] = json!(desk::may_delegate(user));
    render(template, &content)
}

/// A page of nobody in particular.
pub(super) fn render(template: &str, content: &Value) -> Result<Html<String>, minijinja::Error> {
    TEMPLATES.get_template(template)?.render(minijinja::value::Serde(content)).map(Html)
}

/// An address with parameters, those that are empty left out.
pub(super) fn address(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut text = path.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        text.push(if text.contains('?') { '&' } else { '?' });
        text.push_str(name);
        text.push('=');
        text.extend(value.bytes().map(percent));
    }
    text
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// The installation's clock for templates: stored times into local ones.
pub(super) fn clock(config: &Config) -> impl Fn(&str) -> String + use<> {
    let timezone: Tz = wording::timezone(config);
    move |stored| wording::local_time(stored, timezone)
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::SemiStrict);
    // A minus sign, not a hyphen: it is read out as one.
    environment.add_filter("kr", |amount: &str| wording::kronor(amount).replacen('-', "\u{2212}", 1));
    environment.add_filter("outcome", |id: &str| wording::outcome(id).to_owned());
    environment.add_filter("role", |id: &str| wording::role(id).to_owned());
    for (name, source) in SOURCES {
        if let Err(error) = environment.add_template(name, source) {
            tracing::error!(name, %error, "a template of the console is wrong");
        }
    }
    environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_well_formed() {
        for (name, _) in SOURCES {
            TEMPLATES.get_template(name).unwrap_or_else(|error| panic!("{name}: {error:#}"));
        }
    }

    #[test]
    fn addresses_are_escaped_and_empty_parameters_left_out() {
        assert_eq!(address("/a", &[("b", "å &c"), ("d", ""), ("e", "f")]), "/a?b=%C3%A5%20%26c&e=f");
    }
}

//! Letters: made from the bot's templates and sent by the configured server. Nothing personal is offered to a template
//! unless the mail system is confidential; who decided is, always.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value as Json, json};

use super::error::Stop;
use super::work::Work;
use crate::bot::Mail as MailStep;
use crate::document;
use crate::mail::{Letter, Mail, Mailer, Template};
use crate::wording;

impl Work<'_> {
    /// The letter of a mail step, under the Message-ID of an earlier try where there was one.
    pub(super) fn letter(
        &self,
        step: &MailStep,
        message_id: Option<String>,
        date: DateTime<Utc>,
    ) -> Result<Mail, Stop> {
        let wrong = |error: &dyn std::fmt::Display| Stop::permanent(format!("brevet kan inte skrivas: {error}"));
        let (folder, name) = (self.bot.folder.join("mail"), step.template.value.as_str());
        let more = self.app.config.mail.confidential && Template::has_confidential(&folder, name);
        let template = if more { Template::read_confidential(&folder, name) } else { Template::read(&folder, name) };
        let mut context = self.letter_context(step)?;
        if more {
            context["decision"] = self.decision_in_letter();
            context["notice"] = self.notice()?;
        }
        let content = template.and_then(|template| template.render(&context)).map_err(|error| wrong(&error))?;
        let message_id = message_id.unwrap_or_else(|| self.new_message_id());
        Mail::compose(Letter { message_id, to: self.text(&step.to)?, date }, content).map_err(|error| wrong(&error))
    }

    fn letter_context(&self, step: &MailStep) -> Result<Json, Stop> {
        let confidential = self.app.config.mail.confidential;
        let item = expression::plain_json(&self.record.as_item(&self.bot.item.fields));
        let open = |name: &String| confidential || self.bot.item.fields.get(name).is_some_and(|field| !field.personal);
        let item: Map<String, Json> =
            item.as_object().cloned().unwrap_or_default().into_iter().filter(|(name, _)| open(name)).collect();
        let data = match &step.data {
            Some(tree) => expression::plain_json(&self.tree(&tree.value)?),
            None => json!({}),
        };
        Ok(json!({"item": item, "data": data, "config": self.app.config.values, "decision": self.decided_by()}))
    }

    /// Who decided, the one thing of a decision that any letter may say; nothing before there is one.
    fn decided_by(&self) -> Json {
        let Some(decision) = self.scope.get("decision") else { return Json::Null };
        let decision = expression::plain_json(decision);
        json!({"by": decision["by"], "delegation": decision["delegation"]})
    }

    /// The decision with its reasons, for a letter that may carry them; amounts and days as people write them.
    fn decision_in_letter(&self) -> Json {
        let mut decision = self.scope.get("decision").map_or(Json::Null, expression::plain_json);
        let amount = decision["amount"].as_str().and_then(|amount| amount.parse().ok()).map(expression::money::kr);
        let day = decision["at"].as_str().map(|at| wording::local_time(at, wording::timezone(&self.app.config)));
        if let Some(entries) = decision.as_object_mut() {
            entries.insert("kronor".to_owned(), json!(amount));
            entries.insert("day".to_owned(), json!(day.and_then(|day| day.split(' ').next().map(ToOwned::to_owned))));
        }
        decision
    }

    /// What the municipality itself says in a notice.
    fn notice(&self) -> Result<Json, Stop> {
        let config = &self.app.config;
        let appeal = document::appeal(config).map_err(|error| Stop::permanent(error.to_string()))?;
        let notice = &config.notice;
        Ok(json!({"authority": notice.authority, "contact": notice.contact, "appeal": appeal.trim()}))
    }

    fn new_message_id(&self) -> String {
        self.app.message_id(&crate::model::new_id())
    }

    pub(super) fn mailer(&self) -> Result<Mailer, Stop> {
        self.app.mailer().map_err(Stop::permanent)
    }
}

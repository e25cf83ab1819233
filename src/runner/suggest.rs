//! The suggest stage: facts to the decision library, its answer kept with the facts. The only place of the runner that
//! calls it.

use decision::RuleBook;
use serde_json::json;

use super::error::Stop;
use super::work::Work;
use crate::bot::Suggest;
use crate::model::EventKind;
use crate::rulebook;

impl Work<'_> {
    /// Asks for a suggestion and keeps it.
    pub(super) async fn suggest(&mut self, suggest: &Suggest) -> Result<(), Stop> {
        let facts = expression::plain_json(&self.tree(&suggest.facts.value)?);
        let book = self.rulebook(&suggest.rulebook.value).await?;
        let answer = match book.suggest(&facts) {
            Ok(answer) => answer,
            // The case can't be right as it stands: a person looks, with the reason in the item's own record.
            Err(error) => {
                return Err(Stop::HandOver { code: "facts_invalid".into(), reason: error.to_string() });
            }
        };
        let answer = serde_json::to_value(&answer).map_err(|error| Stop::permanent(error.to_string()))?;
        let id = answer["suggestion_id"].as_str().unwrap_or_default().to_owned();
        let codes: Vec<&str> =
            answer["refer"].as_array().into_iter().flatten().filter_map(|refer| refer["code"].as_str()).collect();
        let event = self.event(EventKind::Suggested).detail(json!({
            "suggestion_id": id, "outcome": answer["outcome"], "rulebook": answer["rulebook"], "refer": codes,
        }));
        self.app.store.add_suggestion(self.claim()?, &id, &facts, &answer, &[event]).await?;
        self.scope.set("suggestion", super::scope::suggestion(&answer));
        Ok(())
    }

    /// The version that the item's run is held to, or the files as they are.
    async fn rulebook(&self, name: &str) -> Result<RuleBook, Stop> {
        let (store, item) = (&self.app.store, &self.claim()?.item);
        let run = store.run(&item.run).await?.ok_or_else(|| Stop::permanent("ärendets körning finns inte"))?;
        rulebook::of_run(store, &self.app.config, &run, item.attempt, name).await?.map_err(Stop::permanent)
    }
}

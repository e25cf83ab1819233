//! All items: filtered, sorted, page by page; searched by what stands in their fields; and chosen for what is to be done.

use axum::Form;
use axum::extract::{Query, State};
use axum::response::Html;
use serde::Deserialize;
use serde_json::{Value, json};

use super::session::{SignedIn, require};
use super::{Failure, orders, page};
use crate::bot::{Bot, FieldType};
use crate::desk::{self, Bots, Desk};
use crate::duration::parse_duration;
use crate::model::{Item, ItemState};
use crate::store::{ItemFilter, ItemOrder, StateCount};
use crate::{search, wording};

const PAGE: i64 = 100;
/// How many items a search in fields shows.
const FOUND: i64 = 200;

/// What the list is asked for, as in its address.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    pub lage: String,
    pub robot: String,
    pub referens: String,
    /// Created longer ago than this: `2d`.
    pub aldre: String,
    /// Only those that are late.
    pub forsenade: String,
    pub sortera: String,
    pub omvand: String,
    pub sida: String,
}

impl Asked {
    /// The filter; what can't be read is left out and told of.
    pub async fn filter(&self, desk: &Desk) -> Result<(ItemFilter, Option<String>), Failure> {
        let now = desk.store.now().await?;
        let mut wrong = None;
        let created_before = match given(&self.aldre).map(|text| parse_duration(&text)) {
            None => None,
            Some(Ok(length)) => {
                chrono::Duration::from_std(length).ok().and_then(|length| now.checked_sub_signed(length))
            }
            Some(Err(why)) => {
                wrong = Some(why);
                None
            }
        };
        let filter = ItemFilter {
            bot: given(&self.robot),
            state: ItemState::try_from(self.lage.clone()).ok(),
            reference: given(&self.referens),
            created_before,
            overdue_at: (!self.forsenade.is_empty()).then_some(now),
            order: self.order(),
            descending: !self.omvand.is_empty(),
            offset: (self.page() - 1) * PAGE,
            limit: PAGE,
            ..ItemFilter::default()
        };
        Ok((filter, wrong))
    }

    fn order(&self) -> ItemOrder {
        ORDERS.iter().find(|(id, _)| *id == self.sortera).map_or(ItemOrder::Created, |(_, order)| *order)
    }

    fn page(&self) -> i64 {
        self.sida.parse().unwrap_or(1).clamp(1, 1_000_000)
    }

    fn is_something(&self) -> bool {
        [&self.lage, &self.robot, &self.referens, &self.aldre, &self.forsenade].iter().any(|text| !text.is_empty())
    }

    /// The address of the same list, sorted so, at this page.
    fn address(&self, sort: &str, reversed: &str, page: i64) -> String {
        let page = if page > 1 { page.to_string() } else { String::new() };
        let parts = [
            ("lage", self.lage.as_str()),
            ("robot", &self.robot),
            ("referens", &self.referens),
            ("aldre", &self.aldre),
            ("forsenade", &self.forsenade),
            ("sortera", sort),
            ("omvand", reversed),
            ("sida", &page),
        ];
        page::address("/arenden", &parts)
    }
}

const ORDERS: &[(&str, ItemOrder)] = &[
    ("referens", ItemOrder::Reference),
    ("lage", ItemOrder::State),
    ("prioritet", ItemOrder::Priority),
    ("frist", ItemOrder::Deadline),
    ("skapat", ItemOrder::Created),
    ("andrat", ItemOrder::Updated),
];

/// The columns: what they are sorted by, none for those that are not, and their title.
const COLUMNS: &[(&str, &str)] = &[
    ("referens", "Ärende"),
    ("", "Robot"),
    ("lage", "Läge"),
    ("", "Etapp"),
    ("", "Kod"),
    ("", "Försök"),
    ("prioritet", "Prioritet"),
    ("frist", "Frist"),
    ("skapat", "Skapat"),
    ("andrat", "Ändrat"),
];

/// Shows the items.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Html<String>, Failure> {
    person.require_any_view()?;
    let (filter, wrong) = asked.filter(&desk).await?;
    let items = desk.store.items(&filter).await?;
    let count = desk.store.count_items(&filter).await?;
    let mut content = list(&desk, &person, &asked, &items).await?;
    content["wrong"] = json!(wrong);
    content["count"] = json!(count);
    let (page, pages) = (asked.page(), (count + PAGE - 1) / PAGE);
    let to = |page: i64| asked.address(&asked.sortera, &asked.omvand, page);
    content["page"] = json!(page);
    content["pages"] = json!(pages);
    content["previous"] = json!((page > 1).then(|| to(page - 1)));
    content["next"] = json!((page < pages).then(|| to(page + 1)));
    Ok(page::of("items.html", &person, "arenden", content)?)
}

/// A search by one field's value. Sent, not asked for by address: what is searched for is kept nowhere.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    robot: String,
    #[serde(default)]
    falt: String,
    #[serde(default)]
    varde: String,
}

/// Shows the items in which a field has a value.
pub(super) async fn find(
    State(desk): State<Desk>,
    person: SignedIn,
    Form(wanted): Form<Wanted>,
) -> Result<Html<String>, Failure> {
    person.check(&wanted.csrf)?;
    require(desk::may_read(&person.user))?;
    let mut bots = Bots::new(&desk.config);
    let bot = bots.get(&wanted.robot).ok_or(Failure::NotFound)?.clone();
    let asked = Asked { robot: wanted.robot.clone(), ..Asked::default() };
    let (mut items, mut wrong) = (Vec::new(), None);
    match search::field(&bot, &wanted.falt, &wanted.varde, Some(&person.user)) {
        Err(search::Error::Personal(_)) => return Err(Failure::Forbidden),
        Err(error) => wrong = Some(error.to_string()),
        Ok(field) => {
            let filter =
                ItemFilter { bot: given(&wanted.robot), fields: vec![field], limit: FOUND, ..ItemFilter::default() };
            items = desk.store.items(&filter).await?;
            if search::is_personal(&bot, &wanted.falt) {
                search::record(&desk.store, &bot, &person.user, &[&wanted.falt], items.len()).await?;
            }
        }
    }
    let mut content = list(&desk, &person, &asked, &items).await?;
    content["searched"] = json!({"field": wanted.falt, "limit": (items.len() == 200).then_some(FOUND)});
    content["wrong"] = json!(wrong);
    content["count"] = json!(items.len());
    content["page"] = json!(1);
    content["pages"] = json!(1);
    Ok(page::of("items.html", &person, "arenden", content)?)
}

/// What every list has.
async fn list(desk: &Desk, person: &SignedIn, asked: &Asked, items: &[Item]) -> Result<Value, Failure> {
    let counts = desk.store.item_counts(None).await?;
    let clock = page::clock(&desk.config);
    let now = desk.store.now().await?;
    let rows: Vec<Value> = items
        .iter()
        .map(|item| {
            let mut row = row(item, &clock);
            row["overdue"] = json!(item.is_overdue(now));
            row
        })
        .collect();
    Ok(json!({
        "rows": rows,
        "columns": COLUMNS.iter().map(|(id, title)| column(asked, id, title)).collect::<Vec<_>>(),
        "states": states(&counts),
        "bots": bots(&counts),
        "fields": fields(desk, person, &asked.robot),
        "operations": orders::offered(person),
        "filtered": asked.is_something(),
        "lage": asked.lage,
        "robot": asked.robot,
        "referens": asked.referens,
        "aldre": asked.aldre,
        "forsenade": asked.forsenade,
        "sortera": asked.sortera,
        "omvand": asked.omvand}))
}

/// A column's head: where it leads and how the list is sorted by it now.
fn column(asked: &Asked, id: &str, title: &str) -> Value {
    let current = if asked.sortera.is_empty() { "skapat" } else { &asked.sortera };
    let sorted = match (id == current, asked.omvand.is_empty()) {
        (false, _) => None,
        (true, true) => Some("ascending"),
        (true, false) => Some("descending"),
    };
    let reversed = if sorted == Some("ascending") { "1" } else { "" };
    let link = (!id.is_empty()).then(|| asked.address(id, reversed, 1));
    json!({"title": title, "link": link, "sorted": sorted, "number": matches!(title, "Försök" | "Prioritet")})
}

/// The fields that the person may search in, of the bot that is chosen.
fn fields(desk: &Desk, person: &SignedIn, bot: &str) -> Vec<String> {
    if !desk::may_read(&person.user) || bot.is_empty() {
        return Vec::new();
    }
    let mut bots = Bots::new(&desk.config);
    let specs = bots.get(bot).map(|bot: &Bot| bot.item.fields.0.as_slice()).unwrap_or_default();
    let may = |personal: bool| !personal || desk::may_see_personal(&person.user);
    let one = |kind: FieldType| !matches!(kind, FieldType::List | FieldType::Map);
    specs.iter().filter(|spec| may(spec.personal) && one(spec.kind)).map(|spec| spec.name.clone()).collect()
}

fn given(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// An item as a row: nothing personal.
pub(super) fn row(item: &Item, clock: &impl Fn(&str) -> String) -> Value {
    json!({
        "id": item.id.0,
        "reference": item.reference,
        "bot": item.bot,
        "state": item.state.as_str(),
        "state_text": wording::item_state(item.state),
        "stage": item.stage,
        "code": item.code,
        "attempt": item.attempt,
        "priority": item.priority,
        "deadline": item.deadline_at.as_deref().map(clock),
        "created": clock(&item.created_at),
        "updated": clock(&item.updated_at)})
}

fn states(counts: &[StateCount]) -> Vec<Value> {
    let state = |state: &ItemState| {
        let count: i64 = counts.iter().filter(|count| count.state == state.as_str()).map(|count| count.count).sum();
        json!({ "id": state.as_str(), "text": wording::item_state(*state), "count": count  })
    };
    ItemState::ALL.iter().map(state).collect()
}

fn bots(counts: &[StateCount]) -> Vec<String> {
    let mut bots: Vec<String> = counts.iter().map(|count| count.bot.clone()).collect();
    bots.dedup();
    bots
}

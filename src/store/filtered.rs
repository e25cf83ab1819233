//! Lists with filters: only the filters that are set stand in the statement, so that each list finds its index.

use super::query::{Query, Value, made};

/// The filters of a list.
#[derive(Debug, Default)]
pub(super) struct Filtered {
    terms: Vec<String>,
    values: Vec<Value>,
}

impl Filtered {
    /// Only rows where this, such as `state = `, is followed by the value; nothing filters nothing.
    pub fn by(&mut self, term: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.values.push(value.into());
            self.terms.push(format!("{term}${}", self.values.len()));
        }
    }

    /// Only rows whose column has the value within it. They are found in an index of the column, not in the rows with
    /// all that they hold.
    pub fn with_part_of(&mut self, table: &str, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.values.push(value.into());
            let place = self.values.len();
            self.terms
                .push(format!("id in (select id from {table} where replace({column}, ${place}, '') <> {column})"));
        }
    }

    /// The first rows of a table in an order.
    pub fn select(self, table: &str, order: &str, limit: i64) -> Query {
        let Self { terms, mut values } = self;
        let filter = if terms.is_empty() { String::new() } else { format!(" where {}", terms.join(" and ")) };
        values.push(limit.into());
        let sql = format!("select * from {table}{filter} order by {order} limit ${}", values.len());
        values.into_iter().fold(made(sql), Query::bind)
    }
}

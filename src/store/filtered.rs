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

    /// Only rows whose column has the value within it, looked for in the rows themselves.
    pub fn with(&mut self, column: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.values.push(value.into());
            self.terms.push(format!("replace({column}, ${}, '') <> {column}", self.values.len()));
        }
    }

    /// The first rows of a table in an order.
    pub fn select(self, table: &str, order: &str, limit: i64) -> Query {
        self.page(table, order, limit, 0)
    }

    /// Rows of a table in an order, after the first `offset`.
    pub fn page(self, table: &str, order: &str, limit: i64, offset: i64) -> Query {
        let filter = self.filter();
        let mut values = self.values;
        values.extend([limit.into(), offset.into()]);
        let (limit, offset) = (values.len() - 1, values.len());
        let sql = format!("select * from {table}{filter} order by {order} limit ${limit} offset ${offset}");
        values.into_iter().fold(made(sql), Query::bind)
    }

    /// How many rows of a table there are.
    pub fn count(self, table: &str) -> Query {
        let sql = format!("select count(*) from {table}{}", self.filter());
        self.values.into_iter().fold(made(sql), Query::bind)
    }

    fn filter(&self) -> String {
        if self.terms.is_empty() { String::new() } else { format!(" where {}", self.terms.join(" and ")) }
    }
}

//! Nodes: the programs that are at work, by their own word, and what each of them holds.
//!
//! A node that has not been heard of for `SILENT` counts as dead. That is for people to read: what it held is taken over
//! when its leases end, never because of this table.

use std::time::Duration;

use super::events::append;
use super::life::changing;
use super::{Result, Store, now, query};
use crate::model::{Event, EventKind, Item, ItemState, Node, NodeState, Run, Unreadable, time_text};

/// How long a node may be silent before it counts as dead; it speaks three times as often.
const SILENT: Duration = Duration::from_secs(15);
/// How long a dead node is remembered.
const REMEMBERED: Duration = Duration::from_hours(24);

impl Store {
    /// A node says that it is at work. The first word also forgets those that have been dead for long.
    pub async fn beat(&self, node: &Node) -> Result<()> {
        let mut tx = self.begin_brief().await?;
        let now = now(&mut tx).await?;
        let at = time_text(now);
        let known = query(
            "update nodes set seen_at = $1, draining = $2, secrets = $3, bots = $4, unreadable = $5 where name = $6",
        )
        .bind(&at)
        .bind(node.draining)
        .bind(&node.secrets)
        .bind(&node.bots)
        .bind(&node.unreadable)
        .bind(&node.name)
        .execute(&mut tx)
        .await?;
        if known == 0 {
            query("delete from nodes where seen_at < $1").bind(time_text(now - REMEMBERED)).execute(&mut tx).await?;
            query(
                "insert into nodes (name, kind, pools, sessions, version, secrets, bots, unreadable, draining, started_at, seen_at)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
            )
            .bind(&node.name)
            .bind(&node.kind)
            .bind(&node.pools)
            .bind(node.sessions)
            .bind(&node.version)
            .bind(&node.secrets)
            .bind(&node.bots)
            .bind(&node.unreadable)
            .bind(node.draining)
            .bind(&at)
            .execute(&mut tx)
            .await?;
        }
        tx.commit().await
    }

    /// A node has ended as it should.
    pub async fn leave(&self, name: &str) -> Result<()> {
        query("delete from nodes where name = $1").bind(name).execute(self).await?;
        Ok(())
    }

    /// Every node, with its state and the references of the items that its workers hold.
    pub async fn nodes(&self) -> Result<Vec<NodeState>> {
        let silent_since = time_text(self.now().await? - SILENT);
        let nodes: Vec<Node> = query("select * from nodes order by started_at, name").fetch_all(self).await?;
        let held: Vec<(String, String)> = query(
            "select worker, reference from items where state = 'in_progress' and worker is not null order by reference",
        )
        .fetch_all(self)
        .await?;
        let state = |node: Node| {
            let state = match node.draining {
                _ if node.seen_at < silent_since => "dead",
                true => "draining",
                false => "alive",
            };
            let holds = held.iter().filter(|one| node.has_session(&one.0)).map(|one| one.1.clone()).collect();
            NodeState { node, state, holds }
        };
        Ok(nodes.into_iter().map(state).collect())
    }

    /// When the worker was last heard of, if that is so long ago that it counts as dead.
    pub async fn dead_since(&self, worker: &str) -> Result<Option<String>> {
        let nodes = self.nodes().await?.into_iter();
        let dead = nodes.filter(|node| node.state == "dead").find(|node| node.node.has_session(worker));
        Ok(dead.map(|node| node.node.seen_at))
    }

    /// The living workers that take work of this pool.
    async fn workers_of(&self, pool: &str) -> Result<Vec<Node>> {
        let living = self.nodes().await?.into_iter().filter(|node| node.state == "alive");
        Ok(living.map(|node| node.node).filter(|node| node.pools().iter().any(|own| own == pool)).collect())
    }

    /// Whether a living worker takes work of this pool.
    pub async fn has_worker(&self, pool: &str) -> Result<bool> {
        Ok(!self.workers_of(pool).await?.is_empty())
    }

    /// Why no living worker of its pool can read the script of this run, where that is so.
    pub async fn read_by_none(&self, run: &Run) -> Result<Option<Unreadable>> {
        let mut first = None;
        for node in self.workers_of(&run.pool).await? {
            match node.unreadable().into_iter().find(|one| one.is_of(run)) {
                Some(one) => first = first.or(Some(one)),
                None => return Ok(None),
            }
        }
        Ok(first)
    }

    /// Whether a scheduler is up.
    pub async fn has_scheduler(&self) -> Result<bool> {
        Ok(self.nodes().await?.iter().any(|node| node.state == "alive" && node.node.kind == "serve"))
    }

    /// A worker lets go of everything: its browsers are ended. What is in the middle of a commit stays with it, to be
    /// taken over and verified; the rest is free at once. How many items are free.
    pub async fn release(&self, worker: &str) -> Result<usize> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        let also = ", worker = null, lease_until = null, browsers = null";
        let which = "substr(worker, 1, length($2) + 1) = $2 || '/'
             and not exists (select 1 from intents where intents.item = items.id and intents.outcome is null)";
        let free = changing(ItemState::InProgress, ItemState::Ready, &at, also, which)?;
        let free: Vec<Item> = free.returning().bind(worker).fetch_all(&mut tx).await?;
        for sql in [
            "update items set lease_until = $1 where state = 'in_progress' and substr(worker, 1, length($2) + 1) = $2 || '/'",
            "update runs set lease_until = $1 where state = 'running' and substr(worker, 1, length($2) + 1) = $2 || '/'",
        ] {
            query(sql).bind(&at).bind(worker).execute(&mut tx).await?;
        }
        let event = |item: &Item| Event::new(EventKind::Released, format!("worker:{worker}")).item(item);
        let events: Vec<Event> = free.iter().map(event).collect();
        append(&mut tx, &events).await?;
        tx.commit().await?;
        Ok(free.len())
    }

    /// Whether the fingerprint is the one that the installation's nodes have in common; the first to ask decides it.
    pub async fn has_fingerprint(&self, name: &str, fingerprint: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query("insert into fingerprints (name, fingerprint, at) values ($1, $2, $3) on conflict (name) do nothing")
            .bind(name)
            .bind(fingerprint)
            .bind(at)
            .execute(&mut tx)
            .await?;
        let known: String =
            query("select fingerprint from fingerprints where name = $1").bind(name).fetch_value(&mut tx).await?;
        tx.commit().await?;
        Ok(known == fingerprint)
    }

    /// Makes another fingerprint the common one, because a key was lost and a new one is to be used.
    pub async fn set_fingerprint(&self, name: &str, fingerprint: &str, person: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let at = time_text(now(&mut tx).await?);
        query(
            "insert into fingerprints (name, fingerprint, at) values ($1, $2, $3)
             on conflict (name) do update set fingerprint = $2, at = $3",
        )
        .bind(name)
        .bind(fingerprint)
        .bind(at)
        .execute(&mut tx)
        .await?;
        let event = Event::new(EventKind::KeyReplaced, format!("person:{person}"));
        append(&mut tx, &[event.detail(serde_json::json!({"key": name}))]).await?;
        tx.commit().await
    }
}

//! SSBTEK
use std::sync::Arc;
use axum::Router;
use crate::shared::Shared;
pub fn router(shared: Arc<Shared>) -> Router { Router::new().with_state(shared) }

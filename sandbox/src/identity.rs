//! Identity numbers as people read them. Must not judge whether one is valid.

/// `198501302395` → `19850130-2395`.
pub fn dashed(id: &str) -> String {
    match id.split_at_checked(8) {
        Some((date, rest)) if !rest.is_empty() => format!("{date}-{rest}"),
        _ => id.to_owned(),
    }
}

/// `198501302395` → `1985-01-30`.
pub fn born(id: &str) -> String {
    match (id.get(..4), id.get(4..6), id.get(6..8)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => String::new(),
    }
}

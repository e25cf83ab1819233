//! Documents for people outside the console: the explanation of a suggestion, the draft of a decision's reasons, and a
//! rule book, each as a page that stands alone and as PDF.
//!
//! It is given what to show and who may see it has been settled; it reads no store and decides nothing.

mod draft;
mod explanation;
mod letter;
mod page;
mod pdf;
mod rulebook;

pub use draft::{draft, suggested_kind, with_reason};
pub use explanation::{About, AppealError, Decided, appeal, explanation};
pub use letter::letter;
pub use page::style_hash;
pub use pdf::{PdfError, pdf};
pub use rulebook::rulebook;

/// Why a page could not be made.
pub type Error = minijinja::Error;

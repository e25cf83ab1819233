//! What a step is called in the log: its name and target as written. It names values and never holds them.

use crate::bot::{Action, Named, Targets};

/// The label of an action, such as `click {button: Spara}`.
pub(in crate::runner) fn label(action: &Action) -> String {
    match action {
        Action::Open(open) => format!("open {}", open.url.source()),
        Action::Click(body) => format!("click {}", targets(&body.at)),
        Action::Fill(fill) => format!("fill {}", targets(&fill.at)),
        Action::Type(fill) => format!("type {}", targets(&fill.at)),
        Action::Select(select) => format!("select {}", targets(&select.at)),
        Action::Check(body) => format!("check {}", targets(&body.at)),
        Action::Uncheck(body) => format!("uncheck {}", targets(&body.at)),
        Action::Upload(upload) => format!("upload {}", targets(&upload.at)),
        Action::Press(press) => format!("press {}", press.key.value),
        Action::Keypad(_) => "keypad".into(),
        Action::Read(read) => format!("read {} into {}", targets(&read.at), read.into.value),
        Action::ReadTable(read) => format!("read_table {} into {}", targets(&read.at), read.into.value),
        Action::Exists(exists) => format!("exists {}", targets(&exists.at)),
        Action::Wait(wait) => format!("wait {}", targets(&wait.at)),
        Action::Frame(frame) => format!("frame {}", frame.name.source()),
        Action::Window(window) => format!("window {}", window.name.value),
        Action::Alert(alert) => {
            format!("alert {}", if alert.answer == crate::bot::AlertAct::Accept { "accept" } else { "dismiss" })
        }
        Action::Download(download) => format!("download {}", targets(&download.at)),
        Action::Print(print) => format!("print into {}", print.into.value),
        Action::Screenshot(screenshot) => format!("screenshot {}", screenshot.name.value),
        Action::Set(set) => format!("set {}", set.into.value),
        Action::When(when) => format!("when {}", when.is.source()),
        Action::ForEach(for_each) => format!("for_each {}", for_each.name.value),
        Action::Enqueue(_) => "enqueue".into(),
        Action::HandOver(hand_over) => format!("hand_over {}", hand_over.code.value),
        Action::Fail(_) => "fail".into(),
        Action::Http(http) => format!("http {} {}", http.method.value, http.url.source()),
        Action::Ssbtek(_) => "ssbtek".into(),
        Action::Mail(mail) => format!("mail {}", mail.template.value),
        Action::Csv(csv) => format!("csv {}", csv.file.source()),
        Action::WriteFile(write) => format!("write_file {}", write.name.source()),
    }
}

fn targets(targets: &Targets) -> String {
    let first = targets.0.first().map(|target| {
        let (kind, Named { name, row, column, table }) = target.value.parts();
        let named = [("row", row), ("column", column), ("table", table)];
        let mut parts: Vec<String> = name.iter().map(|name| name.source().to_owned()).collect();
        parts.extend(named.into_iter().filter_map(|(key, text)| Some(format!("{key}: {}", text.as_ref()?.source()))));
        format!("{{{kind}: {}}}", parts.join(", "))
    });
    first.unwrap_or_default()
}

//! What a step is made of: its texts, targets, words and the names it sets, so that each check asks one thing of all.

use crate::bot::{Action, FieldType, Steps, Targets, Text, Tree};
use crate::yaml::Placed;

/// A name that a step gives a value.
pub(super) struct Sets<'a> {
    pub name: &'a Placed<String>,
    /// What it always gets, where the step decides that.
    pub kind: Option<FieldType>,
}

/// The parts of one step, without the steps nested in it.
#[derive(Default)]
pub(super) struct Parts<'a> {
    /// The step's key.
    pub key: &'static str,
    /// Whether it needs a page.
    pub browser: bool,
    pub texts: Vec<&'a Text>,
    pub targets: Vec<&'a Targets>,
    pub sets: Vec<Sets<'a>>,
    /// Constants, where no expression is worked out.
    pub words: Vec<&'a Placed<String>>,
}

impl<'a> Parts<'a> {
    fn page(key: &'static str) -> Self {
        Self { key, browser: true, ..Self::default() }
    }

    fn plain(key: &'static str) -> Self {
        Self { key, ..Self::default() }
    }

    fn at(mut self, targets: impl IntoIterator<Item = &'a Targets>) -> Self {
        for targets in targets {
            self.texts.extend(target_texts(targets));
            self.targets.push(targets);
        }
        self
    }

    fn text(mut self, texts: impl IntoIterator<Item = &'a Text>) -> Self {
        self.texts.extend(texts);
        self
    }

    fn tree(mut self, tree: Option<&'a Tree>) -> Self {
        self.texts.extend(tree.into_iter().flat_map(tree_texts));
        self
    }

    fn word(mut self, words: impl IntoIterator<Item = &'a Placed<String>>) -> Self {
        self.words.extend(words);
        self
    }

    fn sets(mut self, names: impl IntoIterator<Item = &'a Placed<String>>, kind: Option<FieldType>) -> Self {
        self.sets.extend(names.into_iter().map(|name| Sets { name, kind }));
        self
    }
}

/// The parts of a step.
pub(super) fn parts(action: &Action) -> Parts<'_> {
    match action {
        Action::Open(open) => Parts::page("open").text([&open.url]),
        Action::Click(body) => Parts::page("click").at([&body.at]),
        Action::Fill(fill) => Parts::page("fill").at([&fill.at]).text(&fill.with).word(&fill.secret),
        Action::Type(fill) => Parts::page("type").at([&fill.at]).text(&fill.with).word(&fill.secret),
        Action::Select(select) => Parts::page("select").at([&select.at]).text([&select.with]),
        Action::Check(body) => Parts::page("check").at([&body.at]),
        Action::Uncheck(body) => Parts::page("uncheck").at([&body.at]),
        Action::Upload(upload) => Parts::page("upload").at([&upload.at]).text([&upload.file]),
        Action::Press(press) => Parts::page("press").at(&press.at).word([&press.key]),
        Action::Keypad(keypad) => Parts::page("keypad").word([&keypad.secret]),
        Action::Read(read) => Parts::page("read").at([&read.at]).sets([&read.into], None),
        Action::ReadTable(read) => {
            Parts::page("read_table").at([&read.at]).at(&read.next).sets([&read.into], Some(FieldType::List))
        }
        Action::Exists(exists) => {
            let parts = Parts::page("exists").at([&exists.at]).at(&exists.next).text(&exists.is);
            parts.sets(&exists.into, Some(FieldType::Bool))
        }
        Action::Wait(wait) => Parts::page("wait").at([&wait.at]).word(&wait.timeout),
        Action::Frame(frame) => Parts::page("frame").text([&frame.name]),
        Action::Window(window) => Parts::page("window").word([&window.name]),
        Action::Alert(alert) => Parts::page("alert").text(&alert.says).sets(&alert.into, Some(FieldType::Text)),
        Action::Download(it) => Parts::page("download").at([&it.at]).sets([&it.into], Some(FieldType::Text)),
        Action::Print(print) => Parts::page("print").sets([&print.into], Some(FieldType::Text)),
        Action::Screenshot(it) => Parts::page("screenshot").word([&it.name]),
        Action::Set(set) => Parts::plain("set").tree(Some(&set.to)).sets([&set.into], None),
        Action::When(when) => Parts::plain("when").text([&when.is]),
        Action::ForEach(each) => Parts::plain("for_each").text([&each.list]),
        Action::Enqueue(it) => {
            let parts = Parts::plain("enqueue").text([&it.reference]).text(&it.deadline).text(&it.priority);
            parts.tree(it.fields.as_ref().map(|fields| &fields.value))
        }
        Action::HandOver(it) => Parts::plain("hand_over").text(&it.when).text([&it.reason]).word([&it.code]),
        Action::Fail(fail) => Parts::plain("fail").text(&fail.when).text([&fail.reason]),
        Action::Http(http) => {
            let parts = Parts::plain("http").text([&http.url]).tree(http.json.as_ref());
            parts.word([&http.method]).word(&http.bearer).sets(&http.into, None)
        }
        Action::Ssbtek(ssbtek) => {
            let parts = Parts::plain("ssbtek").text([&ssbtek.persons, &ssbtek.period]);
            let maps = [Some(&ssbtek.sources), ssbtek.answers.as_ref()];
            parts.sets([&ssbtek.into], Some(FieldType::List)).sets(maps.into_iter().flatten(), Some(FieldType::Map))
        }
        Action::Mail(mail) => {
            let data = mail.data.as_ref().map(|data| &data.value);
            Parts::plain("mail").text([&mail.to]).tree(data).word([&mail.template])
        }
        Action::Csv(csv) => {
            Parts::plain("csv").text([&csv.file]).word(&csv.separator).sets([&csv.into], Some(FieldType::List))
        }
        Action::WriteFile(it) => {
            let parts = Parts::plain("write_file").text([&it.folder, &it.name]).text(&it.text).text(&it.rows);
            parts.word(&it.columns).word(&it.separator)
        }
    }
}

/// The steps nested in a step that are done as they stand: those of `frame` and `window`.
pub(super) fn straight(action: &Action) -> Option<&Steps> {
    match action {
        Action::Frame(frame) => Some(&frame.steps),
        Action::Window(window) => Some(&window.steps),
        _ => None,
    }
}

/// Every text of targets.
pub(super) fn target_texts(targets: &Targets) -> impl Iterator<Item = &Text> {
    targets.0.iter().flat_map(|target| target.value.parts().1.texts())
}

/// Every text of a tree.
pub(super) fn tree_texts(tree: &Tree) -> Vec<&Text> {
    match tree {
        Tree::Text(text) => vec![text],
        Tree::Plain(_) => Vec::new(),
        Tree::List(list) => list.iter().flat_map(tree_texts).collect(),
        Tree::Map(entries) => entries.iter().flat_map(|(_, value)| tree_texts(value)).collect(),
    }
}

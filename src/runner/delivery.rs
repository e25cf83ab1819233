//! A file as a commit: written beside its place under a name that nobody looks for, then given its own name at once.
//!
//! The draft is the witness. It is on disk before the intent, and only the act takes it away: a draft that is still there
//! says that the act was not made, whatever died.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::error::Stop;
use super::fence::{Before, Fenced, is_done, is_settled_as_not_done};
use super::verify::Seen;
use super::work::Work;
use crate::bot::{Stage, WriteFile};
use crate::model::IntentOutcome;

/// A file to be delivered.
#[derive(Debug, Clone)]
struct Delivery {
    file: PathBuf,
    draft: PathBuf,
    content: Vec<u8>,
}

impl Work<'_> {
    /// Leaves a file in its folder, once.
    pub(super) async fn commit_file(&mut self, stage: &Stage, write: &WriteFile) -> Result<Fenced, Stop> {
        self.stage_steps(stage).await?;
        let delivery = self.delivery(write)?;
        match self.before_file(&delivery).await? {
            Before::Done => return Ok(Fenced::Done),
            Before::Uncertain(why) => return Ok(Fenced::Uncertain(why)),
            Before::Free => {}
        }
        self.renew(self.timeout()).await?;
        let prepared = self.on_disk(&delivery, Delivery::prepare).await?;
        prepared.map_err(|error| Stop::failed(format!("filen kan inte skrivas: {error}")))?;
        self.intend(None, self.timeout()).await?;
        match self.deliver_once(&delivery).await {
            Ok(Ok(())) => {
                self.settle(IntentOutcome::Done, "the file has its name").await?;
                Ok(Fenced::Done)
            }
            Err(stop @ Stop::Store(_)) => Err(stop),
            Ok(Err(error)) => self.settle_lost_file(&delivery, &format!("filen kunde inte lämnas: {error}")).await,
            Err(stop) => self.settle_lost_file(&delivery, &stop.message()).await,
        }
    }

    /// What earlier intents left, and whether the file is there already.
    async fn before_file(&mut self, delivery: &Delivery) -> Result<Before, Stop> {
        let claim = self.claim()?;
        let (item, attempt) = (claim.item.id.clone(), claim.item.attempt);
        let intents = self.app.store.intents(&item, &self.stage).await?;
        let seen = match intents.last() {
            Some(last) if is_done(last, attempt) => return Ok(Before::Done),
            Some(last) if !is_settled_as_not_done(last, attempt) => self.look_for_file(delivery).await?,
            _ => {
                let seen = self.on_disk(delivery, Delivery::look_before).await?;
                seen.map_err(|error| Stop::failed(format!("mappen kan inte läsas: {error}")))?
            }
        };
        if seen == Seen::Different && intents.is_empty() {
            self.note_seen(&seen, "before");
        }
        self.judge_before(seen, !intents.is_empty()).await
    }

    /// The act itself, by this program: giving the draft its name.
    async fn deliver_once(&mut self, delivery: &Delivery) -> Result<io::Result<()>, Stop> {
        self.begin_own_act().await?;
        let delivered = match self.has_lease() {
            Ok(()) => self.on_disk(delivery, Delivery::place).await,
            Err(stop) => Err(stop),
        };
        self.browsers.release_itself().await;
        delivered
    }

    /// It can't be told whether the act was made: the folder says so, when what is under way has come to rest.
    async fn settle_lost_file(&mut self, delivery: &Delivery, why: &str) -> Result<Fenced, Stop> {
        match self.look_for_file(delivery).await? {
            Seen::Yes => {
                self.settle(IntentOutcome::Done, "found after a lost answer").await?;
                Ok(Fenced::Done)
            }
            Seen::Different => Err(self.already_there().await?),
            Seen::No => {
                self.settle(IntentOutcome::NotDone, "the draft is still there, twice").await?;
                Err(Stop::failed(why))
            }
            Seen::Unknown(why) => {
                self.settle(IntentOutcome::Uncertain, &why).await?;
                Ok(Fenced::Uncertain(why))
            }
        }
    }

    /// Looks after an intent: not before the settle time, and twice before a no.
    async fn look_for_file(&mut self, delivery: &Delivery) -> Result<Seen, Stop> {
        let mut noes = 0;
        loop {
            self.pause(self.settle_time()).await?;
            let seen = match self.on_disk(delivery, Delivery::look_after).await {
                Ok(Ok(seen)) => seen,
                Ok(Err(error)) => Seen::Unknown(format!("mappen kan inte läsas: {}", error.kind())),
                Err(stop @ Stop::Store(_)) => return Err(stop),
                Err(stop) => Seen::Unknown(stop.message()),
            };
            self.note_seen(&seen, "fresh");
            match seen {
                Seen::No if noes == 0 => noes += 1,
                seen => return Ok(seen),
            }
        }
    }

    /// Does something with a disk that may be on the other side of a network, within the step's time.
    async fn on_disk<T: Send + 'static>(
        &self,
        delivery: &Delivery,
        act: fn(&Delivery) -> io::Result<T>,
    ) -> Result<io::Result<T>, Stop> {
        let delivery = delivery.clone();
        let acting = tokio::task::spawn_blocking(move || act(&delivery));
        match tokio::time::timeout(self.timeout(), acting).await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(Stop::failed(format!("filen: {error}"))),
            Err(_) => Err(Stop::failed("filen: mappen svarade inte i tid")),
        }
    }

    fn delivery(&self, write: &WriteFile) -> Result<Delivery, Stop> {
        let (folder, name) = (self.file(&self.text(&write.folder)?), self.text(&write.name)?);
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(Stop::permanent(
                "filens namn är inget filnamn: det får inte vara tomt, börja med punkt eller ha `/`",
            ));
        }
        if !folder.is_dir() {
            return Err(Stop::failed(format!("mappen {} finns inte eller kan inte nås", folder.display())));
        }
        // The same for every try and attempt: the draft of an earlier one is what tells whether it was made.
        let key = Sha256::new().chain_update(&self.claim()?.item.id.0).chain_update(&self.stage).finalize();
        let draft = folder.join(format!(".{}.kollega-utkast", hex::encode(&key[..12])));
        Ok(Delivery { file: folder.join(name), draft, content: self.content(write)? })
    }

    fn content(&self, write: &WriteFile) -> Result<Vec<u8>, Stop> {
        match (&write.text, &write.rows) {
            (Some(text), None) => Ok(self.text(text)?.into_bytes()),
            (None, Some(rows)) => table(write, &self.list(rows)?),
            _ => Err(Stop::permanent("`write_file` behöver antingen `text` eller `rows`")),
        }
    }
}

/// The rows as CSV under their headers.
fn table(write: &WriteFile, rows: &[expression::Value]) -> Result<Vec<u8>, Stop> {
    let wrong = |error: csv::Error| Stop::permanent(format!("raderna kan inte skrivas: {error}"));
    let separator = write.separator.as_ref().and_then(|text| text.value.bytes().next()).unwrap_or(b';');
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    let columns: Vec<&str> = write.columns.iter().map(|column| column.value.as_str()).collect();
    writer.write_record(&columns).map_err(wrong)?;
    for row in rows {
        let map = row.as_record().ok_or_else(|| Stop::permanent("en rad är ingen post med fält"))?;
        let cell = |column: &&str| match map.get(column) {
            Some(value) => expression::text_of(value).map_err(Stop::permanent),
            None => Err(Stop::permanent(format!("en rad saknar `{column}`"))),
        };
        let cells = columns.iter().map(cell).collect::<Result<Vec<String>, Stop>>()?;
        writer.write_record(&cells).map_err(wrong)?;
    }
    writer.into_inner().map_err(|error| Stop::permanent(format!("raderna kan inte skrivas: {error}")))
}

impl Delivery {
    /// Writes the draft, whole and on disk.
    fn prepare(&self) -> io::Result<()> {
        let mut file = File::create(&self.draft)?;
        file.write_all(&self.content)?;
        file.sync_all()?;
        self.sync_folder()
    }

    /// Gives the draft its name, unless something has that name.
    fn place(&self) -> io::Result<()> {
        match renameat_with(CWD, &self.draft, CWD, &self.file, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            // Some shares can't rename so; most of them can give a file a second name, which never replaces either.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
                fs::hard_link(&self.draft, &self.file)?;
                fs::remove_file(&self.draft)?;
            }
            Err(error) => return Err(error.into()),
        }
        self.sync_folder()
    }

    /// What is at the place, before any intent.
    fn look_before(&self) -> io::Result<Seen> {
        match fs::read(&self.file) {
            Ok(content) if content == self.content => Ok(Seen::Yes),
            Ok(_) => Ok(Seen::Different),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Seen::No),
            Err(error) => Err(error),
        }
    }

    /// What is at the place, after an intent. Neither file nor draft: somebody may have fetched the file.
    fn look_after(&self) -> io::Result<Seen> {
        match self.look_before()? {
            Seen::No if !self.draft.try_exists()? => {
                Ok(Seen::Unknown("varken filen eller utkastet finns kvar: mottagaren kan ha hämtat filen".into()))
            }
            seen => Ok(seen),
        }
    }

    /// A name is on disk when its folder is. Not every share can be asked for that.
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.file.parent().unwrap_or(Path::new("."));
        match File::open(folder)?.sync_all() {
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
            result => result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(folder: &Path, content: &str) -> Delivery {
        Delivery { file: folder.join("a.csv"), draft: folder.join(".a.utkast"), content: content.into() }
    }

    #[test]
    fn the_draft_tells_whether_the_act_was_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let delivery = delivery(folder.path(), "Nr;Belopp\n1;100\n");
        delivery.prepare().expect("a draft");
        assert_eq!(delivery.look_after().expect("the folder"), Seen::No);
        delivery.place().expect("its name");
        assert_eq!(delivery.look_after().expect("the folder"), Seen::Yes);
        fs::remove_file(&delivery.file).expect("fetched");
        assert!(matches!(delivery.look_after().expect("the folder"), Seen::Unknown(_)), "perhaps fetched");
    }

    #[test]
    fn a_file_of_that_name_is_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let ours = delivery(folder.path(), "vårt");
        ours.prepare().expect("a draft");
        fs::write(&ours.file, "någon annans").expect("a file");
        assert_eq!(ours.place().expect_err("the name is taken").kind(), ErrorKind::AlreadyExists);
        assert_eq!(ours.look_after().expect("the folder"), Seen::Different);
        assert_eq!(fs::read_to_string(&ours.file).expect("the file"), "någon annans");
    }
}

//! Steps that act on a page: open, click, type, press, upload, wait, frames, windows, dialogs, files.

use expression::Value;

use super::super::error::Stop;
use super::super::work::Work;
use crate::bot::{Alert, AlertAct, Download, Fill, Frame, Keypad, Open, Press, Print, Targets, Upload, Wait, Window};
use crate::browser::{Answer, Condition, Target};

impl Work<'_> {
    pub(super) async fn open(&mut self, open: &Open) -> Result<(), Stop> {
        let url = self.text(&open.url)?;
        let url = self.address(&url)?;
        self.session()?.goto(&url).await?;
        if self.is_signed_out().await { Err(Stop::SignedOut) } else { Ok(()) }
    }

    /// A path of the system's address, or a whole address as it is.
    pub(super) fn address(&self, url: &str) -> Result<String, Stop> {
        if url.starts_with("http://") || url.starts_with("https://") {
            return Ok(url.to_owned());
        }
        let system = self.system.as_deref().unwrap_or_default();
        let own = self.app.config.systems.get(system).ok_or_else(|| {
            Stop::permanent(format!("systemet `{system}` saknas i kollega.toml: lägg till [systems.{system}] med url"))
        })?;
        Ok(format!("{}/{}", own.url.trim_end_matches('/'), url.trim_start_matches('/')))
    }

    pub(super) async fn click(&mut self, at: &Targets, label: &str) -> Result<(), Stop> {
        let (targets, fallback) = (self.targets(at)?, !self.committing);
        let found = self.session()?.click(&targets, fallback).await?;
        self.drift(label, found);
        Ok(())
    }

    pub(super) async fn type_keys(&mut self, fill: &Fill, label: &str) -> Result<(), Stop> {
        let (targets, keys, fallback) = (self.targets(&fill.at)?, self.filled(fill)?, !self.committing);
        let found = self.session()?.type_keys(&targets, &keys, fallback).await?;
        self.drift(label, found);
        Ok(())
    }

    /// The value of a fill: its text, or the secret it names.
    pub(super) fn filled(&self, fill: &Fill) -> Result<String, Stop> {
        match (&fill.with, &fill.secret) {
            (Some(text), None) => self.text(text),
            (None, Some(name)) => self.secret(&name.value),
            _ => Err(Stop::permanent("steget behöver antingen `with` eller `secret`")),
        }
    }

    pub(super) fn secret(&self, name: &str) -> Result<String, Stop> {
        match self.app.secrets.get(name) {
            Ok(secret) => Ok(secret.expose().to_owned()),
            Err(error) => Err(Stop::permanent(error.to_string())),
        }
    }

    pub(super) async fn press(&mut self, press: &Press, label: &str) -> Result<(), Stop> {
        if let Some(at) = &press.at {
            self.click(at, label).await?;
        }
        Ok(self.session()?.press(&press.key.value).await?)
    }

    pub(super) async fn keypad(&mut self, keypad: &Keypad) -> Result<(), Stop> {
        let code = self.secret(&keypad.secret.value)?;
        for character in code.chars() {
            // The places move at each load, so each button is found anew; an error may not say which it was.
            let pressed = self.session()?.click(&[Target::button(character)], false).await;
            pressed.map_err(|_| Stop::failed("en knapp på knappsatsen kunde inte tryckas"))?;
        }
        Ok(())
    }

    pub(super) async fn upload(&mut self, upload: &Upload, label: &str) -> Result<(), Stop> {
        let (targets, fallback) = (self.targets(&upload.at)?, !self.committing);
        let file = self.file(&self.text(&upload.file)?);
        let found = self.session()?.upload(&targets, &file, fallback).await?;
        self.drift(label, found);
        Ok(())
    }

    pub(super) async fn wait(&mut self, wait: &Wait) -> Result<(), Stop> {
        let (targets, limit) = (self.targets(&wait.at)?, self.timeout());
        let own = wait.timeout.as_ref().map(|text| crate::duration::parse_duration(&text.value)).transpose();
        let own = own.map_err(Stop::permanent)?;
        let condition = if wait.gone { Condition::Gone { targets } } else { Condition::Shown { targets, is: None } };
        let session = self.session()?;
        session.set_timeout(own.unwrap_or(limit));
        let result = session.wait_for(&condition).await;
        session.set_timeout(limit);
        Ok(result?)
    }

    pub(super) async fn frame(&mut self, frame: &Frame) -> Result<(), Stop> {
        let path: Vec<String> = self.text(&frame.name)?.split('/').map(str::to_owned).collect();
        self.session()?.enter_frame(&path).await?;
        self.run_steps(&frame.steps).await?;
        self.session()?.leave_frame();
        Ok(())
    }

    pub(super) async fn window(&mut self, window: &Window) -> Result<(), Stop> {
        self.session()?.enter_window(&window.name.value).await?;
        self.run_steps(&window.steps).await?;
        Ok(self.session()?.leave_window().await?)
    }

    pub(super) async fn alert(&mut self, alert: &Alert) -> Result<(), Stop> {
        if let Some(says) = &alert.says {
            let expected = self.text(says)?;
            let text = self.session()?.dialog_text().await?;
            if !text.contains(&expected) {
                return Err(Stop::failed(format!("dialogrutan säger något annat än väntat: ”{text}”")));
            }
        }
        let answer = if alert.answer == AlertAct::Accept { Answer::Accept } else { Answer::Dismiss };
        let text = self.session()?.alert(&answer).await?;
        match &alert.into {
            Some(into) => self.assign(&into.value, &Value::from(text)),
            None => Ok(()),
        }
    }

    pub(super) async fn download(&mut self, download: &Download, label: &str) -> Result<(), Stop> {
        let (targets, fallback) = (self.targets(&download.at)?, !self.committing);
        let (file, found) = self.session()?.download(&targets, fallback).await?;
        self.drift(label, found);
        self.assign(&download.into.value, &Value::from(file.display().to_string()))
    }

    pub(super) async fn print(&mut self, print: &Print) -> Result<(), Stop> {
        let pdf = self.session()?.print_pdf().await?;
        let folder = self.app.config.data().join("downloads");
        let file = folder.join(format!("{}.pdf", crate::model::new_id()));
        std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::write(&file, pdf))
            .map_err(|error| Stop::failed(format!("PDF-filen kunde inte sparas: {error}")))?;
        self.assign(&print.into.value, &Value::from(file.display().to_string()))
    }
}

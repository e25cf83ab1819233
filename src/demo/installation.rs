//! The demo's installation: its folder, the practice systems, a configuration file, secrets and people.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sandbox::{Addresses, Sandbox};

use super::Options;
use crate::app::App;
use crate::config::Config;
use crate::person;
use crate::secret::Secret;

/// The account of the scripted stand-in for a caseworker, named as such in every event.
pub const STAND_IN: &str = "ställföreträdare-skript";
/// The account of a person who tries the demo.
const PERSON: &str = "anna";
const FULL_NAME: &str = "Anna Åström";

/// The demo's folder: a new one, or that of a demo that did not come to its end.
pub fn prepare(options: &Options) -> anyhow::Result<PathBuf> {
    let folder = std::path::absolute(&options.data)?;
    if folder.exists() && (options.reset || folder.join("finished").exists()) {
        let ours = folder.join("kollega.toml").exists() || folder.join("sandbox").exists();
        anyhow::ensure!(ours, "{} är inte en demos mapp och rörs inte", folder.display());
        std::fs::remove_dir_all(&folder).with_context(|| format!("{} kan inte tömmas", folder.display()))?;
    }
    std::fs::create_dir_all(&folder).with_context(|| format!("{} kan inte skapas", folder.display()))?;
    Ok(folder)
}

/// Starts the practice systems on the ports asked for, or on free ones where those are taken.
pub async fn start_sandbox(folder: &Path, options: &Options) -> anyhow::Result<Sandbox> {
    let mut settings = sandbox::Config::in_folder(folder.join("sandbox"));
    settings.port = options.port;
    settings.smtp_port = if options.port == 0 { 0 } else { options.port + 9 };
    if let Some(seed) = options.faults {
        settings.seed = seed;
    }
    let mut free = settings.clone();
    (free.port, free.smtp_port) = (0, 0);
    match sandbox::start(settings).await {
        Ok(sandbox) => Ok(sandbox),
        Err(_) if options.port != 0 => Ok(sandbox::start(free).await?),
        Err(error) => Err(error.into()),
    }
}

/// Writes the configuration file, so that every other command can look at the demo with `--config`.
pub fn configure(base: &Config, folder: &Path, addresses: &Addresses) -> anyhow::Result<Config> {
    let here = |path: &Path| std::path::absolute(base.path(path));
    let file = folder.join("kollega.toml");
    let Addresses { portal, akten, ssbtek, smtp, .. } = addresses;
    let (host, port) = (smtp.ip(), smtp.port());
    let shown = |path: &Path| here(path).map(|path| path.display().to_string());
    let (bots, signins) = (shown(&base.bots)?, shown(&base.signins)?);
    let webdriver = &base.webdriver.url;
    let (rulebooks, schedules) = (shown(&base.rulebooks)?, shown(&base.schedules)?);
    anyhow::ensure!(
        Path::new(&bots).join(super::BOT).exists(),
        "roboten {} finns inte i {}: kör demon i projektets mapp, eller ange --config",
        super::BOT,
        bots
    );
    let text = format!(
        r#"# Demons inställningar, skrivna av `kollega demo`.
data = "data"
bots = {bots:?}
signins = {signins:?}
rulebooks = {rulebooks:?}
schedules = {schedules:?}

[webdriver]
url = {webdriver:?}

[worker]
# Kort väntan, så att demon inte tar hela dagen.
backoff = "1s"
silent_wait = "1s"

[circuits]
wait = "2s"
max_wait = "4s"

[systems.portal]
url = "http://{portal}"

[systems.akten]
url = "http://{akten}"
timeout = "10s"
settle = "3s"

[mail]
host = "{host}"
port = {port}
tls = "none"
from = "Exempelkommunen <ekonomisktbistand@kommunen.example>"

[ssbtek]
url = "http://{ssbtek}/ssbtek"
actor_id = "exempelkommunen"
purpose = "Handläggning av ekonomiskt bistånd"
legal_basis = "Förordning (2008:975)"
read_timeout = 10
organisation = {{ number = "162120000000", name = "Exempelkommunen", handler = "Kollega" }}

[values]
kommun = "Exempelkommunen"
mina_sidor = "http://{portal}/"
telefon = "0123-45 67 89"
"#
    );
    std::fs::write(&file, text)?;
    Ok(Config::load(Some(&file))?)
}

/// Saves the secrets and makes the accounts; the password of the account that decides.
pub async fn furnish(app: &App, unattended: bool) -> anyhow::Result<Option<String>> {
    use sandbox::credentials;
    for (name, value) in [
        ("portal.user", credentials::PORTAL_USER),
        ("portal.password", credentials::PORTAL_PASSWORD),
        ("akten.user", credentials::AKTEN_USER),
        ("akten.password", credentials::AKTEN_PASSWORD),
        ("akten.pin", credentials::AKTEN_PIN),
    ] {
        app.secrets.set(name, &Secret::new(value))?;
    }
    // Kept among the secrets so that a demo that was killed can go on.
    let (name, full_name) = if unattended { (STAND_IN, None) } else { (PERSON, Some(FULL_NAME)) };
    let kept = format!("demo.{}", if unattended { "stand_in" } else { "person" });
    if let Ok(password) = app.secrets.get(&kept) {
        return Ok(Some(password.expose().to_owned()));
    }
    let password: String = person::random_token()?.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let roles = ["caseworker", "operations"].map(str::to_owned);
    person::add(&app.store, name, full_name, &password, if unattended { &roles[..1] } else { &roles }).await?;
    app.secrets.set(&kept, &Secret::new(password.clone()))?;
    Ok(Some(password))
}

/// Where to look.
pub fn addresses(systems: &Addresses, console: SocketAddr, folder: &Path, password: Option<&str>) -> String {
    use sandbox::credentials as known;
    let mut text = String::from("\nAdresser att titta på\n");
    let who = password.map(|password| format!("   (logga in som {PERSON} / {password})")).unwrap_or_default();
    let _ = writeln!(text, "  Konsolen          http://{console}{who}");
    let _ = writeln!(
        text,
        "  Medborgarporten   http://{}   ({} / {})",
        systems.portal,
        known::PORTAL_USER,
        known::PORTAL_PASSWORD
    );
    let _ = writeln!(
        text,
        "  Akten             http://{}   ({} / {}, PIN {})",
        systems.akten,
        known::AKTEN_USER,
        known::AKTEN_PASSWORD,
        known::AKTEN_PIN
    );
    let _ = writeln!(text, "  Brevlådan         http://{}", systems.mailbox);
    let _ = writeln!(text, "  Kontrollpanelen   http://{}   (fel att slå på)", systems.control);
    let _ = writeln!(text, "  Inställningarna   {}", folder.join("kollega.toml").display());
    text
}

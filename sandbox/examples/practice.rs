//! Only the practice systems, for looking at them: `cargo run -p sandbox --example practice -- FOLDER PORT`.

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "sandbox-data".to_owned());
    let mut config = sandbox::Config::in_folder(folder);
    config.port = arguments.next().map(|port| port.parse()).transpose()?.unwrap_or(0);
    let sandbox = sandbox::start(config).await?;
    std::io::Write::write_all(&mut std::io::stdout(), format!("{:#?}\n", sandbox.addresses).as_bytes())?;
    tokio::signal::ctrl_c().await?;
    sandbox.stop().await;
    Ok(())
}

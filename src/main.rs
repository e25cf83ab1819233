//! The program `kollega`.

use std::process::ExitCode;

/// A suggestion is some hundred small pieces of memory, which this one hands out a sixth quicker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            kollega::terminal::print_error(&format!("fel: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(kollega::cli::main());
    // A read from a file that nobody writes is not waited for.
    runtime.shutdown_background();
    code
}

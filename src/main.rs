//! The program `kollega`.

use std::process::ExitCode;

/// A suggestion is some hundred small pieces of memory, which this one hands out a sixth quicker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a stage does lies deep, and unoptimised it takes more than the 2 MiB that threads have by themselves.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let runtime = match runtime {
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

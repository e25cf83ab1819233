//! The processes of a trial, each in its place: what ends is started again, as a service manager would.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::morning::Program;

/// One place for a process, and the process in it.
struct Place {
    name: String,
    arguments: Vec<String>,
    program: Program,
    /// Stopped until then.
    stopped: Option<Instant>,
}

/// The places of the workers and the nodes.
pub struct Supervisor {
    output: PathBuf,
    workers: Vec<Place>,
    nodes: Vec<Place>,
    /// How often a process ended without being killed by the trial, by exit code or signal.
    pub ended: BTreeMap<String, usize>,
}

impl Supervisor {
    pub fn start(folder: &Path, configuration: &Path, workers: usize, nodes: usize) -> Self {
        let output = folder.join("output");
        let place = |name: String, command: &str| {
            let arguments = vec!["--config".into(), configuration.display().to_string(), command.into()];
            let program = Program::start(&output, &name, &arguments);
            Place { name, arguments, program, stopped: None }
        };
        Self {
            workers: (0..workers).map(|number| place(format!("worker-{number}"), "worker")).collect(),
            nodes: (0..nodes).map(|number| place(format!("node-{number}"), "serve")).collect(),
            output,
            ended: BTreeMap::new(),
        }
    }

    /// `kill -9`, and a new one at once.
    pub fn kill_worker(&mut self, number: usize) {
        self.workers[number].replace(&self.output);
    }

    /// `kill -9`, and a new one at once.
    pub fn kill_node(&mut self, number: usize) {
        self.nodes[number].replace(&self.output);
    }

    /// `kill -9` of all before any is started again.
    pub fn kill_all(&mut self) -> usize {
        let places = || self.workers.iter().chain(&self.nodes);
        places().for_each(|place| place.program.kill_at_once());
        let count = places().count();
        for place in self.workers.iter_mut().chain(&mut self.nodes) {
            place.replace(&self.output);
        }
        count
    }

    /// SIGSTOP; the process in a worker's place goes on after `time`.
    pub fn stop(&mut self, number: usize, time: Duration) {
        let place = &mut self.workers[number];
        place.program.stop();
        place.stopped = Some(Instant::now() + time);
    }

    /// SIGCONT of one that was stopped at a bad moment.
    pub fn go_on(&mut self, number: usize) {
        self.workers[number].go_on();
    }

    /// Lets those go on whose time has come, and starts again what has ended by itself.
    pub fn tend(&mut self) {
        for place in self.workers.iter_mut().chain(&mut self.nodes) {
            if place.stopped.is_some_and(|until| Instant::now() >= until) {
                place.go_on();
            }
            if let Some(how) = place.program.has_ended() {
                *self.ended.entry(how).or_default() += 1;
                place.replace(&self.output);
            }
        }
    }

    pub fn all_go_on(&mut self) {
        self.workers.iter_mut().for_each(Place::go_on);
    }

    /// SIGTERM to all; what went wrong. One that was asked before it could listen ends by the signal, which is as well.
    pub async fn end(&mut self) -> Vec<String> {
        let mut wrong = Vec::new();
        for place in self.workers.iter().chain(&self.nodes) {
            place.program.ask_to_end();
        }
        let since = Instant::now();
        for place in self.workers.iter_mut().chain(&mut self.nodes) {
            let how = loop {
                match place.program.has_ended() {
                    None if since.elapsed() < Duration::from_mins(1) => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    how => break how.unwrap_or_else(|| "never".into()),
                }
            };
            if how.starts_with("signal") {
                *self.ended.entry(how).or_default() += 1;
            } else if how != "exit status: 0" {
                wrong.push(format!("{} was asked to end and ended: {how}\n{}", place.name, place.last_words()));
            }
        }
        wrong
    }

    /// What the processes have said last.
    pub fn last_words(&self) -> Vec<String> {
        let places = self.workers.iter().chain(&self.nodes);
        places.map(|place| format!("{}: {}", place.name, place.last_words())).collect()
    }
}

impl Place {
    fn replace(&mut self, output: &Path) {
        self.stopped = None;
        self.program.kill();
        self.program = Program::start(output, &self.name, &self.arguments);
    }

    fn go_on(&mut self) {
        if self.stopped.take().is_some() {
            self.program.go_on();
        }
    }

    fn last_words(&self) -> String {
        let said = self.program.said();
        let lines: Vec<&str> = said.lines().rev().take(12).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

//! The demo as a whole: killed in the middle it goes on where it was, with faults it still ends as it should, and one
//! thing that is not as it should be makes it fail.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::grid::Grid;
use crate::morning::{PATIENCE, Program, nothing_is_left_running};

const DECIDED: &str = "beslut fattat";
const WHOLE_DAY: Duration = Duration::from_mins(20);

/// The demo in a folder of its own.
struct Day {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Day {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), environment: Vec::new() }
    }

    /// A day whose browsers are on this Grid.
    fn on(grid: &Grid) -> Self {
        Self { environment: vec![("KOLLEGA__WEBDRIVER__URL", grid.url())], ..Self::new() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    /// Starts it, or starts it again.
    fn start(&self, name: &str, more: &[&str]) -> Program {
        let data = self.data().display().to_string();
        let all = ["demo", "--unattended", "--port", "0", "--data", &data];
        let all: Vec<String> = all.iter().chain(more).map(ToString::to_string).collect();
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        Program::start_in(&self.folder.path().join("output"), name, &all, &environment)
    }

    /// Kills it without warning, once it has got this far.
    async fn killed_after(&self, name: &str, more: &[&str], decided: usize) {
        let mut program = self.start(name, more);
        program.says(DECIDED, decided).await;
        program.kill();
        nothing_is_left_running(&self.data().join("data")).await;
    }

    /// Changes what stands in Akten, as if somebody had done so by hand.
    async fn in_akten(&self, sql: &'static str) {
        let pool = open(&self.data().join("sandbox/sandbox.sqlite")).await;
        sqlx::query(sql).execute(&pool).await.expect("the statement");
        pool.close().await;
        drop(std::fs::remove_file(self.data().join("finished")));
    }

    /// Waits until so many payments stand in Akten: a commit as a whole has been carried out, and seen.
    async fn has_paid(&self, demo: &Program, payments: i64) {
        let since = Instant::now();
        let pool = open(&self.data().join("sandbox/sandbox.sqlite")).await;
        let counted = "select count(*) from record where kind = 'payment' and origin <> 'seed'";
        while sqlx::query_scalar::<_, i64>(counted).fetch_one(&pool).await.expect("the records") < payments {
            assert!(since.elapsed() < PATIENCE, "nothing is paid\n{}", demo.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        pool.close().await;
    }

    /// How often each form was saved for each application, where that was more than once.
    async fn saved_twice(&self) -> BTreeMap<String, i64> {
        let pool = open(&self.data().join("sandbox/sandbox.sqlite")).await;
        let twice = sqlx::query_as::<_, (String, i64)>(
            "select kind || ' ' || reference, count(*) from record where reference <> '' group by 1 having count(*) > 1",
        );
        let found = twice.fetch_all(&pool).await.expect("the records");
        pool.close().await;
        found.into_iter().collect()
    }
}

async fn open(file: &Path) -> sqlx::SqlitePool {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    sqlx::SqlitePool::connect_with(options).await.expect("the file")
}

#[tokio::test]
async fn a_demo_that_was_killed_goes_on_where_it_was() {
    let day = Day::new();
    day.killed_after("first", &[], 1).await;
    let mut second = day.start("second", &[]);
    second.says("Fortsätter där den förra demon slutade", 1).await;
    second.says(DECIDED, 3).await;
    day.has_paid(&second, 1).await;
    second.kill();
    assert_eq!(day.saved_twice().await, BTreeMap::new());
}

#[tokio::test]
#[ignore = "slow: scripts/test --all"]
async fn a_demo_killed_twice_ends_right_and_one_wrong_record_makes_it_fail() {
    let day = Day::new();
    day.killed_after("first", &[], 4).await;
    day.killed_after("second", &[], 8).await;
    let mut last = day.start("last", &[]);
    assert_eq!(last.ended(WHOLE_DAY).await, Some(0), "{}", last.said());
    assert_eq!(day.saved_twice().await, BTreeMap::new());
    // Everything is as it should be; now one payment is there twice.
    day.in_akten(
        "insert into record (kind, akt, reference, period, amount, detail, saved_at, origin)
         select kind, akt, reference, period, amount, detail, saved_at, origin from record
         where kind = 'payment' and reference = 'EB-2025-0102'",
    )
    .await;
    let mut wrong = day.start("wrong", &[]);
    assert_eq!(wrong.ended(WHOLE_DAY).await, Some(1), "{}", wrong.said());
    assert!(wrong.said().contains("1 avvikelse från"), "{}", wrong.said());
    assert!(wrong.said().contains("EB-2025-0102: antal utbetalningar i Akten är 2, ska vara 1"), "{}", wrong.said());
}

#[tokio::test]
#[ignore = "slow: scripts/test --all"]
async fn a_demo_with_faults_that_is_killed_ends_right() {
    let day = Day::new();
    day.killed_after("first", &["--faults"], 3).await;
    let mut last = day.start("last", &["--faults"]);
    assert_eq!(last.ended(WHOLE_DAY).await, Some(0), "{}", last.said());
    assert_eq!(day.saved_twice().await, BTreeMap::new());
}

#[tokio::test]
#[ignore = "needs Selenium Grid: scripts/test --all"]
async fn a_demo_on_a_grid_whose_node_is_killed_twice_ends_right_and_leaves_no_slot_taken() {
    let grid = Grid::start();
    let day = Day::on(&grid);
    let mut demo = day.start("demo", &[]);
    demo.says(DECIDED, 2).await;
    grid.is_used().await;
    grid.kill("node");
    demo.says(DECIDED, 6).await;
    grid.is_used().await;
    grid.kill("node");
    assert_eq!(demo.ended(WHOLE_DAY).await, Some(0), "{}", demo.said());
    assert_eq!(day.saved_twice().await, BTreeMap::new());
    grid.becomes_free().await;
}

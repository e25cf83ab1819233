// graphile-worker on the same PostgreSQL: a backlog of jobs, each of which puts a new one in the queue.
// node graphile.mjs DATABASE SIZE WORKERS SECONDS      (with the folder of node_modules in KOLLEGA_BENCH_PEERS)
import {createRequire} from 'node:module';
const require = createRequire(process.env.KOLLEGA_BENCH_PEERS + '/');
const {run, runMigrations, Logger} = require('graphile-worker');
const {Pool} = require('pg');

const [connectionString, size, workers, seconds] = process.argv.slice(2).map((text, place) => (place ? Number(text) : text));
const logger = new Logger(() => (level, message) => level === 'error' && console.error(message));
await runMigrations({connectionString, logger});

const pool = new Pool({connectionString, max: workers});
for (let from = 1; from <= size; from += 10000) {
  await pool.query(
    `select count(*) from graphile_worker.add_jobs(array(
       select json_populate_record(null::graphile_worker.job_spec,
         json_build_object('identifier', 'work', 'payload', json_build_object('number', number)))
       from generate_series($1::int, $2::int) as number))`,
    [from, Math.min(from + 9999, size)]);
}
await pool.query('vacuum analyze');
await pool.query('checkpoint');

let done = 0;
const work = async (payload, helpers) => {
  await helpers.addJob('work', payload);
  done += 1;
};
const runner = await run({pgPool: pool, concurrency: workers, noHandleSignals: true, logger, taskList: {work}});
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
await wait(2000);
const [before, started] = [done, performance.now()];
await wait(seconds * 1000);
const rate = ((done - before) * 1000) / (performance.now() - started);
console.log(JSON.stringify({rate}));
await runner.stop();
process.exit(0);

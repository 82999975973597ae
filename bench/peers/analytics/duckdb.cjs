// DuckDB, asked from Node.js: `duckdb.cjs FILE fill CSV` or `duckdb.cjs FILE ask SQL ROUNDS`; a line of JSON.
// CommonJS, because that is what finds packages by NODE_PATH.
const fs = require("node:fs");
const { DuckDBInstance } = require("@duckdb/node-api");

const columns =
  "at_us BIGINT, session VARCHAR, \"user\" VARCHAR, agent VARCHAR, provider VARCHAR, model VARCHAR, variant VARCHAR," +
  " failed INTEGER, input INTEGER, cached INTEGER, output INTEGER, latency_us INTEGER, ttft_us INTEGER";

function peakMegabytes() {
  const found = /VmHWM:\s+(\d+)/.exec(fs.readFileSync("/proc/self/status", "utf8"));
  return found ? Math.floor(Number(found[1]) / 1024) : 0;
}

async function fill(file, csv) {
  const part = `${file}.part`;
  fs.rmSync(part, { force: true });
  const instance = await DuckDBInstance.create(part, { threads: "2" });
  const connection = await instance.connect();
  const given = columns.replace(/("?\w+"?) (\w+)/g, (_, name, type) => `'${name.replaceAll('"', "")}': '${type}'`);
  await connection.run(
    `create table calls as select make_timestamp(at_us) as occurred, * exclude (at_us) from read_csv('${csv}', header = false, columns = {${given}})`,
  );
  await connection.run("checkpoint");
  connection.closeSync();
  instance.closeSync();
  fs.renameSync(part, file);
  return { filled: true };
}

async function ask(file, sql, rounds) {
  const instance = await DuckDBInstance.create(file, { threads: "2", access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const ms = [];
  let rows = [];
  for (let round = 0; round <= rounds; ++round) {
    const begun = process.hrtime.bigint();
    rows = (await connection.runAndReadAll(sql)).getRows();
    ms.push(Number(process.hrtime.bigint() - begun) / 1e6);
  }
  const sums = [0, 1].map((column) => rows.reduce((sum, row) => sum + BigInt(row[column] ?? 0), 0n).toString());
  return { ms, peak_mb: peakMegabytes(), groups: rows.length, sums };
}

const [file, what, text, rounds] = process.argv.slice(2);
(what === "fill" ? fill(file, text) : ask(file, text, Number(rounds))).then(
  (said) => console.log(JSON.stringify(said)),
  (error) => {
    console.error(`duckdb: ${error.message}`);
    process.exit(1);
  },
);

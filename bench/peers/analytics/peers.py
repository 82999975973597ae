"""The systems beside which questions are asked: how each is filled, and the same questions in its SQL.

Every system has the rows of one file of comma-separated values, the indexes that somebody who knows it
would give it, both cores, and is asked through the client that people use. A question gives back its
rows; the caller compares what they add up to.
"""

import json
import os
import pathlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import time

COLUMNS = ("at_us session user agent provider model variant failed input cached output latency_us ttft_us").split()
HERE = pathlib.Path(__file__).resolve().parent
WEEK = (1775433600, 1776038400)  # 2026-04-06 to 2026-04-13


def leave_page_cache(*places):
    """So that the next reader finds the files on the disk only."""
    for place in places:
        for path in [place] if place.is_file() else place.rglob("*"):
            if not path.is_file():
                continue
            file = os.open(path, os.O_RDONLY)
            os.fsync(file)
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(file)


def answer(rows, first, second):
    """What all systems must agree on: groups, and the sums of two columns."""
    total = [sum(int(row[column] or 0) for row in rows) for column in (first, second)]
    return {"groups": len(rows), "sums": [str(value) for value in total]}


def resident_mb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


class Duckdb:
    """DuckDB through its Node.js client, in the process that asks."""

    name = "duckdb"
    sql = {
        "model_day_sums": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model,"
        " date_trunc('day', occurred) as day from calls group by model, day",
        "model_day_p95": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model,"
        " date_trunc('day', occurred) as day, approx_quantile(latency_us, 0.95) from calls group by model, day",
        "model_day_p95_exact": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model,"
        " date_trunc('day', occurred) as day, quantile_disc(latency_us, 0.95) from calls group by model, day",
        "one_user": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model from calls"
        " where \"user\" = 'u8000' group by model",
        "top_sessions": "select sum(coalesce(input, 0) + coalesce(cached, 0) + coalesce(output, 0)) as tokens, count(*),"
        " session from calls group by session order by tokens desc, session limit 10",
        "hours_by_variant": "select count(*), sum(failed), avg(latency_us), date_trunc('hour', occurred) as hour, variant from calls"
        f" where occurred >= make_timestamp({WEEK[0]}000000) and occurred < make_timestamp({WEEK[1]}000000) group by hour, variant",
    }

    def __init__(self, place, modules):
        self.file = place / "calls.duckdb"
        self.modules = modules

    def run(self, *arguments):
        words = ["node", str(HERE / "duckdb.cjs"), str(self.file), *arguments]
        done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": str(self.modules)})
        return json.loads(done.stdout)

    def fill(self, csv):
        if not self.file.exists():
            self.run("fill", str(csv))

    def bytes(self):
        return self.file.stat().st_size

    def ask(self, question, rounds):
        leave_page_cache(self.file)
        return self.run("ask", self.sql[question], str(rounds))


class Sqlite:
    name = "sqlite"
    sql = {
        "model_day_sums": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model, at_us / 86400000000"
        " from calls group by 4, 5",
        "one_user": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model from calls"
        " where user = 'u8000' group by model",
        "top_sessions": "select sum(coalesce(input, 0) + coalesce(cached, 0) + coalesce(output, 0)) as tokens, count(*), session"
        " from calls group by session order by tokens desc, session limit 10",
        "hours_by_variant": "select count(*), sum(failed), avg(latency_us), at_us / 3600000000, variant from calls"
        f" where at_us >= {WEEK[0]}000000 and at_us < {WEEK[1]}000000 group by 4, 5",
    }

    def __init__(self, place):
        self.file = place / "calls.sqlite"

    def open(self):
        database = sqlite3.connect(self.file)
        database.execute("pragma cache_size = -196608")  # 192 MiB, as our block cache
        database.execute("pragma mmap_size = 17179869184")
        return database

    def fill(self, csv):
        if self.file.exists():
            return
        part = self.file.with_suffix(".part")
        part.unlink(missing_ok=True)
        kinds = {name: "text" for name in ("session", "user", "agent", "provider", "model", "variant")}
        columns = ", ".join(f"{name} {kinds.get(name, 'integer')}" for name in COLUMNS)
        database = sqlite3.connect(part)
        database.execute("pragma journal_mode = off")
        database.execute("pragma synchronous = off")
        database.execute(f"create table calls ({columns})")
        with open(csv) as lines:
            rows = ([value or None for value in line.rstrip("\n").split(",")] for line in lines)
            database.executemany(f"insert into calls values ({', '.join('?' * len(COLUMNS))})", rows)
        database.execute("create index by_time on calls (at_us)")
        database.execute("create index by_user on calls (user, model, input, cached, output)")
        database.execute("create index by_session on calls (session, input, cached, output)")
        database.execute("create index by_model on calls (model, at_us, input, cached, output)")
        database.execute("analyze")
        database.commit()
        database.close()
        part.rename(self.file)

    def bytes(self):
        return self.file.stat().st_size

    def ask(self, question, rounds):
        leave_page_cache(self.file)
        database = self.open()
        times, rows = [], []
        for _ in range(rounds + 1):
            begun = time.perf_counter()
            rows = database.execute(self.sql[question]).fetchall()
            times.append((time.perf_counter() - begun) * 1e3)
        database.close()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        return {"ms": times, "peak_mb": peak, **answer(rows, 0, 1)}


class Postgresql:
    """PostgreSQL of bench/peers/with_postgresql; both cores, and memory for sorting, as somebody who asks would set them."""

    name = "postgresql"
    sql = {
        "model_day_sums": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model,"
        " date_trunc('day', occurred) as day from calls group by model, day",
        "model_day_p95": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model,"
        " date_trunc('day', occurred) as day, percentile_disc(0.95) within group (order by latency_us) from calls group by model, day",
        "one_user": "select count(*), sum(coalesce(input, 0) + coalesce(cached, 0)), sum(output), model from calls"
        " where \"user\" = 'u8000' group by model",
        "top_sessions": "select sum(coalesce(input, 0) + coalesce(cached, 0) + coalesce(output, 0)) as tokens, count(*), session"
        " from calls group by session order by tokens desc, session limit 10",
        "hours_by_variant": "select count(*), sum(failed), avg(latency_us), date_trunc('hour', occurred) as hour, variant from calls"
        f" where occurred >= to_timestamp({WEEK[0]}) and occurred < to_timestamp({WEEK[1]}) group by hour, variant",
    }

    def __init__(self, place):
        self.place = place

    def psql(self, text):
        words = ["psql", "-X", "-q", "-t", "-A", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        return subprocess.run(words, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout

    def fill(self, csv):
        kinds = {name: "text" for name in ("session", "user", "agent", "provider", "model", "variant")}
        columns = ", ".join(f'"{name}" {kinds.get(name, "bigint")}' for name in COLUMNS)
        self.psql(
            f"create unlogged table given ({columns});\n"
            f"\\copy given from '{csv}' csv\n"
            "create table calls as select to_timestamp(at_us / 1000000.0) as occurred, session, \"user\", agent, provider, model, variant,"
            " failed::int, input::int, cached::int, output::int, latency_us::int, ttft_us::int from given;\n"
            "drop table given;\n"
            "create index on calls using brin (occurred);\n"
            'create index on calls ("user") include (model, input, cached, output);\n'
            "create index on calls (session) include (input, cached, output);\n"
            "vacuum analyze calls;\n"
        )

    def bytes(self):
        return int(self.psql("select pg_total_relation_size('calls')"))

    def ask(self, question, rounds):
        # Its pages cannot be put out of memory from here: the first time is of a new connection.
        settings = "set timezone to 'UTC'; set work_mem to '512MB'; set max_parallel_workers_per_gather to 2; set jit to off;\n"
        text = settings + "\\timing on\n" + (self.sql[question] + ";\n") * (rounds + 1)
        lines = self.psql(text).splitlines()
        times = [float(line.split()[1]) for line in lines if line.startswith("Time: ")]
        rows = [line.split("\t") for line in lines if line and not line.startswith("Time: ")]
        each = len(rows) // (rounds + 1)
        return {"ms": times, "peak_mb": 0, **answer(rows[:each], 0, 1)}


class Clickhouse:
    """ClickHouse 18.16, the version that Debian has, of 2018: for reference."""

    name = "clickhouse 18.16 (2018)"
    sql = {
        "model_day_sums": "select count(), sum(ifNull(input, 0) + ifNull(cached, 0)), sum(output), model, toDate(occurred) as day"
        " from calls group by model, day",
        "model_day_p95": "select count(), sum(ifNull(input, 0) + ifNull(cached, 0)), sum(output), model, toDate(occurred) as day,"
        " quantile(0.95)(latency_us) from calls group by model, day",
        "one_user": "select count(), sum(ifNull(input, 0) + ifNull(cached, 0)), sum(output), model from calls"
        " where user = 'u8000' group by model",
        "top_sessions": "select sum(ifNull(input, 0) + ifNull(cached, 0) + ifNull(output, 0)) as tokens, count(), session"
        " from calls group by session order by tokens desc, session limit 10",
        "hours_by_variant": "select count(), sum(failed), avg(latency_us), toStartOfHour(occurred) as hour, variant from calls"
        f" where occurred >= toDateTime({WEEK[0]}) and occurred < toDateTime({WEEK[1]}) group by hour, variant",
    }

    def __init__(self, place):
        self.place = place / "clickhouse"
        self.server = None

    def start(self):
        (self.place / "data").mkdir(parents=True, exist_ok=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        (self.place / "users.xml").write_text(
            "<yandex><profiles><default><max_threads>2</max_threads></default></profiles><users><default><password></password>"
            "<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>"
            "<quotas><default></default></quotas></yandex>"
        )
        (self.place / "config.xml").write_text(
            f"<yandex><logger><level>warning</level><console>1</console></logger><tcp_port>{self.port}</tcp_port>"
            f"<listen_host>127.0.0.1</listen_host><path>{self.place}/data/</path><tmp_path>{self.place}/tmp/</tmp_path>"
            f"<users_config>{self.place}/users.xml</users_config><default_profile>default</default_profile>"
            "<default_database>default</default_database><mark_cache_size>268435456</mark_cache_size><timezone>UTC</timezone></yandex>"
        )
        log = open(self.place / "server.log", "w")
        self.server = subprocess.Popen(["clickhouse-server", f"--config-file={self.place}/config.xml"], stdout=log, stderr=log)
        for _ in range(300):
            if subprocess.run(self.client("select 1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
                return
            if self.server.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError("clickhouse-server does not start: " + (self.place / "server.log").read_text()[-500:])

    def client(self, text):
        return ["clickhouse-client", "--host=127.0.0.1", f"--port={self.port}", "--time", f"--query={text}"]

    def fill(self, csv):
        if shutil.which("clickhouse-server") is None:
            raise RuntimeError("clickhouse-server is not installed")
        self.start()
        made = (
            "create table calls (occurred DateTime, session String, user String, agent String, provider String, model String,"
            " variant String, failed UInt8, input Nullable(UInt32), cached Nullable(UInt32), output Nullable(UInt32), latency_us UInt32,"
            " ttft_us Nullable(UInt32)) engine = MergeTree partition by toYYYYMM(occurred) order by (occurred, session)"
        )
        subprocess.run(self.client("drop table if exists calls"), check=True, stderr=subprocess.DEVNULL)
        subprocess.run(self.client(made), check=True, stderr=subprocess.DEVNULL)
        # Whole seconds: its DateTime has no more. What is not known is \N in its CSV.
        cut = subprocess.Popen(["sed", "-E", r"s/^([0-9]+)[0-9]{6},/\1,/; s/,,/,\\N,/g; s/,,/,\\N,/g; s/,$/,\\N/", str(csv)], stdout=subprocess.PIPE)
        subprocess.run(self.client("insert into calls format CSV"), stdin=cut.stdout, check=True, stderr=subprocess.DEVNULL)
        subprocess.run(self.client("optimize table calls final"), check=True, stderr=subprocess.DEVNULL)

    def bytes(self):
        return sum(path.stat().st_size for path in (self.place / "data").rglob("*") if path.is_file())

    def ask(self, question, rounds):
        leave_page_cache(self.place / "data")
        times, rows = [], []
        for _ in range(rounds + 1):
            done = subprocess.run(self.client(self.sql[question]), check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            times.append(float(done.stderr.split()[-1]) * 1e3)
            rows = [line.split("\t") for line in done.stdout.splitlines()]
        return {"ms": times, "peak_mb": resident_mb(self.server.pid), **answer(rows, 0, 1)}

    def stop(self):
        if self.server is not None:
            self.server.terminate()
            self.server.wait()

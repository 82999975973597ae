"""Out and in again: an export, a restore, and what both refuse.

usage: export_test.py HANSARD_BINARY GOLDEN_IMPORT_FOLDER [unittest arguments]
"""
import json
import os
import pathlib
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
import urllib.request

BINARY = os.path.abspath(sys.argv[1])
FILES = sorted(map(str, pathlib.Path(sys.argv[2]).resolve().iterdir()))

# As in the table of core/error.cpp, which a test of core walks.
OK, USAGE, INVALID_ARGUMENT, NOT_FOUND, REJECTED, UNAVAILABLE, CORRUPTION = 0, 2, 3, 7, 8, 13, 18


# What another store says otherwise: where and when it was recorded, and what only its key can give.
RECORDING = {"at_least", "checkpoint", "event_id", "first_recorded_at", "last_recorded_at",
             "position", "recorded_at", "salt", "actor", "correlation", "causation",
             "last_activity_at", "occurred_at_by_client"}


def essence(value):
    """What was said, without what differs between two recordings of it."""
    if isinstance(value, dict):
        return {k: essence(v) for k, v in value.items()
                if k not in RECORDING and not k.endswith(("_hash", "_hashes"))}
    if isinstance(value, list):
        return [essence(v) for v in value]
    return value


class Server:
    """`hansard serve` on a free port, until the end of the block."""

    def __init__(self, data, environment):
        self.process = subprocess.Popen([BINARY, "serve", "--data", data, "--listen",
                                         "127.0.0.1:0", "--log-level", "off"],
                                        stdout=subprocess.PIPE, text=True, env=environment)
        self.url = self.process.stdout.readline().rsplit(" ", 1)[-1].strip().rstrip("/")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=60)

    def post(self, path, **body):
        request = urllib.request.Request(f"{self.url}/v1/sessions{path}", json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 201, answer.status


def record_turns(server):
    """What no file of the golden folder has: tools offered, ends and reopenings, typed forks."""
    def said(session, name):
        server.post(f"/{session}/messages", message_id=name, role="user",
                    parts=[{"type": "text", "text": f"this is {name}"}])

    server.post("", session_id="live", user="ada", agent="helper", tags={"team": "red"})
    said("live", "m1")
    server.post("/live/requests", call_id="c1", model="m", tools=[{"name": "find"}])
    server.post("/live/responses", call_id="c1", message_id="m2", model="m",
                parts=[{"type": "tool_call", "tool_call_id": "t1", "index": 0}])
    server.post("/live/tool-calls", tool_call_id="t1", tool="find", arguments={"a": 1.50})
    server.post("/live/tool-results", tool_call_id="t1", error="no such thing")
    server.post("/live/end", reason="done")
    server.post("/live/reopen", reason="again")
    server.post("/live/requests", call_id="c2", model="m", tools=[{"name": "find"}])
    server.post("/live/fork", child="branch", at_version=1, reason="retry", title="another try")
    server.post("/live/end", reason="really")
    server.post("", session_id="a name/with a slash", user="ada")
    said("branch", "m9")


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.environment = {k: v for k, v in os.environ.items() if not k.startswith("HANSARD_")}
        cls.source = f"{cls.work.name}/source"
        cls.export = f"{cls.work.name}/log.ndjson"
        cls.keys = f"{cls.work.name}/log.keys"
        # Some records of the files are broken on purpose; what is recorded is what counts here.
        cls.start("import", "--data", cls.source, *FILES)
        with Server(cls.source, cls.environment) as server:
            record_turns(server)
        cls.told = json.loads(cls.start("export", "--data", cls.source, "--out", cls.export,
                                        "--keys", cls.keys, "--json").stdout)

    @classmethod
    def start(cls, *arguments):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=110,
                              cwd=cls.work.name, env=cls.environment)

    def hansard(self, *arguments, expect=OK, says=""):
        done = self.start(*arguments)
        self.assertEqual(done.returncode, expect, f"{arguments}\n{done.stdout}\n{done.stderr}")
        self.assertIn(says, done.stderr)
        return done.stdout

    def fresh(self):
        return tempfile.mkdtemp(dir=self.work.name) + "/data"

    def restore(self, data, export=None, keys=None, **options):
        return self.hansard("import", "--restore", export or self.export, "--keys",
                            keys or self.keys, "--data", data, "--json", **options)

    def lines(self):
        return pathlib.Path(self.export).read_text().splitlines(keepends=True)

    def changed(self, lines):
        handle, name = tempfile.mkstemp(dir=self.work.name)
        with os.fdopen(handle, "w") as file:
            file.writelines(lines)
        return name

    def conversations(self, data):
        listed = self.hansard("sessions", "--all", "--json", "--data", data).splitlines()
        names = [json.loads(each)["session_id"] for each in listed]
        return {name: self.hansard("show", name, "--json", "--data", data) for name in names}

    def test_a_restored_log_is_the_same_log(self):
        data = self.fresh()
        told = json.loads(self.restore(data))
        self.assertEqual(told["root"], self.told["root"])
        self.assertEqual(told["events"], self.told["events"])
        self.assertGreater(told["events"], 100)
        self.hansard("verify", "--data", data)
        again = f"{data}.ndjson"
        self.hansard("export", "--data", data, "--out", again)
        self.assertEqual(pathlib.Path(again).read_bytes(), pathlib.Path(self.export).read_bytes())
        self.assertEqual(self.conversations(data), self.conversations(self.source))

    def test_a_retry_in_the_restored_log_is_still_a_retry(self):
        data = self.fresh()
        self.restore(data)
        for report in json.loads(self.start("import", "--data", data, "--json",
                                            *FILES).stdout)["files"]:
            self.assertEqual(report["new_events"], 0, report)

    def test_the_key_file_is_private_and_the_export_does_not_hold_it(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.keys).st_mode), 0o600)
        keys = json.loads(pathlib.Path(self.keys).read_text())
        self.assertEqual(keys["store_key"],
                         pathlib.Path(self.source, "keys/store.key").read_text().strip())
        self.assertNotIn(keys["store_key"], pathlib.Path(self.export).read_text())

    def test_keys_are_never_overwritten_by_others(self):
        other = self.changed(["mine\n"])
        self.hansard("export", "--data", self.source, "--out", f"{other}.out", "--keys", other,
                     expect=REJECTED, says="is not the key file of this log")
        self.assertFalse(os.path.exists(f"{other}.out"))
        self.assertFalse(os.path.exists(f"{other}.out.part"))
        self.hansard("export", "--data", self.source, "--out", f"{other}.out", "--keys", self.keys)

    def test_a_log_is_not_restored_over_another(self):
        self.restore(self.source, expect=REJECTED, says="holds a log already")

    def test_other_keys_are_refused_before_anything_is_written(self):
        keys = json.loads(pathlib.Path(self.keys).read_text())
        keys["store_key"] = keys["store_key"][::-1]
        data = self.fresh()
        self.restore(data, keys=self.changed([json.dumps(keys)]), expect=REJECTED,
                     says="the keys are those of another log")
        self.assertFalse(os.path.exists(data))
        self.restore(data, keys=self.export, expect=INVALID_ARGUMENT, says="is no key file")
        self.restore(data, keys="none", expect=NOT_FOUND)

    def test_a_part_of_a_log_is_not_restored(self):
        part = f"{self.work.name}/part.ndjson"
        self.hansard("export", "--project", "default", "--data", self.source, "--out", part)
        self.restore(self.fresh(), export=part, expect=REJECTED, says="import it without --restore")

    def test_damage_is_named_and_nothing_is_served(self):
        lines = self.lines()
        middle = len(lines) // 2
        cut = lines[:middle]
        torn = lines[:middle] + [lines[middle][:40] + "\n"] + lines[middle + 1:]
        less = lines[:middle] + lines[middle + 1:]
        said = next(i for i, line in enumerate(lines) if '"message_id"' in line)
        other = lines[:said] + [lines[said].replace('"message_id":"', '"message_id":"x', 1)]
        for damaged, code, reason in ((cut, CORRUPTION, "breaks off"),
                                      (torn, INVALID_ARGUMENT, f"line {middle + 1}"),
                                      (less, INVALID_ARGUMENT, "must come next"),
                                      (other + lines[said + 1:], CORRUPTION, "were exported"),
                                      (lines + lines[1:2], INVALID_ARGUMENT, "behind the end"),
                                      (["{}\n"], INVALID_ARGUMENT, "begin as an export"),
                                      ([], CORRUPTION, "breaks off")):
            data = self.fresh()
            self.restore(data, export=self.changed(damaged), expect=code, says=reason)
            refused = self.start("sessions", "--data", data)
            self.assertNotEqual(refused.returncode, OK, reason)

    def test_a_restore_goes_on_where_it_broke_off(self):
        data = self.fresh()
        self.restore(data, export=self.changed(self.lines()[:50]), expect=CORRUPTION)
        self.restore(data)
        self.hansard("verify", "--data", data)

    def test_a_server_exports_what_the_directory_would(self):
        with Server(self.source, self.environment) as server:
            for where in (("--url", server.url), ("--data", self.source)):
                self.assertEqual(self.hansard("export", *where),
                                 pathlib.Path(self.export).read_text())
            self.restore(self.source, expect=UNAVAILABLE)

    def test_sessions_and_filters_choose(self):
        for name in self.conversations(self.source):
            one = self.hansard("export", "--data", self.source, "--session", name).splitlines()
            events = [json.loads(line) for line in one[1:-1]]
            # An id that is no name of a stream is kept as content, and its hash names the stream.
            said = events[0]["content"].get("session_id", events[0]["stream"][len("session-"):])
            self.assertEqual(said, name)
            self.assertEqual(len({event["stream"] for event in events}), 1)
            self.assertEqual([event["version"] for event in events], list(range(len(events))))
        none = self.hansard("export", "--data", self.source, "--user", "nobody").splitlines()
        self.assertEqual(len(none), 2)
        self.hansard("export", "--data", self.source, "--session", "none", expect=NOT_FOUND)
        self.hansard("export", "--session", name, "--user", "x", expect=USAGE)

    def histories(self, data):
        return {name: essence(json.loads(text))
                for name, text in self.conversations(data).items()}

    def said(self, data, *choice):
        """Every event by its stream, as an export tells it."""
        told = {}
        for line in self.hansard("export", "--data", data, *choice).splitlines()[1:-1]:
            event = json.loads(line)
            told.setdefault(event.pop("stream"), []).append(essence(event))
        return told

    def imported(self, data, export):
        report = json.loads(self.hansard("import", "--data", data, "--json", export))["files"][0]
        self.assertEqual(report["format"], "hansard")
        self.assertEqual(report["unplaced"], 0, report)
        return report

    def same(self, one, other, what):
        self.assertEqual(one.keys(), other.keys(), what)
        for name in one:
            self.assertEqual(one[name], other[name], f"{what}: {name}")

    def test_an_export_imported_elsewhere_gives_equal_conversations(self):
        data = self.fresh()
        # Not empty: another log, with a key of its own.
        self.hansard("append", "--data", data, self.changed(
            ['{"records":[{"stream":"custom-x","type":"Noted","facts":{}}]}\n']))
        first = self.imported(data, self.export)
        # All but the prices that its log began with: the other log has its own.
        self.assertEqual(first["new_events"], self.told["events"] - 1)
        slashed = {"stream", "parent"}  # its stream is called by a hash of its name
        self.same({n: {k: v for k, v in h.items() if k not in slashed}
                   for n, h in self.histories(data).items()},
                  {n: {k: v for k, v in h.items() if k not in slashed}
                   for n, h in self.histories(self.source).items()}, "history")
        named = {s: e for s, e in self.said(self.source, "--project", "default").items()
                 if "session_id" not in e[0]["content"]}
        copied = self.said(data, "--project", "default")
        copied.pop("custom-x")
        self.same({s: e for s, e in copied.items() if "session_id" not in e[0]["content"]}, named,
                  "events")
        for again in (self.export, self.export):
            report = self.imported(data, again)
            self.assertEqual(report["new_events"], 0, report)
            self.assertEqual((report["failed"], report["taken"]), (0, 0), report)
            self.assertGreater(report["known_events"], self.told["events"] / 2)

    def test_sessions_exported_one_by_one_are_imported_whole_with_their_forks(self):
        part = f"{self.work.name}/sessions.ndjson"
        self.hansard("export", "--data", self.source, "--session", "live", "--session", "branch",
                     "--out", part)
        data = self.fresh()
        self.imported(data, part)
        self.assertEqual(self.imported(data, part)["new_events"], 0)
        source = self.said(self.source, "--session", "live", "--session", "branch")
        self.same(self.said(data, "--project", "default"), source, "events")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])

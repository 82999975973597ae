"""The program as people use it: on a directory, beside a running server, and over HTTP.

usage: end_to_end_test.py HANSARD_BINARY GOLDEN_FOLDER [unittest arguments]
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

BINARY = os.path.abspath(sys.argv[1])
IMPORT = pathlib.Path(sys.argv[2]).resolve() / "import"

OK, USAGE = 0, 2


# As in the table of core/error.cpp, which a test of core walks.
INVALID_ARGUMENT, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, UNAVAILABLE = 3, 5, 6, 7, 13


class Program(unittest.TestCase):
    def setUp(self):
        self.work = tempfile.TemporaryDirectory()
        self.addCleanup(self.work.cleanup)
        self.data = f"{self.work.name}/data"
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("HANSARD_")}

    def run_hansard(self, *arguments, stdin=None, **environment):
        return subprocess.run([BINARY, *map(str, arguments)], input=stdin, capture_output=True,
                              text=True, timeout=110, cwd=self.work.name,
                              env={**self.environment, **environment})

    def hansard(self, *arguments, stdin=None, expect=OK):
        done = self.run_hansard(*arguments, "--data", self.data, stdin=stdin)
        self.assertEqual(done.returncode, expect, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def json(self, *arguments, **options):
        return json.loads(self.hansard(*arguments, "--json", **options))

    def rows(self, *arguments, **options):
        return [json.loads(line) for line in self.hansard(*arguments, "--json", **options).splitlines()]

    def serve(self, *arguments, starts=True):
        server = Server([BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0",
                         "--log-level", "off", *arguments], self.environment)
        self.addCleanup(server.kill)
        if starts and not server.line.startswith("hansard listens on "):
            self.fail(f"the server does not start: {server.process.communicate()}")
        return server


class Server:
    def __init__(self, command, environment):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env=environment)
        self.line = self.process.stdout.readline()
        self.url = self.line.rsplit(" ", 1)[-1].strip()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        _, self.errors = self.process.communicate(timeout=60)
        return self.process.returncode

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class WithoutServer(Program):
    def test_what_was_imported_is_listed_and_shown(self):
        report = self.json("import", IMPORT / "tau.jsonl", IMPORT / "list.json")
        self.assertEqual([f["taken"] for f in report["files"]], [2, 1])
        sessions = self.rows("sessions")
        self.assertEqual(len(sessions), 3)
        tau = next(s for s in sessions if s["session_id"].startswith("task-4-trial-0-"))
        shown = self.json("show", tau["session_id"])
        self.assertEqual([m["role"] for m in shown["messages"]], ["system", "user", "assistant"])
        call = shown["messages"][2]["parts"][1]
        self.assertEqual((call["tool"], call["arguments"], call["result"]),
                         ("seat", '{"seat":"4A"}', "ok"))
        text = self.hansard("show", tau["session_id"])
        for line in ("Seat 4A, please.", '-> seat {"seat":"4A"}', "<- ok", "ScoreRecorded"):
            self.assertIn(line, text)

    def test_importing_again_adds_nothing(self):
        files = [IMPORT / name for name in ("tau.jsonl", "list.json", "wrapped.jsonl")]
        self.json("import", *files)
        for report in self.json("import", *files)["files"]:
            self.assertEqual((report["new_events"], report["taken"], report["failed"]), (0, 0, 0))
            self.assertEqual(report["known"], report["records"])

    def test_a_grown_file_adds_its_new_part(self):
        path = pathlib.Path(self.work.name) / "chat.jsonl"
        lines = (IMPORT / "wrapped.jsonl").read_text().splitlines()
        path.write_text(lines[0] + "\n")
        self.json("import", path)
        path.write_text("\n".join(lines) + "\n")
        report = self.json("import", path)["files"][0]
        self.assertEqual((report["taken"], report["known"]), (1, 1))

    def test_a_damaged_file_is_told_line_by_line_and_by_the_exit_code(self):
        code = INVALID_ARGUMENT
        report = self.json("import", IMPORT / "damaged.jsonl", expect=code)["files"][0]
        self.assertEqual([f["line"] for f in report["failures"]], [2, 3, 4, 6])
        self.assertEqual(report["taken"], 3)
        self.assertEqual(report["attached"], 1)
        self.assertEqual([(p["line"], p["path"]) for p in report["unplaced_pieces"]],
                         [(5, "messages[1]")])
        self.assertTrue(all(f["reason"] for f in report["failures"]))

    def test_a_file_that_is_not_there_does_not_hold_up_the_next(self):
        report = self.json("import", "/nowhere/a.json", IMPORT / "list.json",
                           expect=NOT_FOUND)
        self.assertEqual([f["taken"] for f in report["files"]], [0, 1])

    def test_standard_input_is_a_file_too(self):
        report = self.json("import", "-", stdin=(IMPORT / "list.json").read_text())
        self.assertEqual(report["files"][0]["taken"], 1)

    def test_a_conversation_is_shown_as_it_stood(self):
        self.json("import", IMPORT / "list.json")
        name = self.rows("sessions")[0]["session_id"]
        last = self.json("show", name)["as_of"]
        for version in range(last["version"] + 1):
            then = self.json("show", name, "--as-of", f"version:{version}")
            self.assertEqual(len(then["messages"]), version)  # version 0 is the creation
        self.assertEqual(self.json("show", name, "--as-of", f"position:{last['position']}"),
                         self.json("show", name))
        self.hansard("show", name, "--as-of", "2001-01-01T00:00:00Z",
                     expect=NOT_FOUND)

    def test_raw_events_are_appended_once(self):
        request = json.dumps({"records": [{
            "stream": "custom-notes", "type": "NoteTaken",
            "event_id": "00000000-0000-4000-8000-000000000001", "facts": {"n": 1}, "content": {}}]})
        first, second = self.rows("append", stdin=request + "\n" + request + "\n")
        self.assertFalse(first["duplicate"])
        self.assertTrue(second["duplicate"])
        events = self.rows("tail", "--no-follow", "--from", "0")
        self.assertEqual([e["type"] for e in events], ["NoteTaken"])

    def test_append_stops_where_it_fails_and_names_the_line(self):
        done = self.run_hansard("append", "--data", self.data, stdin="{}\n")
        self.assertEqual(done.returncode, INVALID_ARGUMENT)
        self.assertIn("-:1: ", done.stderr)

    def test_usage_counts_calls_whose_tokens_nobody_counted(self):
        self.json("import", IMPORT / "tau.jsonl")
        usage = self.json("usage", "--by", "model,day")
        self.assertEqual(usage["total"]["calls"], 2)
        self.assertEqual(usage["total"]["tokens"], {})
        self.assertEqual(usage["groups"][0]["day"], "unknown")
        table = self.hansard("usage", "--by", "model")
        self.assertIn("unknown", table)

    def test_reading_a_directory_that_is_not_there_creates_nothing(self):
        self.hansard("sessions", expect=NOT_FOUND)
        self.assertFalse(os.path.exists(self.data))

    def test_projects_are_apart(self):
        self.hansard("import", IMPORT / "list.json", "--project", "blue")
        self.assertEqual(self.rows("sessions"), [])
        self.assertEqual(len(self.rows("sessions", "--project", "blue")), 1)

    def test_verify_is_content_with_what_it_finds(self):
        self.json("import", IMPORT / "tau.jsonl")
        self.hansard("projections", "rebuild", "calls")
        report = self.json("verify")
        self.assertTrue(report["sound"])
        self.assertEqual(report["events"], report["tree_size"])
        self.assertEqual({v["name"]: v["differing"] for v in report["views"]}["calls"], 0)

    def test_verify_names_a_flipped_bit(self):
        self.json("import", IMPORT / "tau.jsonl")
        files = sorted(pathlib.Path(self.data).rglob("*.sst")) + sorted(
            pathlib.Path(self.data).rglob("*.log"))
        target = max(files, key=lambda p: p.stat().st_size)
        raw = bytearray(target.read_bytes())
        at = raw.find(b"Seat 4A")
        self.assertGreater(at, 0, "the text lies in the file as it was sent")
        raw[at] ^= 1
        target.write_bytes(raw)
        done = self.run_hansard("verify", "--data", self.data)
        self.assertNotEqual(done.returncode, OK, done.stdout)

    def test_doctor_says_what_it_finds(self):
        self.json("import", IMPORT / "list.json")
        found = self.json("doctor")
        # What was imported, behind the prices that every log begins with.
        self.assertEqual(found["events"], 4 + 1)
        self.assertEqual(len(found["root"]), 64)

    def test_views_can_be_rebuilt(self):
        self.json("import", IMPORT / "tau.jsonl")
        before = self.json("usage", "--by", "session")
        self.hansard("projections", "rebuild", "calls")
        self.assertEqual(self.json("usage", "--by", "session"), before)
        self.hansard("projections", "rebuild", "paint", expect=NOT_FOUND)

    def test_recorded_text_cannot_drive_the_terminal(self):
        record = {"id": "evil", "messages": [{"role": "user", "content": "a\u001b[2Jb"}]}
        self.json("import", "-", stdin=json.dumps(record))
        text = self.hansard("show", "evil") + self.hansard("sessions")
        self.assertNotIn("\x1b", text)
        self.assertIn("a\\x1b[2Jb", text)

    def test_usage_errors_have_their_own_code(self):
        self.assertEqual(self.run_hansard("fly").returncode, USAGE)
        self.assertEqual(self.run_hansard().returncode, USAGE)
        self.assertEqual(self.run_hansard("--help").returncode, OK)

    def test_a_misspelt_setting_is_an_error(self):
        config = pathlib.Path(self.work.name) / "hansard.toml"
        config.write_text("[limits]\nbody_bites = 5\n")
        done = self.run_hansard("sessions", "--data", self.data)
        self.assertEqual(done.returncode, INVALID_ARGUMENT)
        self.assertIn("body_bites", done.stderr)


class WithServer(Program):
    def test_commands_find_the_server_of_their_directory(self):
        server = self.serve()
        report = self.json("import", IMPORT / "tau.jsonl")["files"][0]
        self.assertEqual(report["taken"], 2)
        again = self.json("import", IMPORT / "tau.jsonl")["files"][0]
        self.assertEqual(again["new_events"], 0)
        over_url = self.run_hansard("sessions", "--json", "--url", server.url)
        self.assertEqual(len(over_url.stdout.splitlines()), 2, over_url.stderr)
        self.assertEqual(len(self.rows("sessions")), 2)
        self.assertEqual({v["phase"] for v in self.json("projections")["projections"]}, {"live"})
        self.assertIn("ready", self.hansard("doctor"))
        self.assertEqual(server.stop(), OK)
        self.assertTrue(self.json("verify")["sound"])

    def test_it_reads_the_same_with_and_without_a_server(self):
        server = self.serve("--sample")
        names = [s["session_id"] for s in self.rows("sessions", "--all")]
        served = {name: self.json("show", name) for name in names}
        usage = self.json("usage", "--by", "model,day")
        self.assertEqual(server.stop(), OK)
        for name in names:
            shown = self.json("show", name)
            for session in (shown, served[name]):
                session.pop("checkpoint", None)
            self.assertEqual(shown, served[name])
        self.assertEqual(self.json("usage", "--by", "model,day"), usage)

    def test_the_sample_is_recorded_once(self):
        self.serve("--sample").stop()
        events = self.json("doctor")["events"]
        self.assertGreater(events, 100)
        self.serve("--sample").stop()
        self.assertEqual(self.json("doctor")["events"], events)
        tagged = self.rows("sessions", "--all", "--tag", "sample:true")
        self.assertEqual(len(tagged), len(self.rows("sessions", "--all")))
        kinds = {e["type"] for e in self.rows("tail", "--no-follow", "--from", "0")}
        self.assertLessEqual({"SessionForked", "ResponseFailed", "ToolFailed", "ContextOptimized",
                              "ScoreRecorded", "SessionEnded"}, kinds)

    def test_a_fork_is_shown_as_a_tree_and_compared_with_its_parent(self):
        self.serve("--sample")
        tree = self.hansard("show", "--tree", "sample-weekend-lake").splitlines()
        self.assertEqual(len(tree), 2)
        self.assertTrue(tree[0].startswith("sample-weekend ·"), tree)
        self.assertTrue(tree[1].startswith("└─ sample-weekend-lake * ·"), tree)
        self.assertIn("edit at version 4", tree[1])
        child = self.json("show", "--tree", "sample-weekend")["tree"]["forks"][0]
        self.assertEqual(child["session"], "sample-weekend-lake")
        diff = self.json("diff", "sample-weekend", "--to-session", "sample-weekend-lake")
        self.assertGreater(diff["common_events"], 0)
        self.assertGreater(diff["added"]["event_count"], 0)
        text = self.hansard("diff", "sample-weekend", "--from", "version:2")
        self.assertTrue(text.startswith("sample-weekend version 2 -> sample-weekend version "), text)
        self.assertIn("\n+ [3] ", text)
        self.hansard("diff", "sample-weekend", expect=INVALID_ARGUMENT)

    def test_why_explains_an_answer_and_says_what_is_not_known(self):
        self.serve("--sample")
        history = self.json("show", "sample-parcel")
        answer = next(m for m in history["messages"] if m["role"] == "assistant")
        why = self.json("why", "sample-parcel", "--call", answer["call_id"])
        self.assertEqual(why["answers"][0]["message_id"], answer["message_id"])
        self.assertIn(why["window"]["source"], ("recorded", "by_version", "inferred"))
        text = self.hansard("why", "sample-parcel", "--message", answer["message_id"])
        self.assertTrue(text.startswith(f"call {answer['call_id']} of sample-parcel"), text)
        for heading in ("Sent to the model", "Attempts", "Answer"):
            self.assertIn(f"\n{heading}", text)
        self.hansard("why", "sample-parcel", "--call", "nope", expect=NOT_FOUND)
        self.hansard("why", "sample-parcel", expect=INVALID_ARGUMENT)

    def test_replay_tells_a_conversation_turn_by_turn(self):
        self.serve("--sample").stop()
        shown = self.json("show", "sample-parcel")
        played = self.rows("replay", "sample-parcel", "--max-gap", "0")
        self.assertEqual(len(played), len(shown["messages"]) + len(shown["events"]))
        self.assertEqual([p["position"] for p in played], sorted(p["position"] for p in played))
        text = self.hansard("replay", "sample-parcel", "--max-gap", "0")
        called, result = text.index("\n  -> "), text.index("] result of ")
        self.assertLess(called, result, "a tool's result comes after its call, as a turn of its own")
        later = self.hansard("replay", "sample-parcel", "--max-gap", "0", "--from", "version:5")
        self.assertNotIn("\n[4] ", later)
        self.assertIn("\n[6] ", later)
        stepped = self.hansard("replay", "sample-parcel", "--step", stdin="\nq\n")
        self.assertEqual(len(stepped.strip().split("\n\n")), 3, "head, one turn, and one step")
        self.hansard("replay", "sample-parcel", "--speed", "0", expect=INVALID_ARGUMENT)

    def test_tail_follows(self):
        self.serve()
        tail = subprocess.Popen([BINARY, "tail", "--json", "--from", "0", "--data", self.data],
                                stdout=subprocess.PIPE, text=True, env=self.environment)
        self.addCleanup(tail.stdout.close)
        self.addCleanup(tail.wait)
        self.addCleanup(tail.kill)
        self.json("import", IMPORT / "list.json")
        self.assertEqual([json.loads(tail.stdout.readline())["type"] for _ in range(2)],
                         ["SessionCreated", "MessageSent"])

    def test_ctrl_c_stops_it_in_order(self):
        server = self.serve()
        self.json("import", IMPORT / "list.json")
        self.assertEqual(server.stop(signal.SIGINT), OK)
        self.assertFalse(os.path.exists(f"{self.data}/hansard.sock"))

    def test_what_a_kill_leaves_behind_is_read_without_a_server(self):
        server = self.serve()
        self.json("import", IMPORT / "tau.jsonl")
        server.process.kill()
        server.process.wait()
        self.assertEqual(len(self.rows("sessions")), 2)
        self.assertEqual(self.json("usage")["total"]["calls"], 2)

    def test_one_directory_has_one_server(self):
        self.serve()
        second = self.serve(starts=False)
        self.assertEqual(second.line, "")
        self.assertEqual(second.stop(), UNAVAILABLE)

    def test_a_busy_port_is_told(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.run_hansard("serve", "--data", self.data, "--listen",
                                    f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(done.returncode, UNAVAILABLE)
        self.assertIn("in use", done.stderr)

    def test_beyond_loopback_a_key_is_needed(self):
        done = self.run_hansard("serve", "--data", self.data, "--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, INVALID_ARGUMENT)

    def test_keys_come_from_the_configuration(self):
        key = "hsd_" + "k" * 24
        config = pathlib.Path(self.work.name) / "hansard.toml"
        config.write_text(f'[[keys]]\nname = "app"\nkey = "{key}"\nproject = "blue"\n'
                          'scopes = ["read"]\n')
        server = self.serve("--config", str(config))
        denied = self.run_hansard("sessions", "--url", server.url)
        self.assertEqual(denied.returncode, UNAUTHENTICATED, denied.stderr)
        allowed = self.run_hansard("sessions", "--url", server.url, HANSARD_KEY=key)
        self.assertEqual(allowed.returncode, OK, allowed.stderr)
        forbidden = self.run_hansard("import", str(IMPORT / "list.json"), "--url", server.url,
                                     HANSARD_KEY=key)
        self.assertEqual(forbidden.returncode, FORBIDDEN, forbidden.stderr)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])

"""Verifying a directory at rest and under a server, against what was kept elsewhere, and repairing.

usage: verify_test.py HANSARD_BINARY GOLDEN_IMPORT_FOLDER [unittest arguments]
"""
import json
import os
import pathlib
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "audit"))
import sign_note  # noqa: E402

BINARY = os.path.abspath(sys.argv[1])
IMPORT = pathlib.Path(sys.argv[2]).resolve()
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("HANSARD_")}
# As in the table of core/error.cpp.
INVALID_ARGUMENT = 3


class Verifying(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.work = work.name
        self.data = f"{work.name}/data"
        self.hansard("import", IMPORT / "tau.jsonl", IMPORT / "list.json")

    def hansard(self, *arguments, expect=0):
        done = subprocess.run([BINARY, *map(str, arguments), "--data", self.data],
                              capture_output=True, text=True, timeout=280, env=ENVIRONMENT)
        if expect is not None:
            self.assertEqual(done.returncode, expect, f"{arguments}\n{done.stdout}\n{done.stderr}")
        self.said = done.stdout + done.stderr
        return done.stdout

    def verify(self, *arguments, expect=0):
        return json.loads(self.hansard("verify", "--json", *arguments, expect=expect))

    def failed(self, *arguments):
        done = self.hansard("verify", "--json", *arguments, expect=None)
        report = json.loads(done)
        self.assertFalse(report["sound"])
        return report

    def serve(self):
        server = subprocess.Popen(
            [BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--log-level", "off"],
            stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)

        def stop():
            if server.poll() is None:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=60)
            server.stdout.close()

        self.addCleanup(stop)
        self.url = server.stdout.readline().rsplit(" ", 1)[-1].strip()
        return stop

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def log_id(self):
        return json.loads(self.hansard("doctor", "--json"))["log_id"]

    def checkpoint(self, size, root, seed=None):
        """What the log's key, or another one, says about a tree."""
        seed = seed or sign_note.read_seed(pathlib.Path(self.data, "keys", "signing.pem"))
        return sign_note.checkpoint(seed, f"hansard/{self.log_id()}/1", size, bytes.fromhex(root))

    def test_a_server_is_verified_while_it_records(self):
        at_rest = self.verify()
        self.serve()
        self.assertEqual(self.post("/v1/sessions", {"session_id": "s1"})[0], 201)
        stop = threading.Event()

        def record():
            turn = 0
            while not stop.is_set():
                status, _ = self.post("/v1/sessions/s1/messages", {
                    "message_id": f"m{turn}", "role": "user",
                    "parts": [{"type": "text", "text": "still here"}]})
                self.assertEqual(status, 201)
                turn += 1

        writer = threading.Thread(target=record)
        writer.start()
        try:
            for _ in range(3):
                live = self.verify()
                self.assertTrue(live["sound"])
                self.assertGreater(live["events"], at_rest["events"])
                self.assertTrue(live["views"])
        finally:
            stop.set()
            writer.join()
        self.assertLessEqual(set(live) ^ set(at_rest), {"texts"})
        self.assertIn("not compared", live["texts"]["remark"])
        self.assertIn("index of texts: not compared", self.hansard("verify"))
        self.assertNotIn("texts", self.verify("--no-views"))

    def test_one_verification_at_a_time_and_bad_ones_are_refused(self):
        self.serve()
        answers = []

        def ask():
            answers.append(self.post("/v1/admin/verify", {}))

        askers = [threading.Thread(target=ask) for _ in range(12)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()
        done = [text for status, text in answers if status == 200]
        self.assertTrue(done)
        for text in done:
            self.assertTrue(json.loads(text.splitlines()[-1])["report"]["sound"])
        for status, text in answers:
            if status != 200:
                self.assertEqual(json.loads(text)["code"], "overloaded")
        for body, field in (({"threads": 0}, "threads"), ({"threads": 10**6}, "threads"),
                            ({"else": 1}, "else"), ({"heads": [{"size": 1}]}, "heads[0]"),
                            ({"from_head": {"size": 1, "root": "zz"}}, "from_head.root")):
            status, text = self.post("/v1/admin/verify", body)
            self.assertEqual(status, 400, text)
            self.assertEqual(json.loads(text)["field"], field)

    def test_a_client_that_goes_holds_nothing_up(self):
        self.serve()
        host, port = self.url.rsplit("/", 1)[-1].split(":")
        for _ in range(10):
            with socket.create_connection((host, int(port)), timeout=60) as gone:
                gone.sendall(b"POST /v1/admin/verify HTTP/1.1\r\nHost: localhost\r\n"
                             b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        deadline = time.monotonic() + 60
        status = 0
        while status != 200:  # until what they began has noticed
            self.assertLess(time.monotonic(), deadline)
            status, text = self.post("/v1/admin/verify", {})
        self.assertTrue(json.loads(text.splitlines()[-1])["report"]["sound"])

    def test_checkpoints_kept_elsewhere_must_hold(self):
        now = self.verify()
        kept = pathlib.Path(self.work, "kept")
        note = self.checkpoint(now["tree_size"], now["root"])
        kept.write_text(note + "\n" + note)
        self.assertEqual(self.verify("--against", kept)["heads"], now["heads"] + 2)
        self.hansard("import", IMPORT / "list.json")
        self.assertTrue(self.verify("--against", kept)["sound"], "it may have grown")
        stop = self.serve()
        self.assertTrue(self.verify("--against", kept)["sound"])

        altered = "11" * 32
        stop()
        kept.write_text(note + self.checkpoint(3, altered) + self.checkpoint(10**6, altered))
        report = self.failed("--against", kept)
        self.assertEqual(report["wrong_heads"], 2)
        wrong = report["first_wrong_head"]
        self.assertEqual((wrong["size"], wrong["root"]), (3, altered))
        self.assertNotEqual(wrong["found"], altered)
        text = self.hansard("verify", "--against", kept, expect=None)
        for part in ("NOT SOUND", altered, wrong["found"]):
            self.assertIn(part, text)
        kept.write_text(self.checkpoint(10**6, altered))
        self.assertNotIn("found", self.failed("--against", kept)["first_wrong_head"])
        self.assertIn("the log is shorter", self.hansard("verify", "--against", kept, expect=None))

    def test_an_end_that_was_cut_off_is_left_out_and_told(self):
        now = self.verify()
        kept = pathlib.Path(self.work, "kept")
        note = self.checkpoint(now["tree_size"], now["root"])
        for cut in (1, len(note) // 2, len(note) - 1):
            kept.write_text(note + note[:cut])
            self.assertEqual(self.verify("--against", kept)["heads"], now["heads"] + 1)
            lost = len(note[:cut].encode())
            self.assertIn(f"{kept}: the last {lost} bytes are no whole note", self.said)
            self.verify("--from-head", kept)
            self.assertIn(f"the last {lost} bytes", self.said)
        kept.write_text(note[:-1])
        self.hansard("verify", "--against", kept, expect=INVALID_ARGUMENT)
        self.assertIn("no whole signed note", self.said)

    def test_notes_of_another_log_or_key_and_no_notes_are_refused(self):
        now = self.verify()
        kept = pathlib.Path(self.work, "kept")
        stranger = b"s" * 32
        note = self.checkpoint(now["tree_size"], now["root"])
        forged = self.checkpoint(now["tree_size"], now["root"], stranger)
        # The name and the hint of the log's key, and a signature that is not its own.
        unsigned = note[:-20] + ("B" if note[-20] == "A" else "A") + note[-19:]
        foreign = sign_note.checkpoint(stranger, "hansard/00000000-0000-4000-8000-000000000000/1", 1,
                                       bytes(32))
        key = sign_note.vkey(stranger, f"hansard/{self.log_id()}/1")
        for live in (False, True):
            for text, words in ((foreign, ["note 1", "not of this log"]),
                                (note + forged, ["note 2", "no key of this log signed it"]),
                                (note + unsigned, ["note 2", "the signature of"]),
                                ("nothing\n", ["no whole signed note"])):
                kept.write_text(text)
                self.hansard("verify", "--against", kept, expect=INVALID_ARGUMENT)
                for word in [str(kept), *words]:
                    self.assertIn(word, self.said)
                self.hansard("verify", "--from-head", kept, expect=INVALID_ARGUMENT)
            kept.write_text(forged)
            self.verify("--against", kept, "--key", key)  # whose word counts is for who asks to say
            if not live:
                self.serve()
        self.hansard("verify", "--from-head", "12:zz", expect=INVALID_ARGUMENT)

    def test_more_notes_than_are_compared_at_once_are_all_compared(self):
        now = self.verify()
        kept = pathlib.Path(self.work, "kept")
        note = self.checkpoint(now["tree_size"], now["root"])
        kept.write_text(note * 100_001 + self.checkpoint(3, "11" * 32) + note)
        report = self.failed("--against", kept, "--no-views")
        self.assertEqual((report["heads"], report["wrong_heads"]), (now["heads"] + 100_002, 1))
        self.assertEqual(report["first_wrong_head"]["size"], 3)

    def test_only_what_follows_a_trusted_head_is_read(self):
        first = self.verify()
        head = f"{first['tree_size']}:{first['root']}"
        stop = self.serve()
        for i in range(5):
            self.post("/v1/sessions", {"session_id": f"later-{i}"})
        live = self.verify("--from-head", head)
        self.assertEqual(live["events"], live["tree_size"] - first["tree_size"])
        stop()
        report = self.verify("--from-head", head, "--threads", 1, "--no-views")
        self.assertGreaterEqual(report["events"], 5)
        self.assertEqual(report["from"], first["tree_size"])
        self.assertEqual(report["views"], [])
        self.assertEqual(self.failed("--from-head", f"{first['tree_size']}:{'00' * 32}")["root_faults"],
                         1)

    def test_a_damaged_index_of_texts_is_found_and_repaired(self):
        stop = self.serve()
        end = self.verify()["end"]
        urllib.request.urlopen(f"{self.url}/v1/search?q=the&at_least={end}", timeout=60).read()
        stop()
        self.assertIn("texts", self.verify())
        index = sqlite3.connect(f"{self.data}/search/texts.sqlite")
        index.execute("DELETE FROM documents WHERE position=(SELECT max(position) FROM documents)")
        index.commit()
        index.close()
        self.assertIn("documents", self.failed()["texts"]["fault"])
        self.hansard("doctor", "--repair")
        self.verify()
        self.hansard("search", "the")

    def test_what_the_events_say_is_repaired_and_a_server_is_left_alone(self):
        before = self.verify()
        self.assertIn("nothing to repair", self.hansard("doctor", "--repair"))
        pathlib.Path(self.data, "HEAD").write_bytes(b"torn")
        self.hansard("verify", expect=None)
        self.assertIn("doctor", self.said)
        self.assertIn("Repaired", self.hansard("doctor", "--repair"))
        self.assertEqual(self.verify()["root"], before["root"])
        self.serve()
        self.hansard("doctor", "--repair", expect=None)
        self.assertIn("a server runs", self.said)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=1)

"""Makes a data directory with the program, an older copy of it and another log, then changes copies
of it one at a time and judges what comes of that.

usage: tampering_test.py HANSARD CAMPAIGN GOLDEN COUNT [SEED]

Which changes are drawn depends on the seed, what is in the directory on the day (ids and keys are
drawn). TAMPERING_WORK names a folder to work in that is left there, for looking at a case again:
  tampering_campaign FOLDER/base FOLDER/older FOLDER/other FOLDER/work SEED 1 CASE
"""
import contextlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request

HANSARD, CAMPAIGN = (os.path.abspath(path) for path in sys.argv[1:3])
GOLDEN = pathlib.Path(sys.argv[3]).resolve()
COUNT = sys.argv[4]
SEED = sys.argv[5] if len(sys.argv) > 5 else str(secrets.randbelow(10**9))
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("HANSARD_")}


def hansard(*arguments):
    done = subprocess.run([HANSARD, *map(str, arguments)], capture_output=True, text=True,
                          timeout=300, env=ENVIRONMENT)
    if done.returncode != 0:
        sys.exit(f"{arguments}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class Server:
    def __init__(self, data, *arguments):
        self.process = subprocess.Popen(
            [HANSARD, "serve", "--data", data, "--listen", "127.0.0.1:0", "--log-level", "off",
             *arguments], stdout=subprocess.PIPE, text=True, env=ENVIRONMENT)
        line = self.process.stdout.readline()
        self.url = line.rsplit(" ", 1)[-1].strip()
        if not line.startswith("hansard listens on "):
            sys.exit(f"the server does not start: {line}")

    def post(self, path, body):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def stop(self):
        """Views and texts are caught up first: a directory at rest is what is changed."""
        with urllib.request.urlopen(self.url + "/readyz", timeout=120) as answer:
            end = json.load(answer)["end"]
        for path in (f"/v1/sessions?limit=1&at_least={end}", f"/v1/search?q=the&at_least={end}"):
            urllib.request.urlopen(self.url + path, timeout=120).read()
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(timeout=120) != 0:
            sys.exit("the server did not stop well")


def talk(server, name, turns):
    server.post("/v1/sessions", {"session_id": name})
    for turn in range(turns):
        server.post(f"/v1/sessions/{name}/messages", {
            "message_id": f"m{turn}", "role": "user",
            "parts": [{"type": "text", "text": f"{name} asks for the {turn}th time: what holds?"}]})


def main():
    kept = os.environ.get("TAMPERING_WORK")
    with contextlib.nullcontext(kept) if kept else tempfile.TemporaryDirectory() as work:
        base, older, other = (f"{work}/{name}" for name in ("base", "older", "other"))
        Server(base, "--sample").stop()
        hansard("import", GOLDEN / "import" / "tau.jsonl", GOLDEN / "import" / "list.json",
                "--data", base)
        server = Server(base)
        for i in range(10):
            talk(server, f"early-{i}", 5)
        server.stop()
        shutil.copytree(base, older, ignore=shutil.ignore_patterns("*.sock"))
        server = Server(base)
        for i in range(10):
            talk(server, f"late-{i}", 5)
        server.stop()
        Server(other, "--sample").stop()
        for directory in (base, older, other):
            # Space that is given up when the disk is full: no content, and nearly all of the bytes.
            pathlib.Path(directory, "ballast").unlink(missing_ok=True)
        print(f"seed {SEED}, {COUNT} changes", flush=True)
        os.mkdir(f"{work}/work")
        return subprocess.run([CAMPAIGN, base, older, other, f"{work}/work", SEED, COUNT],
                              env=ENVIRONMENT).returncode


sys.exit(main())

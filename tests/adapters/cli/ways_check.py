"""The same data by two ways gives equal conversations.

Imports every conversation set once with `hansard import`, and once as the lines of `import --print`
through `POST /v1/ingest?as=recording`, compressed, into another directory; compares each conversation whole.
Then does both again and expects nothing new.

usage: ways_check.py HANSARD_BINARY [FOLDER]
Without a folder of our own files: the real sets of HANSARD_SHARED_DATA.
"""
import collections
import gzip
import hashlib
import http.client
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
# Conversations; recorded exchanges and streams are another kind of recording.
SETS = ("*.jsonl.zst", "*.json.zst", "claude_code", "codex", "inspect_eval")
NOT_SETS = ("http_exchanges", "vercel_ai_stream_fixtures")
# What differs between two recordings of one conversation: names and keyed hashes, which only the
# store can give, and where and when it was written.
RECORDING = ("at_least", "checkpoint", "event_id", "first_recorded_at", "last_recorded_at",
             "position", "recorded_at", "salt", "session_id", "stream", "commitment", "actor",
             "leaf", "last_activity_at", "correlation", "causation")


def run(binary, *arguments, may_fail=False):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


class Server:
    """`hansard serve` on a free port, until the end of the block."""

    def __init__(self, binary, data):
        self.process = subprocess.Popen(
            [binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.port = None
        for line in self.process.stdout:
            if "http://127.0.0.1:" in line:
                self.port = int(line.split("http://127.0.0.1:")[1].split("/")[0].split()[0])
                break
        if self.port is None:
            raise SystemExit("the server did not say where it listens")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait()

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, text)
        return json.loads(text)

    def ingest(self, lines):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        connection.request("POST", "/v1/ingest?as=recording", gzip.compress(lines.encode(), 1),
                           {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"})
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 200, text
        report = json.loads(text)
        assert report["failed"] == 0, report["errors"][:3]
        return report


def essence(value):
    """A conversation without what differs between two recordings of it."""
    if isinstance(value, dict):
        return {k: essence(v) for k, v in value.items()
                if k not in RECORDING and not k.endswith(("_hash", "_hashes"))}
    if isinstance(value, list):
        return [essence(v) for v in value]
    return value


def conversations(server):
    """Digest of each conversation -> how many there are, and an example of it."""
    found = collections.Counter()
    examples = {}
    cursor = None
    while True:
        page = server.get("/v1/sessions?limit=200" + (f"&cursor={cursor}" if cursor else ""))
        for session in page["sessions"]:
            name = session["session_id"]
            path = "/v1/sessions/" + urllib.parse.quote(name, safe="")
            # The page's line, the conversation, and every event of it.
            events = server.get(f"{path}/events?limit=1000")
            assert not events.get("next"), f"{name} has more than 1,000 events"
            whole = [session, server.get(f"{path}/history"), events]
            text = json.dumps(essence(whole), sort_keys=True)
            digest = hashlib.sha256(text.encode()).hexdigest()
            found[digest] += 1
            examples[digest] = (name, text)
        cursor = page.get("next")
        if not cursor:
            return found, examples


def compare(one, other):
    (found, examples), (wanted, wanted_examples) = one, other
    for digest in found - wanted:
        name, text = examples[digest]
        near = next((each for each in wanted_examples.values() if each[0] == name), (name, ""))
        at = next((i for i, (a, b) in enumerate(zip(text, near[1])) if a != b), 0)
        raise SystemExit(f"{name} came in differently:\n  {text[max(0, at - 200):at + 200]}\n"
                         f"and by the other way:\n  {near[1][max(0, at - 200):at + 200]}")
    missing = wanted - found
    assert not missing, f"missing: {[wanted_examples[d][0] for d in missing][:5]}"


def main():
    binary = sys.argv[1]
    shared = os.environ.get("HANSARD_SHARED_DATA")
    if len(sys.argv) > 2:
        sets = sorted(pathlib.Path(sys.argv[2]).iterdir())
    elif not shared:
        print("HANSARD_SHARED_DATA is not set: skipped")
        return SKIPPED
    else:
        sets = sorted({path for pattern in SETS for path in pathlib.Path(shared).glob(pattern)
                       if not path.name.startswith(NOT_SETS)})
    assert sets, "there is nothing to import"
    with tempfile.TemporaryDirectory() as scratch:
        imported, ingested = f"{scratch}/imported", f"{scratch}/ingested"
        files = [str(path) for path in sets]
        # Some records of the sets cannot be taken: exit code and reasons are another test's.
        run(binary, "import", "--data", imported, *files, may_fail=True)
        lines = run(binary, "import", "--print", *files, may_fail=True)
        with Server(binary, ingested) as server:
            first = server.ingest(lines)
            again = server.ingest(lines)
            other = conversations(server)
        assert again["duplicates"] == again["lines"], again
        again = json.loads(run(binary, "import", "--data", imported, "--json", *files,
                               may_fail=True))
        assert sum(each["new_events"] for each in again["files"]) == 0
        with Server(binary, imported) as server:
            one = conversations(server)
        compare(one, other)
        compare(other, one)
        print(f"{len(files)} sets, {sum(one[0].values())} conversations, {first['lines']} lines: "
              "equal by import and by ingest, and once each")
    return 0


if __name__ == "__main__":
    sys.exit(main())

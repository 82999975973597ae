"""Real conversations in, the same conversations out.

Imports the tau-bench recording, prints every conversation with `show --json` and compares it with
the file message by message; sends the same conversations through the typed routes with a plain HTTP
client into another project and compares again; imports once more and expects nothing new; walks
every version of every conversation; verifies the directory.

usage: tau_check.py HANSARD_BINARY    (needs HANSARD_SHARED_DATA, the folder with the recording)
"""
import collections
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

FILE = "tau_airline_gpt4o.jsonl.zst"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE


def run(binary, *arguments):
    done = subprocess.run([binary, *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def expect(found, wanted, where):
    if found != wanted:
        raise SystemExit(f"{where}\n  found:  {found!r}\n  wanted: {wanted!r}")


# ---- what the file says -----------------------------------------------------------------------

def said_in_file(conversation):
    """(role, text, calls, result) of every message."""
    for message in conversation["traj"]:
        calls = [(c["id"], c["function"]["name"], c["function"]["arguments"])
                 for c in message.get("tool_calls") or []]
        if message["role"] == "tool":
            yield ("tool", None, [], (message["tool_call_id"], message["name"], message["content"]))
        else:
            yield (message["role"], message["content"], calls, None)


# ---- what Hansard says ------------------------------------------------------------------------

UNSAID = ("model", "provider", "usage", "finish_reason", "latency_us", "ttft_us", "duration_us")


def expect_nothing_invented(session, live):
    """What the file does not say is absent; live recording adds the time of the request."""
    for message in session["messages"]:
        parts = [p for p in message["parts"] if p["type"] == "tool_call"]
        outcomes = [p["outcome"] for p in parts if "outcome" in p]
        for place in (message, *parts, *outcomes):
            for name in UNSAID if live else ("occurred_at", *UNSAID):
                assert name not in place, f"{name} was invented"
    kinds = collections.Counter(event["type"] for event in session["events"])
    assert "ResponseRequested" not in kinds, "a request was invented"


def said_in_record(session):
    """The same tuples from `show --json`, results in the place where they were recorded."""
    items = []
    for message in session["messages"]:
        texts = [p["text"] for p in message["parts"] if p["type"] == "text"]
        calls = []
        for part in message["parts"]:
            if part["type"] != "tool_call" or "tool" not in part:
                continue
            calls.append((part["tool_call_id"], part["tool"], part["arguments"]))
            if "outcome" in part:
                outcome = (part["tool_call_id"], part["tool"], part["result"])
                items.append((part["outcome"]["position"], ("tool", None, [], outcome)))
        assert len(texts) <= 1, "more than one text"
        text = texts[0] if texts else None
        items.append((message["position"], (message["role"], text, calls, None)))
    return [item for _, item in sorted(items, key=lambda pair: pair[0])]


def compare(conversation, session, where):
    wanted, found = list(said_in_file(conversation)), said_in_record(session)
    expect(len(found), len(wanted), f"{where}: messages")
    for index, (one, other) in enumerate(zip(found, wanted)):
        expect(one, other, f"{where}: message {index}")
    return wanted


# ---- a plain client ---------------------------------------------------------------------------

class Client:
    def __init__(self, port, project):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Content-Type": "application/json", "Hansard-Project": project}

    def request(self, method, path, body=None):
        payload = None if body is None else json.dumps(body)
        self.connection.request(method, path, payload, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text)

    def post(self, path, body):
        return self.request("POST", path, body)


def send(client, conversation):
    session = f"run-{conversation['task_id']}-{conversation['trial']}"
    client.post("/v1/sessions", {"session_id": session})
    base = f"/v1/sessions/{session}"
    duplicates = 0
    for index, (role, text, calls, result) in enumerate(said_in_file(conversation)):
        parts = [] if text is None else [{"type": "text", "text": text}]
        if role == "tool":
            answer = client.post(f"{base}/tool-results", {"tool_call_id": result[0],
                                                          "output": result[2]})
        elif role == "assistant":
            parts += [{"type": "tool_call", "tool_call_id": call[0], "index": at}
                      for at, call in enumerate(calls)]
            answer = client.post(f"{base}/responses", {
                "call_id": f"c{index}", "message_id": f"m{index}", "parts": parts})
            for at, (call_id, tool, arguments) in enumerate(calls):
                client.post(f"{base}/tool-calls", {
                    "tool_call_id": call_id, "message_id": f"m{index}", "index": at, "tool": tool,
                    "arguments": arguments})
        else:
            answer = client.post(f"{base}/messages", {"message_id": f"m{index}", "role": role,
                                                      "parts": parts})
        duplicates += bool(answer.get("duplicate"))
    expect(duplicates, 0, f"{session}: duplicates on the first sending")
    return session


# ---- time travel ------------------------------------------------------------------------------

def walk_versions(client, session):
    """As of version v one sees what was recorded up to v, and nothing else."""
    base = f"/v1/sessions/{session['session_id']}/history"
    last = session["as_of"]["version"]
    for version in range(last + 1):
        then = client.request("GET", f"{base}?as_of=version:{version}")
        expect(then["as_of"]["version"], version, f"{base} as of {version}")
        limit = then["as_of"]["position"]
        expect(said_in_record(then), said_in_record(cut(session, limit)),
               f"{base} as of version {version}")
    return last + 1


def cut(session, position):
    """The conversation without what was recorded after `position`."""
    kept = []
    for message in session["messages"]:
        if message["position"] > position:
            continue
        parts = []
        for part in message["parts"]:
            part = dict(part)
            if part["type"] == "tool_call":
                if part.get("position", 0) > position:
                    continue  # the call itself is an event after the answer
                if part.get("outcome", {}).get("position", 0) > position:
                    del part["outcome"]
            parts.append(part)
        kept.append({**message, "parts": parts})
    return {"messages": kept}


# ---- the check --------------------------------------------------------------------------------

def main():
    folder = os.environ.get("HANSARD_SHARED_DATA")
    if not folder or not (pathlib.Path(folder) / FILE).is_file():
        print(f"skipped: HANSARD_SHARED_DATA does not name a folder with {FILE}")
        return SKIPPED
    if shutil.which("zstdcat") is None:
        print("skipped: zstdcat is not installed")
        return SKIPPED
    binary, path = sys.argv[1], str(pathlib.Path(folder) / FILE)
    lines = subprocess.run(["zstdcat", path], capture_output=True, check=True).stdout.splitlines()
    conversations = [json.loads(line) for line in lines]
    counts = collections.Counter()
    with tempfile.TemporaryDirectory() as work:
        data = f"{work}/data"
        report = json.loads(run(binary, "import", "--data", data, "--json", path))["files"][0]
        expect(report["taken"], len(conversations), "conversations taken")
        expect((report["failed"], report["unplaced"], report["attached"]), (0, 0, 0), "left out")

        recorded = {}
        for line in run(binary, "sessions", "--all", "--json", "--data", data).splitlines():
            name = json.loads(line)["session_id"]
            session = json.loads(run(binary, "show", name, "--json", "--data", data))
            key = (session["metadata"]["task_id"], session["metadata"]["trial"])
            assert key not in recorded, f"{key} is there twice"
            recorded[key] = session
        expect(len(recorded), len(conversations), "conversations listed")
        for conversation in conversations:
            key = (conversation["task_id"], conversation["trial"])
            session = recorded[key]
            expect_nothing_invented(session, live=False)
            for role, _, calls, _ in compare(conversation, session, f"imported {key}"):
                counts[role] += 1
                counts["tool calls"] += len(calls)
            expect(session["metadata"]["info"], conversation["info"], f"{key}: info")
            scores = [(e["name"], e["value"]) for e in session["events"]
                      if e["type"] == "ScoreRecorded"]
            expect(scores, [("reward", conversation["reward"])], f"{key}: reward")

        again = json.loads(run(binary, "import", "--data", data, "--json", path))["files"][0]
        expect((again["new_events"], again["known"]), (0, len(conversations)), "imported again")
        expect(again["known_events"], report["new_events"] - len(conversations),
               "events known again (all but the creations)")

        server = subprocess.Popen([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            port = int(server.stdout.readline().rsplit(":", 1)[1])
            client = Client(port, "typed")
            for conversation in conversations:
                name = send(client, conversation)
                session = client.request("GET", f"/v1/sessions/{name}/history")
                expect_nothing_invented(session, live=True)
                compare(conversation, session, f"typed {name}")
                counts["versions seen"] += walk_versions(client, session)
            importer = Client(port, "default")
            for session in recorded.values():
                counts["versions seen"] += walk_versions(importer, session)
            usage = importer.request("GET", "/v1/usage")
            expect(usage["total"]["calls"], counts["assistant"], "calls counted by their outcome")
            expect(usage["total"]["tokens"], {}, "tokens nobody counted")
        finally:
            server.terminate()
            expect(server.wait(timeout=60), 0, "exit code of the server")
        verified = json.loads(run(binary, "verify", "--data", data, "--json"))
        counts["events verified"] = verified["events"]
    print(f"{len(conversations)} conversations, twice: equal to the file")
    for name, count in counts.items():
        print(f"  {name}: {count}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

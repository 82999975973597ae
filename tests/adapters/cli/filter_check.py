"""Planted secrets: with the filter on they reach no byte of the data directory.

Every text in every golden event, of every type that records, is replaced by a secret in turn and
sent by each way in: typed routes, ingest (live, and as a recording), raw appends, imports. Then
conversations go through the gateway, streamed and not, with secrets in what is asked and answered;
half way the server is killed (-9), and a conversation with an address in it goes on as the same
one. What people read says what was taken out. Afterwards every file of the directory and the log
file is searched, raw and as JSON writes it, the tables of the store also block by block as they are
decompressed, and so is the log as the server gives it out. The same sends to a server without a
filter leave the secrets all over it, in blocks too: the search can fail.

usage: filter_check.py HANSARD_BINARY SOURCE_DIRECTORY FIND_IN_FILES_BINARY
"""
import copy
import http.client
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse

PATIENCE = 30
KEY = "sk-ant-api03-planted00secret00key00abcdef"
MAIL = "planted.secret@mailbox.example"
CARD = "4111 1111 1111 1111"
PHONE = "+49 30 5550199"
SECRETS = (KEY, MAIL, CARD, PHONE)
ROUTES = {
    "SessionConfigured": "config", "MessageSent": "messages", "ResponseRequested": "requests",
    "ResponseReceived": "responses", "ResponseFailed": "responses", "ToolCalled": "tool-calls",
    "ToolCompleted": "tool-results", "ToolFailed": "tool-results", "ContextOptimized": "context",
    "ScoreRecorded": "scores", "SessionForked": "fork", "RecordAttached": "attachments",
    "SessionEnded": "end", "SessionReopened": "reopen"}


def expect(condition, what):
    if not condition:
        raise SystemExit(what)


class Server:
    def __init__(self, binary, folder, filtered):
        self.binary, self.folder = binary, folder
        folder.mkdir()
        (folder / "script.ndjson").write_text('{"answer":"You said: {said}"}\n')
        (folder / "hansard.toml").write_text(
            (('[filter]\ndetect = ["email", "phone", "card", "key"]\n'
              '[[filter.rules]]\nname = "ssn"\npath = "**.ssn"\n') if filtered else "")
            + '[log]\nlevel = "debug"\nfile = "server.log"\n'
              '[providers.openai]\ndialect = "openai"\nscript = "script.ndjson"\n')
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.binary, "serve", "--data", "data", "--listen", "127.0.0.1:0"], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        expect(line, "the server did not start")
        self.port = int(line.strip().rsplit(":", 1)[1])

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)

    def send(self, method, path, body=None, headers=None, kind="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        connection.request(method, path, None if text is None else text.encode(),
                           {"Content-Type": kind, **(headers or {})})
        answer = connection.getresponse()
        given = answer.read().decode()
        connection.close()
        return answer.status, given, answer.headers


def leaves(tree, path=()):
    """The paths of all texts in a tree."""
    if isinstance(tree, str):
        yield path
    for key, value in (tree.items() if isinstance(tree, dict) else
                       enumerate(tree) if isinstance(tree, list) else ()):
        yield from leaves(value, path + (key,))


def put(tree, path, value):
    for step in path[:-1]:
        tree = tree[step]
    tree[path[-1]] = value


def vocabulary(source):
    """(type, golden event, facts that are computed) of what is recorded in conversations."""
    derived = {}
    for row in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", (source / "events/README.md").read_text(),
                          re.M):
        derived[row[0]] = {name[:-1] for name in row[1].split(", ") if name.endswith("*")}
    for name in ("SessionCreated", *ROUTES):
        golden = json.loads((source / f"tests/golden/events/{name}.v1.json").read_text())
        yield name, golden, derived[name]


def planted_bodies(source):
    """Bodies as typed routes take them, each with one secret in one text."""
    for name, golden, derived in vocabulary(source):
        body = {key: value for key, value in {**golden["facts"], **golden["content"]}.items()
                if key not in derived and key not in ("session_id", "parent")}
        for number, path in enumerate(leaves(body)):
            planted = copy.deepcopy(body)
            put(planted, path, SECRETS[number % len(SECRETS)])
            yield name, planted
            planted = copy.deepcopy(body)
            put(planted, path, KEY)
            yield name, planted


def send_everything(server, source):
    """@return how many of the requests were taken, by way"""
    taken = {"typed": 0, "ingest": 0, "recording": 0, "append": 0, "import": 0}
    bodies = list(planted_bodies(source))
    expect(len(bodies) > 150, f"only {len(bodies)} places to plant")
    # Typed: sessions of their own, so that what stands before refuses nothing.
    for number, (name, body) in enumerate(bodies):
        session = f"t{number}"
        created = {"session_id": session}
        if name == "SessionCreated":
            created.update(body)
        status, _, _ = server.send("POST", "/v1/sessions", created)
        taken["typed"] += status in (200, 201)
        if name != "SessionCreated":
            status, _, _ = server.send("POST", f"/v1/sessions/{session}/{ROUTES[name]}", body)
            taken["typed"] += status in (200, 201)
    for way, query in (("ingest", ""), ("recording", "?as=recording")):
        lines = []
        for number, (name, body) in enumerate(bodies):
            session = f"{way}{number}"
            if name == "SessionCreated":
                lines.append({"post": "/v1/sessions", "body": {"session_id": session, **body}})
            else:
                lines.append({"post": f"/v1/sessions/{session}/{ROUTES[name]}", "body": body})
        status, answer, _ = server.send("POST", f"/v1/ingest{query}",
                                        "\n".join(map(json.dumps, lines)),
                                        kind="application/x-ndjson")
        expect(status == 200, f"ingest: {status} {answer[:300]}")
    for name, golden, _ in vocabulary(source):
        for number, path in enumerate(leaves(golden)):
            record = copy.deepcopy(golden)
            put(record, path, SECRETS[number % len(SECRETS)])
            status, answer, _ = server.send("POST", "/v1/append", {"records": [
                {"stream": f"session-a{name}{number}", "type": name, **record}]})
            taken["append"] += status in (200, 201)
            expect(status < 500, f"append: {status} {answer}")
    status, answer, _ = server.send("POST", "/v1/append", {"records": [
        {"stream": "custom-notes", "type": "Noted", "facts": {"who": MAIL, "n": 1},
         "content": {"text": f"call {PHONE}", "ssn": KEY, "password": KEY}}]})
    expect(status in (200, 201), f"append of a custom event: {status} {answer}")
    for number, (name, body) in enumerate(bodies):
        if name == "SessionCreated":
            item = {"session": {"id": f"i{number}"}, "create": body, "steps": []}
        else:
            item = {"session": {"id": f"i{number}"}, "create": {"user": MAIL},
                    "steps": [{"post": ROUTES[name], "key": "k", "body": body}]}
        status, answer, _ = server.send("POST", "/v1/import", {"items": [item]})
        taken["import"] += status == 200 and "error" not in json.loads(answer)["results"][0]
    return taken


def import_file(server, binary):
    """A file of conversations, by the program."""
    lines = [{"messages": [{"role": "user", "content": f"I am {MAIL}, key {KEY}"},
                           {"role": "assistant", "content": f"Hello {MAIL}, {PHONE}"}]}]
    file = server.folder.parent / "conversations.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    done = subprocess.run([binary, "import", "--url", f"http://127.0.0.1:{server.port}", str(file)],
                          capture_output=True, text=True, timeout=PATIENCE)
    expect(done.returncode == 0, f"import: {done.stdout}{done.stderr}")
    file.unlink()


def converse(server, history, text, stream=False):
    """One turn. @return the session it is recorded in"""
    history.append({"role": "user", "content": text})
    status, given, headers = server.send(
        "POST", "/openai/v1/chat/completions",
        {"model": "gpt-4o", "stream": stream, "messages": history,
         "user": MAIL, "metadata": {"who": MAIL, "ssn": KEY}}, {"Hansard-User": MAIL})
    expect(status == 200, f"chat: {status} {given}")
    if stream:
        said = "".join(
            choice["delta"].get("content") or ""
            for line in given.splitlines() if line.startswith("data: {")
            for choice in json.loads(line[6:])["choices"])
    else:
        said = json.loads(given)["choices"][0]["message"]["content"]
    # The client has its answer as the provider gave it.
    expect(said == f"You said: {text}", f"the answer was changed: {said}")
    history.append({"role": "assistant", "content": said})
    return headers["Hansard-Session"]


def shown(server, session):
    """What was taken out is told where a conversation is read: by the program and on the page."""
    _, given, _ = server.send("GET", f"/v1/sessions/{session}/history")
    answer = [message["message_id"] for message in json.loads(given)["messages"]
              if message["role"] == "assistant"][-1]
    status, said, _ = server.send("POST", f"/v1/sessions/{session}/tool-calls", {
        "message_id": answer, "tool_call_id": "tc", "tool": "mail", "index": 0,
        "arguments": {"to": MAIL, "copy": f"{MAIL} or {PHONE}"}})
    expect(status in (200, 201), f"a tool call: {status} {said}")
    status, said, _ = server.send("POST", f"/v1/sessions/{session}/tool-results", {
        "tool_call_id": "tc", "message_id": answer, "index": 0, "output": f"paid with {CARD}"})
    expect(status in (200, 201), f"a tool result: {status} {said}")
    text = subprocess.run([server.binary, "show", session, "--url", f"http://127.0.0.1:{server.port}"],
                          capture_output=True, text=True, timeout=PATIENCE).stdout
    _, page, _ = server.send("GET", f"/sessions/{session}")
    for where in (text, page):
        for line in ("removed: email 1", "removed: card 1", "removed: email 2, phone 1"):
            expect(line in where, f"'{line}' is not in: {where}")
    _, given, _ = server.send("GET", f"/v1/sessions/{session}/history")
    told = [message.get("filtered") for message in json.loads(given)["messages"]]
    expect({"email": 1} in told and {"card": 1} in told, f"the history does not tell: {told}")


def gateway(server, filtered):
    plain, streamed = [], []
    first = converse(server, plain, f"write to {MAIL}, please")
    expect(converse(server, plain, f"and pay with {CARD}") == first, "another conversation")
    other = converse(server, streamed, f"my key is {KEY}, call {PHONE}", stream=True)
    expect(converse(server, streamed, f"not {KEY}", stream=True) == other, "another conversation")
    server.kill()
    server.start()
    expect(converse(server, plain, "what did I say?") == first,
           "after a restart it is another conversation")
    expect(converse(server, streamed, "and I?", stream=True) == other,
           "after a restart it is another conversation")
    status, given, _ = server.send("GET", f"/v1/sessions/{first}/history")
    expect(status == 200, f"history: {status}")
    expect(("[removed:email]" in given) == filtered, f"the record does not say what it lacks: {given}")
    if filtered:
        _, events, _ = server.send("GET", f"/v1/events?from=0&session={first}")
        counts = [json.loads(line)["facts"].get("filtered") for line in events.splitlines()
                  if '"facts"' in line]
        expect({"email": 1} in counts and {"card": 1} in counts, f"no counts: {counts}")
        shown(server, first)
    # Who asks for a user finds them all the same.
    _, events, _ = server.send("GET", "/v1/events?from=0")
    latest = max(json.loads(line)["position"] for line in events.splitlines()
                 if '"position"' in line and '"facts"' in line)
    _, listed, _ = server.send(
        "GET", f"/v1/sessions?user={urllib.parse.quote(MAIL)}&at_least={latest}")
    expect(first in listed, f"the user is not found: {listed[:300]}")


def named_by_a_key(server):
    another = KEY[:-4] + "Zz9Q"  # KEY itself names a session already
    status, answer, _ = server.send("POST", "/v1/sessions", {"session_id": another})
    expect(status in (200, 201), f"a session by a key: {status} {answer}")
    status, answer, _ = server.send("GET", f"/v1/sessions/{another}")
    expect(status == 200, f"a session by a key is not found: {status} {answer}")


def forms_of(secret):
    """As it is, and as others write it."""
    return {secret.encode(), json.dumps(secret).strip('"').encode(),
            secret.replace("@", "\\u0040").encode(), secret.replace(" ", "").encode(),
            secret.encode("utf-16-le"), urllib.parse.quote(secret).encode()}


def places(server, finder):
    """Where secrets are, after everything was written out."""
    _, events, _ = server.send("GET", "/v1/events?from=0")
    server.stop()
    files = {"(the log)": events.encode()}
    for file in [*(server.folder / "data").rglob("*"), server.folder / "server.log"]:
        if file.is_file():
            files[str(file.relative_to(server.folder))] = file.read_bytes()
    found = []
    for name, content in files.items():
        for secret in SECRETS:
            at = [content.find(form) for form in forms_of(secret) if form in content]
            if at:
                found.append((name, secret, content[max(0, at[0] - 200):at[0] + 80]))
    for secret in SECRETS:
        forms = "\n".join(form.hex() for form in sorted(forms_of(secret)))
        done = subprocess.run([finder, str(server.folder / "data")], input=forms, text=True,
                              capture_output=True, timeout=PATIENCE)
        expect(done.returncode == 0, f"searching the tables: {done.stdout}{done.stderr}")
        found += [("(blocks)", secret, line) for line in done.stdout.splitlines()
                  if line.endswith(("(key)", "(value)"))]
    return found


def main(binary, source, finder):
    source = pathlib.Path(source)
    with tempfile.TemporaryDirectory() as folder:
        for filtered in (True, False):
            server = Server(binary, pathlib.Path(folder) / ("on" if filtered else "off"), filtered)
            try:
                taken = send_everything(server, source) if filtered else {}
                import_file(server, binary)
                gateway(server, filtered)
                named_by_a_key(server)
                _, metrics, _ = server.send("GET", "/metrics")
                if filtered:
                    for way in ("typed", "append", "import"):
                        expect(taken[way] > 60, f"{way}: only {taken[way]} were taken")
                    expect('hansard_filter_removed_total{rule="email"}' in metrics, "no metric")
                found = places(server, finder)
            finally:
                if server.process.poll() is None:
                    server.kill()
            if filtered:
                for name, secret, around in found[:12]:
                    print(f"{name}: {secret}: ...{around}...")
                expect(not found, f"{len(found)} places hold a secret")
                print("taken with a secret planted:", taken)
            else:
                expect(len({secret for _, secret, _ in found}) == len(SECRETS),
                       "without a filter the search does not find the secrets")
                expect({secret for name, secret, _ in found if name == "(blocks)"} == set(SECRETS),
                       "without a filter the blocks do not have the secrets")
                print("without a filter:", len(found), "places hold a secret")


if __name__ == "__main__":
    main(*sys.argv[1:])

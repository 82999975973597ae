"""Keys that were planted everywhere a key can stand are found nowhere but where they were sent.

Clients send their keys in every way that there is, one provider has a key of ours to send, and the edge has
its own. Providers are as indiscreet as can be: they repeat all they were sent, in errors as JSON and as
text, within streams, in fields and in redirects. Afterwards no key may stand in the data directory, in the
log at its most talkative, in metrics, events, exports or any answer of ours.

usage: secrets.py HANSARD_BINARY
"""
import http.client
import json
import pathlib
import sys
import tempfile
import threading

from server import Server
from wire import Call, Provider

# Of clients: where each goes, by the name of the field it stands in, or `?key=`.
CLIENT_KEYS = {
    "Authorization": "sk-planted-bearer-Zq81", "x-api-key": "sk-planted-xapi-Wm42",
    "api-key": "planted-azure-Lk93Tz", "x-goog-api-key": "planted-goog-Rt55Qa",
    "?key=": "planted-query-Bn17Xc", "Cookie": "planted-cookie-Hs64Wd",
}
CONFIGURED = "sk-planted-configured-Vy28"
OURS = "hsd_planted_edge_key_0123456789"
REFUSED = "hsd_planted_wrong_key_9876543210"
PLANTED = [*CLIENT_KEYS.values(), CONFIGURED, OURS, REFUSED]

TOML = """
[providers.openai]
base_url = "{url}"
[providers.anthropic]
base_url = "{url}"
[providers.ollama]
base_url = "{url}"
[providers.own]
base_url = "{url}"
dialect = "openai"
key = "{configured}"
[providers.nobody]
base_url = "http://127.0.0.1:1"
dialect = "openai"
[[keys]]
name = "app"
key = "{ours}"
project = "default"
scopes = ["write", "read", "audit", "admin"]
"""

SAID = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
CALLS = {
    "/openai/v1/chat/completions": SAID, "/openai/v1/responses": {"model": "m", "input": "hi"},
    "/anthropic/v1/messages": SAID, "/ollama/api/chat": {**SAID, "stream": False},
    "/p/own/v1/chat/completions": SAID, "/p/nobody/v1/chat/completions": SAID,
    "/openai/v1/unknown": SAID,
}


def indiscreet(call, way):
    """Answers with everything that was asked, in one of the ways of a bad day."""
    told = call.first + " " + json.dumps(call.fields)
    error = {"error": {"message": "Incorrect API key: " + told, "type": "auth", "seen": call.fields}}
    if way == "json":
        call.answer(401, error)
    elif way == "text":
        call.answer(403, ("wrong: " + told).encode(), "X-Seen: " + json.dumps(call.fields))
    elif way == "redirect":
        call.answer(302, {"see": told}, "Location: http://127.0.0.1:1" + call.first.split()[1])
    elif way == "cut":
        call.sock.sendall(b"HTTP/1.1 500 X\r\nContent-Type: application/json\r\nContent-Length: 99999\r\n\r\n"
                          + json.dumps(error).encode())
    elif way == "garbage":
        call.sock.sendall(b"nonsense " + told.encode() + b"\r\n\r\n")
    elif "/messages" in call.first:
        call.head(200, "text/event-stream")
        call.chunk(f"event: error\ndata: {json.dumps({'type': 'error', **error})}\n\n".encode())
        call.end()
    else:
        lines = call.first.startswith("POST /api/")
        call.head(200, "application/x-ndjson" if lines else "text/event-stream")
        call.chunk((json.dumps(error) + "\n" if lines else f"data: {json.dumps(error)}\n\n").encode())
        call.end()


WAYS = ("json", "text", "redirect", "cut", "garbage", "stream")


def play(provider, seen):
    """Each connection answers one call, in the way that the call asks for."""
    while True:
        try:
            call = provider.accept()
        except OSError:
            return
        seen.append(call)
        indiscreet(call, call.fields["x-way"])
        call.close()


def drive(server):
    """Every call in every way with every key; gives the answers that are ours."""
    ours = []
    edge = {"Hansard-Key": OURS}
    for path, document in CALLS.items():
        for way in WAYS:
            asked = {**document, "stream": True} if way == "stream" else document
            for name, key in CLIENT_KEYS.items():
                target = path + f"?key={key}" if name == "?key=" else path
                value = f"Bearer {key}" if name == "Authorization" else key
                fields = {} if name == "?key=" else {name: value}
                try:
                    status, fields, body = server.post(target, asked, {**edge, **fields, "x-way": way})
                except http.client.IncompleteRead:
                    if way != "cut":
                        raise
                    continue
                if b"urn:hansard:error" in body:
                    ours.append((f"{path} {way}", body))
    # The edge's own key, in each place where it may stand.
    for fields in ({"Authorization": f"Bearer {OURS}"}, {"x-api-key": OURS}):
        server.post("/openai/v1/chat/completions", SAID, {**fields, "x-way": "json"})
    server.post(f"/k/{OURS}/openai/v1/chat/completions", SAID, {"x-way": "json"})
    # And refused.
    for path, fields in (("/openai/v1/chat/completions", {"Authorization": f"Bearer {REFUSED}"}),
                         ("/v1/sessions", {"Hansard-Key": REFUSED}),
                         (f"/k/{REFUSED}/v1/sessions", {}),
                         (f"/p/missing/v1/chat/completions?key={CLIENT_KEYS['?key=']}", edge),
                         (f"/nowhere?key={CLIENT_KEYS['?key=']}", edge)):
        status, _, body = server.post(path, SAID, fields)
        if status < 400:
            raise SystemExit(f"{path} was answered with {status}")
        ours.append((path, body))
    return ours


def look(places):
    """Where keys stand."""
    found = []
    for where, body in places:
        for key in PLANTED:
            at = body.find(key.encode())
            if at < 0:
                continue
            found.append(f"{key} in {where}: ...{body[max(0, at - 150):at]!r}")
    return found


def main():
    provider, seen = Provider(), []
    threading.Thread(target=play, args=(provider, seen), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="hansard-secrets-") as folder:
        toml = TOML.format(url=provider.url, configured=CONFIGURED, ours=OURS)
        with Server(sys.argv[1], folder, toml, "--log-level", "debug") as server:
            places = drive(server)
            edge = {"Hansard-Key": OURS}
            for path in ("/v1/events?from=0", "/v1/export?project=default", "/metrics", "/v1/providers", "/v1/sessions",
                         "/", "/v1/usage"):
                places.append((path, server.get(path, edge)))
            failed = sum(event["type"] == "ResponseFailed" for event in server.events(edge))
        data = pathlib.Path(folder) / "data"
        files = [*(path for path in data.rglob("*") if path.is_file()), server.log]
        places += [(str(path.relative_to(folder)), path.read_bytes()) for path in files]
    # Keys went where they belong, or nothing above says anything.
    for name, key in CLIENT_KEYS.items():
        if not any(key in call.first or key in call.fields.values() or
                   f"Bearer {key}" in call.fields.values() for call in seen):
            raise SystemExit(f"{name} did not reach the provider")
    if not any(f"Bearer {CONFIGURED}" in call.fields.values() for call in seen):
        raise SystemExit("the configured key did not reach the provider")
    for call in seen:
        if "hsd_" in call.first or any("hsd_" in value for value in call.fields.values()):
            raise SystemExit(f"a key of ours went on: {call.first} {call.fields}")
    found = look(places)
    print(f"{len(seen)} calls, {failed} failures on record, {len(places)} places looked through, "
          f"{len(found)} keys found")
    for each in found:
        print(each)
    raise SystemExit(1 if found else 0)


main()

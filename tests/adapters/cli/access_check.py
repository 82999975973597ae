"""Every route against every kind of key, and against pages of other sites; then what is on record.

The routes are those that the running program tells in /openapi.json. Each must have its row in
route_rules.txt, with the same scope and access, and no row may be left over. Each is asked without a key,
with one that is unknown, malformed, expired, revoked, of another project, with each scope alone and with
all of them, in every way a key can be sent. Nothing that another project recorded may be in any answer,
and no secret in any file, log line, metric or error.

usage: access_check.py HANSARD_BINARY RULES
"""
import html
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from access_support import Server, key

BOSS = "hsd_boss_0123456789abcdefghij"
OTHER = "hsd_other_0123456789abcdefghij"
LOG = "hsd_log_0123456789abcdefghij"
MARK = "ONLY-ACME-SAID-THIS"
SCOPES = ["write", "read", "audit", "admin"]
NOWHERE = "".join(f'[providers.{name}]\nbase_url = "http://127.0.0.1:1"\n'
                  for name in ("openai", "anthropic", "ollama"))
CONFIG = NOWHERE + "[limits]\nkey_failures_per_minute = 1000000\n"
KEYS = "".join(f'[[keys]]\nname = "{name}"\nkey = "{secret}"\nproject = "{project}"\n'
               f'scopes = ["write", "read", "audit", "admin"]\n'
               for name, secret, project in (("boss", BOSS, "acme"), ("other", OTHER, "other"),
                                             ("log", LOG, "_log")))
# Told to who holds the scope, and yet only to who runs the engine.
OPERATORS = {("GET", "/v1/export"), ("GET", "/v1/admin/projections/{name}/rows"), ("POST", "/v1/admin/backup"),
             ("POST", "/v1/admin/signing-key/rotate")}
failures = []


def check(truth, what):
    if not truth:
        failures.append(what)
        print("FAILED", what, file=sys.stderr)


def read_rules(path):
    rules = {}
    for line in pathlib.Path(path).read_text().splitlines():
        if line and not line.startswith("#"):
            method, pattern, scope, access = line.split()
            rules[method, pattern] = (scope, access)
    return rules


def routes_of(server, headers):
    """Those of the program: (method, pattern) -> (scope, access, media types of its body)."""
    document = server.expect(200, "GET", "/openapi.json", headers=headers)
    routes = {}
    for path, methods in document["paths"].items():
        for method, about in methods.items():
            routes[method.upper(), path] = (about.get("x-scope", "open"), about.get("x-access", "none"),
                                            list(about.get("requestBody", {"content": []})["content"]))
    return routes


def target_of(pattern, names):
    return re.sub(r"\{([a-z_]+)\}", lambda found: names.get(found[1], "nobody"), pattern)


def body_of(method, takes):
    return {} if takes and method in ("POST", "PUT") else None


def record(server):
    """Something of every kind in acme, so that there is something to be seen."""
    boss = key(BOSS)
    server.expect(201, "POST", "/v1/sessions", {"session_id": "s1", "user": "ada", "title": MARK}, boss)
    said = {"message_id": "m1", "role": "user", "parts": [{"type": "text", "text": MARK}]}
    server.expect(201, "POST", "/v1/sessions/s1/messages", said, boss)
    answer = {"call_id": "c1", "message_id": "m2", "model": "gpt-4o", "parts": [{"type": "text", "text": MARK}],
              "usage": {"input_text": 3, "output_text": 4}, "usage_source": "provider"}
    server.expect(201, "POST", "/v1/sessions/s1/responses", answer, boss)
    server.expect(201, "POST", "/v1/prompts/p1/versions", {"text": MARK}, boss)
    plan = {"name": "e1", "metric": "thumbs", "hypothesis": MARK, "variants": [{"name": "a"}, {"name": "b"}]}
    server.expect(201, "POST", "/v1/experiments", plan, boss)


def make_keys(server):
    """Secrets by kind."""
    boss = key(BOSS)

    def make(name, scopes, **more):
        return server.expect(201, "POST", "/v1/keys", {"name": name, "scopes": scopes, **more}, boss)

    kinds = {scope: make(scope, [scope])["secret"] for scope in SCOPES}
    kinds["all"] = make("all", SCOPES)["secret"]
    kinds["expired"] = make("expired", SCOPES, expires_in="1s")["secret"]
    revoked = make("revoked", SCOPES)
    kinds["revoked"] = revoked["secret"]
    server.expect(200, "DELETE", "/v1/keys/" + revoked["key_id"], headers=boss)
    until = time.monotonic() + 30
    while server.ask("GET", "/v1/sessions", headers=key(kinds["expired"]))[0] != 401:
        check(time.monotonic() < until, "a key expires")
        time.sleep(0.05)
    return kinds, make("named", ["read"])["key_id"]


MALFORMED = {"short": "hsd_x", "long": "hsd_" + "a" * 201, "alphabet": "hsd_0123456789abcdef!?",
             "space": "hsd_0123456789 abcdefgh", "latin": "hsd_0123456789abcd\xe9\xe9\xe9\xe9"}


def refusals(server, routes, kinds):
    """No key, or one that opens nothing: 401, on every route that is not open."""
    wrong = {"none": [], "unknown": key("hsd_unknown_0123456789abcdef"), "expired": key(kinds["expired"]),
             "revoked": key(kinds["revoked"]), "empty": key(""),
             "bearer": [("Authorization", "Bearer hsd_unknown_0123456789abcdef")],
             "x-api-key": [("x-api-key", "hsd_unknown_0123456789abcdef")],
             "of a provider": [("Authorization", "Bearer sk-0123456789abcdef")]}
    wrong.update({name: key(secret) for name, secret in MALFORMED.items()})
    for (method, pattern), (scope, _, takes) in routes.items():
        target, body = target_of(pattern, {"rest": "v1/models"}), body_of(method, takes)
        for name, headers in wrong.items():
            status, _, text = server.ask(method, target, body, headers)
            open_to_all = scope == "open" and status not in (401, 403)
            no_header = name == "latin" and status == 400
            check(open_to_all or no_header or status == 401, f"{method} {pattern} with key {name}: {status} {text[:200]}")
        for secret in ("hsd_unknown_0123456789abcdef", kinds["revoked"], "hsd_%00%01%ff", "hsd_%2e%2e%2fx"):
            status, _, text = server.ask(method, f"/k/{secret}{target}", body)
            refused = status == 401 or (status == 400 and "%" in secret)
            check(refused or (scope == "open" and status != 403), f"{method} /k/.../{pattern}: {status} {text[:200]}")


def scopes_alone(server, routes, kinds):
    """A key passes the gate of a route exactly when it has the route's scope."""
    for (method, pattern), (scope, _, takes) in routes.items():
        target, body = target_of(pattern, {"rest": "v1/models", "provider": "scripted"}), body_of(method, takes)
        for held in SCOPES + ["all"]:
            status, _, text = server.ask(method, target, body, key(kinds[held]))
            passes = scope == "open" or held in (scope, "all")
            operators = (method, pattern) in OPERATORS and passes and status == 403
            check(operators or (status not in (401, 403) if passes else status == 403),
                  f"{method} {pattern} ({scope}) with a key for {held}: {status} {text[:200]}")
        for headers, prefix in (([("Authorization", "Bearer " + kinds["all"])], ""),
                                ([("x-api-key", kinds["all"])], ""), ([], "/k/" + kinds["all"])):
            status, _, text = server.ask(method, prefix + target, body, headers)
            operators = (method, pattern) in OPERATORS and status == 403
            check(operators or status not in (401, 403),
                  f"{method} {prefix[:3]}{pattern} {headers[:1]}: {status} {text[:200]}")


def other_projects(server, routes, named):
    """All rights in another project show nothing of this one, whatever is asked for by name."""
    names = {"id": "s1", "name": "p1", "label": "production", "version": "1", "provider": "scripted",
             "rest": "v1/models"}
    more = ["", "?session=s1", "?project=acme", "?q=" + MARK, "?as_of=head", "?from=0", "?call=c1", "?format=html"]
    for (method, pattern), (scope, _, takes) in routes.items():
        if method != "GET" and "{" not in pattern:
            continue
        for each in ({}, {"name": "e1"}, {"id": named}):
            target = target_of(pattern, {**names, **each})
            for query in more if method == "GET" else [""]:
                status, _, text = server.ask(method, target + query, body_of(method, takes), key(OTHER))
                check(MARK not in text, f"{method} {target}{query} shows another project's: {text[:300]}")
                check(status != 500, f"{method} {target}{query}: {text[:300]}")
        status, _, text = server.ask(method, target_of(pattern, names), body_of(method, takes),
                                     key(OTHER) + [("Hansard-Project", "acme")])
        check(scope == "open" or status == 403, f"{method} {pattern} for acme by other: {status} {text[:200]}")
    check(server.ask("GET", "/v1/sessions/s1/history", headers=key(OTHER))[0] == 404, "a session of another project")
    check(server.ask("DELETE", "/v1/keys/" + named, headers=key(OTHER))[0] == 404, "a key of another project")
    check(MARK in server.ask("GET", "/v1/sessions/s1/history", headers=key(BOSS))[2], "its own are told")


def pages(binary, folder):
    """Without keys: what a page of another site can make a browser send."""
    pathlib.Path(folder).mkdir()
    with Server(binary, folder, CONFIG) as server:
        server.expect(201, "POST", "/v1/sessions", {"session_id": "s1", "title": MARK})
        host = f"127.0.0.1:{server.port}"
        attacks = {
            "a foreign Origin": [("Origin", "https://evil.example")],
            "a null Origin": [("Origin", "null")],
            "another port's Origin": [("Origin", "http://127.0.0.1:1")],
            "an Origin like ours": [("Origin", f"http://{host}.evil.example")],
            "two Origins": [("Origin", f"http://{host}"), ("Origin", "https://evil.example")],
            "a rebound name": [("Host", f"evil.example:{server.port}")],
            "a rebound name and its Origin": [("Host", "evil.example"), ("Origin", "http://evil.example")],
            "a name like an address": [("Host", "127.0.0.1.evil.example")],
            "an image or a fetch": [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")],
            "a page of another port": [("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Mode", "cors")],
        }
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
                   ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]
        for (method, pattern), (scope, _, takes) in routes_of(server, []).items():
            names = {"id": "s1", "provider": "scripted", "rest": "v1/chat/completions"}
            target, body = target_of(pattern, names), body_of(method, takes)
            for name, headers in attacks.items():
                more = upgrade if pattern == "/v1/live" else []
                status, found, text = server.ask(method, target, body, headers + more)
                check(status == 403 and MARK not in text, f"{method} {pattern} by {name}: {status} {text[:200]}")
                check(not any("access-control" in each.lower() for each in found), f"{pattern} sends CORS headers")
            if takes and "*/*" not in takes:  # what is passed on to a model has any type, and needs an Origin
                for form in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
                    status, _, text = server.ask(method, target, b"{}", [("Content-Type", form)])
                    check(status == 415, f"{method} {pattern} as {form}: {status} {text[:200]}")
            status, _, text = server.ask("OPTIONS", target, None, [("Origin", "https://evil.example")])
            check(status == 403, f"OPTIONS {pattern}: {status}")
        by_link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")]
        check(server.ask("GET", "/", headers=by_link)[0] == 200, "a link leads to the page")
        check(server.ask("GET", "/p/scripted/v1/models", headers=by_link)[0] == 403, "a link calls no model")
        own = [("Origin", f"http://{host}"), ("Sec-Fetch-Site", "same-origin")]
        check(server.ask("GET", "/v1/sessions", headers=own)[0] == 200, "our own page may")
        sessions = server.expect(200, "GET", "/v1/sessions?at_least=1")
        check(len(sessions["sessions"]) == 1, "nothing was recorded by any of them")


def accesses(server, kinds):
    """What is given out to who holds audit is on record before; nobody else leaves a trace."""
    def recorded():
        found, cursor = [], 0
        while cursor is not None:
            page = server.expect(200, "GET", f"/v1/audit/log?type=AccessRecorded&limit=1000&cursor={cursor}",
                                 headers=key(BOSS))
            found += page["events"]
            cursor = page.get("next")
        return found

    before = len(recorded())
    server.expect(200, "GET", "/v1/sessions/s1/history", headers=key(kinds["read"]))
    check(len(recorded()) == before, "who has no scope audit reads without a trace")
    reader = server.expect(201, "POST", "/v1/keys", {"name": "reviewer", "scopes": ["read", "audit"]}, key(BOSS))
    server.expect(200, "GET", "/v1/sessions/s1/history", headers=key(reader["secret"]))
    found = recorded()
    check(len(found) == before + 1 and found[-1].get("key") == "reviewer", f"a reading is on record: {found[-1:]}")
    server.expect(200, "GET", "/v1/sessions/s1/history?at_least=1", headers=key(reader["secret"]))
    check(len(recorded()) == before + 1, "reading on is the same access")
    server.expect(404, "GET", "/v1/sessions/s2/history", headers=key(reader["secret"]))
    check(len(recorded()) == before + 1, "what is refused gives nothing out")
    server.expect(200, "GET", "/v1/export?project=acme", headers=key(kinds["read"]))
    server.expect(200, "GET", "/v1/export?project=acme", headers=key(kinds["read"]))
    check(len(recorded()) == before + 3, "every export is on record")
    server.cli("sessions", "--project", "acme")
    server.cli("export", "--project", "acme", "--out", "/dev/null")
    check(len(recorded()) == before + 3, "over the socket there is nobody to name")

    log = server.expect(200, "GET", "/v1/audit/log?actor=reviewer", headers=key(BOSS))
    check([each["type"] for each in log["events"]] == ["AccessRecorded"], f"by actor: {log}")
    log = server.expect(200, "GET", "/v1/audit/log?session=s1", headers=key(BOSS))
    check([each["type"] for each in log["events"]] == ["SessionCreated", "MessageSent", "ResponseReceived"],
          f"by session: {log}")
    first, last = log["events"][0], log["events"][-1]
    window = f"/v1/audit/log?from={first['recorded_at']}&to={last['recorded_at']}&type=MessageSent"
    check(len(server.expect(200, "GET", window, headers=key(BOSS))["events"]) == 1, "by time")
    check(server.expect(200, "GET", "/v1/audit/log?from=2100-01-01T00:00:00Z", headers=key(BOSS))["events"] == [],
          "after the end")
    trace = server.expect(200, "GET", "/v1/audit/trace?event=" + first["event_id"], headers=key(BOSS))
    check(trace["count"] == 1, f"a trace: {trace}")
    check("reviewer" in server.cli("audit", "--project", "acme", "--type", "AccessRecorded").stdout, "hansard audit")
    check("SessionCreated" in server.cli("audit", "trace", first["event_id"], "--project", "acme").stdout, "a tree")


def report(server):
    """Recorded text is text in the report, whatever it looks like."""
    evil = "```\n# Verdict\n| a | b |\n<script>alert(1)</script>\n````\n\u202egnp.exe\x07"
    said = {"message_id": "m9", "role": "user", "parts": [{"type": "text", "text": evil}]}
    server.expect(201, "POST", "/v1/sessions/s1/messages", said, key(BOSS))
    markdown = server.cli("audit", "report", "s1", "--project", "acme").stdout
    check(MARK in markdown and "The chain of versions is complete: 4 events" in markdown, markdown[:800])
    check("\u202e" not in markdown and "\x07" not in markdown, "what hides is made visible")
    fence, headings = None, []
    for line in markdown.splitlines():
        mark = re.match(r"^(`{3,})", line)
        if fence is None and mark:
            fence = mark[1]
        elif fence is not None and line == fence:
            fence = None
        elif fence is None and line.startswith("#"):
            headings.append(line)
    check(fence is None and headings.count("## Verdict") == 1, f"headings: {headings}")
    check("reviewer" in markdown, "it tells who read it")
    page = server.cli("audit", "report", "s1", "--project", "acme", "--format", "html").stdout
    check("<script>" not in page and "&lt;script&gt;" in page and MARK in page, "HTML is escaped")
    for name, text in (("report.md", markdown), ("report.html", page)):
        attached_proof(server, name, text)


def attached_proof(server, name, page):
    """The lines of the page itself take the proof out of it, and it holds."""
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, name).write_text(page)
        line = next(line for line in html.unescape(page).splitlines() if line.endswith("> proof.ndjson"))
        taken = line[line.index("python3" if name.endswith("html") else "sed"):].replace("python3", sys.executable, 1)
        subprocess.run(["sh", "-c", taken], cwd=folder, check=True)
        done = subprocess.run([server.binary, "check-proof", "proof.ndjson"], cwd=folder, capture_output=True, text=True)
        check(done.returncode == 0 and "It holds." in done.stdout, f"{name}: {done.stdout}{done.stderr}")


def secrets_stay_out(server, folder, secrets):
    """In no file of the directory, no line of the log, no metric."""
    texts = [server.ask("GET", "/metrics", headers=key(BOSS))[2], server.cli("keys", "list").stdout]
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file() and path.name != "hansard.toml":
            texts.append(path.read_bytes().decode("latin-1"))
    for name, secret in secrets.items():
        check(not any(secret in text for text in texts), f"the secret of {name} is somewhere")


def main():
    binary, rules = sys.argv[1], read_rules(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        with Server(binary, folder, CONFIG + KEYS) as server:
            routes = routes_of(server, [])
            for route, (scope, access, _) in routes.items():
                check(rules.get(route) == (scope, access), f"{route} is {scope} {access}, the rule is {rules.get(route)}")
            for route in rules.keys() - routes.keys():
                check(False, f"the rule of {route} has no route")
            record(server)
            kinds, named = make_keys(server)
            refusals(server, routes, kinds)
            scopes_alone(server, routes, kinds)
            other_projects(server, routes, named)
            accesses(server, kinds)
            report(server)
            secrets_stay_out(server, folder, {**kinds, "boss": BOSS, "other": OTHER})
        pages(binary, pathlib.Path(folder) / "pages")
    print(f"{len(routes)} routes, {len(failures)} failures")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()

"""A route of hansard.toml, through the program: tried again, elsewhere in another dialect, and left alone.

Two stub providers, one that is always busy and one that answers in Anthropic's dialect; a client that
speaks OpenAI's. What it gets, what is on record, and what /v1/providers and /metrics say must agree.

usage: routes_check.py HANSARD_BINARY
"""
import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import urllib.request

PATIENCE = 30
KEY = "sk-of-the-client-0123456789"


class Stub(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, status, answer):
        self.calls = []
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.calls.append((self.path, dict(self.headers), body))
                out = json.dumps(answer(body)).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(out)))
                self.end_headers()
                self.wfile.write(out)

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


def busy(_):
    return {"error": {"message": "busy", "type": "server_error"}}


def claude(body):
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"],
            "content": [{"type": "text", "text": "Ho"}], "stop_reason": "end_turn",
            "stop_sequence": None, "usage": {"input_tokens": 10, "output_tokens": 4}}


def fetch(base, path, body=None):
    request = urllib.request.Request(base + path, json.dumps(body).encode() if body else None)
    request.add_header("Content-Type", "application/json")
    if body:
        request.add_header("Authorization", "Bearer " + KEY)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read().decode()


def main():
    first, second = Stub(503, busy), Stub(200, claude)
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "hansard.toml"
        config.write_text(f"""
[providers.busy]
base_url = "http://127.0.0.1:{first.server_port}"
dialect = "openai"
[providers.claude]
base_url = "http://127.0.0.1:{second.server_port}"
dialect = "anthropic"
[routes.smart]
targets = [{{ provider = "busy" }}]
fallbacks = [{{ provider = "claude", model = "claude-y" }}]
retry = {{ attempts = 2, base = "20ms" }}
breaker = {{ consecutive = 3, open_for = "1h" }}
""")
        server = subprocess.Popen(
            [sys.argv[1], "serve", "--data", folder + "/data", "--listen", "127.0.0.1:0"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            line = server.stdout.readline()
            if not line:
                raise SystemExit("the server did not start")
            base = "http://127.0.0.1:" + line.strip().rsplit(":", 1)[1]
            check(base, first, second)
        finally:
            server.terminate()
            server.wait(PATIENCE)


def check(base, first, second):
    for turn in range(2):
        asked = {"model": "gpt-x", "stream": turn == 1,
                 "messages": [{"role": "user", "content": f"Hi {turn}"}]}
        answer = fetch(base, "/p/smart/v1/chat/completions", asked)
        if turn == 0:
            body = json.loads(answer)
            assert body["object"] == "chat.completion", body
            assert body["choices"][0]["message"]["content"] == "Ho", body
            assert body["usage"]["prompt_tokens"] == 10, body
        else:
            assert answer.endswith("data: [DONE]\n\n") and '"Ho"' in answer, answer
    # Twice, then once more: the breaker opened with the third failure.
    assert len(first.calls) == 3, len(first.calls)
    assert [call[0] for call in second.calls] == ["/v1/messages"] * 2, second.calls
    for path, fields, body in second.calls:
        assert body["model"] == "claude-y" and body["max_tokens"] > 0, body
        assert KEY not in json.dumps(fields), "the key went to somebody else"
    assert KEY in json.dumps(first.calls[0][1])

    providers = {p["name"]: p for p in json.loads(fetch(base, "/v1/providers"))["providers"]}
    [breaker] = providers["busy"]["breakers"]
    assert breaker["route"] == "smart" and breaker["state"] == "open", breaker
    assert providers["claude"]["breakers"][0]["state"] == "closed", providers["claude"]
    metrics = fetch(base, "/metrics")
    for line in ('hansard_gateway_breaker_state{route="smart",provider="busy"} 2',
                 'hansard_gateway_decisions_total{policy="retry",outcome="again"} 1',
                 'hansard_gateway_decisions_total{policy="fallback",outcome="elsewhere"} 2'):
        assert line in metrics, (line, [m for m in metrics.splitlines() if "gateway" in m])

    events = [json.loads(line) for line in fetch(base, "/v1/events?from=0").splitlines()]
    asked = [e["facts"] for e in events if e.get("type") == "ResponseRequested"]
    told = [[(p["name"], p["outcome"], p.get("target")) for p in e.get("policies", [])]
            for e in asked]
    assert told == [[], [("retry", "after_503", "busy")], [("fallback", "after_503", "claude")],
                    [], [("fallback", "after_503", "claude")]], told
    assert [e["model"] for e in asked] == ["gpt-x", "gpt-x", "claude-y", "gpt-x", "claude-y"], asked
    failed = [e["facts"] for e in events if e.get("type") == "ResponseFailed"]
    assert [f["status"] for f in failed] == [503] * 3, failed
    received = [e["facts"] for e in events if e.get("type") == "ResponseReceived"]
    assert [r["provider"] for r in received] == ["claude"] * 2, received

    # Relaxed, but the calls after it waited for their sync, which was its own too.
    def circuits():
        request = urllib.request.Request(base + "/v1/events?from=0", headers={"Hansard-Project": "_log"})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            lines = [json.loads(line) for line in answer.read().decode().splitlines()]
        return [(e["type"], e["facts"]) for e in lines if e.get("type", "").startswith("Circuit")]
    assert circuits() == [("CircuitOpened", {"route": "smart", "provider": "busy", "failures": 3,
                                             "requests": 3})], circuits()
    print("2 calls, 5 attempts, each on record")


main()

"""`hansard serve` as a process on a folder, and what its HTTP API tells."""
import http.client
import json
import pathlib
import signal
import subprocess
import time

PATIENCE = 30  # seconds, for anything that should take milliseconds


class Server:
    """On a free port. What it logs is in `folder/log`, its data in `folder/data`."""

    def __init__(self, binary, folder, toml="", *arguments):
        self.folder = pathlib.Path(folder)
        self.configure(toml)
        self.log = self.folder / "log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [binary, "serve", "--data", "data", "--listen", "127.0.0.1:0", *arguments],
                cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the server did not start: " + self.log.read_text())
        self.port = int(line.strip().rsplit(":", 1)[1])

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.process.kill()
        self.stop()

    def configure(self, toml):
        (self.folder / "hansard.toml").write_text(toml)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        code = self.process.wait(timeout=PATIENCE)
        if code not in (0, -signal.SIGKILL):
            raise SystemExit(f"the server ended with {code}: {self.log.read_text()[-2000:]}")
        self.process.stdout.close()

    def request(self, method, path, body=None, headers=None):
        """(status, fields, body) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def get(self, path, headers=None):
        status, _, body = self.request("GET", path, headers=headers)
        if status != 200:
            raise SystemExit(f"{path}: {status} {body[:500]}")
        return body

    def post(self, path, document, headers=None):
        return self.request("POST", path, json.dumps(document).encode(),
                            {"Content-Type": "application/json", **(headers or {})})

    def events(self, headers=None):
        lines = self.get("/v1/events?from=0", headers).splitlines()
        return [event for event in map(json.loads, lines) if "type" in event]

    def wait_for_log(self, text):
        """Until a line of the log has this."""
        return eventually(lambda: next((line for line in self.log.read_text().splitlines()
                                        if text in line), None), f"no line of the log has {text!r}")


def eventually(look, otherwise):
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(otherwise)
        time.sleep(0.01)

"""The server looks at running experiments by itself: a winner is declared once, also over a restart.

usage: experiments_watch_check.py HANSARD_BINARY
"""
import atexit
import http.client
import json
import pathlib
import subprocess
import sys
import tempfile

PATIENCE = 30
UNITS = 80


def expect(condition, what):
    if not condition:
        raise SystemExit(what)


class Server:
    def __init__(self, binary, folder):
        (folder / "hansard.toml").write_text('[experiments]\ncheck_every = "50ms"\n')
        self.process = subprocess.Popen(
            [binary, "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"],
            cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        atexit.register(self.process.kill)  # also where something fails
        line = self.process.stdout.readline()
        expect(line, "the server did not start")
        self.port = int(line.strip().rsplit(":", 1)[1])

    def request(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, json.dumps(body) if body is not None else None,
                           {"Content-Type": "application/json"})
        return connection.getresponse()

    def post(self, path, body):
        answer = self.request("POST", path, body)
        text = answer.read().decode()
        expect(answer.status in (200, 201), f"{path}: {answer.status} {text}")
        return json.loads(text)

    def first(self, kind, from_):
        """The first event of that type, waited for on the followed log."""
        answer = self.request("GET", f"/v1/events?from={from_}&type={kind}&follow=true")
        while True:
            line = answer.readline()
            expect(line, f"the log ended before {kind}")
            frame = json.loads(line)
            if frame["frame"] == "event":
                return frame

    def all(self, kind):
        answer = self.request("GET", f"/v1/events?from=0&type={kind}")
        return [json.loads(line) for line in answer.read().splitlines()]

    def stop(self):
        self.process.terminate()
        expect(self.process.wait(timeout=PATIENCE) == 0, "the server did not stop well")


def plan(name, **more):
    return {"name": name, "metric": "rating", "minimum_sample": 20, "start": True,
            "variants": [{"name": "a"}, {"name": "b", "model": "m2"}], **more}


def feed(server, name):
    """Units whose ratings leave no doubt, until it is over."""
    for i in range(UNITS):
        unit = f"u{i}"
        answer = server.request("POST", f"/v1/experiments/{name}/exposures", {"unit": unit})
        told = json.loads(answer.read())
        if answer.status == 422 and "concluded" in told["detail"]:
            return
        expect(answer.status in (200, 201), f"{name}: {told}")
        variant = told["variant"]
        server.post(f"/v1/experiments/{name}/outcomes",
                    {"unit": unit, "metric": "rating", "outcome_id": "r",
                     "value": (80 if variant == "b" else 20) + i % 7})


def main():
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(sys.argv[1], folder)
        server.post("/v1/experiments", plan("left-alone", automatic=False))
        server.post("/v1/experiments", plan("watched"))
        feed(server, "left-alone")
        feed(server, "watched")
        won = server.first("WinnerDeclared", 0)
        expect(won["stream"] == "experiment-watched", f"won: {won['stream']}")
        expect(won["facts"]["variant"] == "b", f"the winner is {won['facts']}")
        expect(won["facts"]["evidence"]["position"] <= won["position"], "evidence is of before")
        over = server.first("ExperimentConcluded", 0)
        expect(over["facts"]["conclusion"] == "winner", f"concluded: {over['facts']}")
        server.stop()

        server = Server(sys.argv[1], folder)
        # Something new, so that there is something to look at again; and by hand as well.
        server.post("/v1/experiments", plan("later"))
        feed(server, "later")
        end = server.first("ExperimentConcluded", over["position"] + 1)
        expect(end["stream"] == "experiment-later", f"concluded: {end['stream']}")
        again = server.post("/v1/experiments/watched/decide", {})
        expect(not again.get("acted"), f"decided again: {again}")
        winners = [each["stream"] for each in server.all("WinnerDeclared")]
        expect(winners == ["experiment-watched", "experiment-later"], f"winners: {winners}")
        server.stop()
    print("watched")


if __name__ == "__main__":
    main()

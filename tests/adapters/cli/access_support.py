"""Servers of one's own and raw requests, for the programs that test who may do what."""
import http.client
import json
import pathlib
import socket
import subprocess

PATIENCE = 60


class Server:
    """`hansard serve` on a free loopback port, with a configuration."""

    def __init__(self, binary, folder, config=""):
        self.binary, self.folder = binary, pathlib.Path(folder)
        self.data = self.folder / "data"
        self.config = self.folder / "hansard.toml"
        self.config.write_text(config)
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen(
            [binary, "serve", "--config", self.config, "--data", self.data, "--listen", "127.0.0.1:0",
             "--log-level", "debug"],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if "listens on " not in line:
            raise AssertionError((self.folder / "server.log").read_text() + line)
        self.url = line.split("listens on ")[1].strip()
        self.port = int(self.url.rsplit(":", 1)[1])
        self.kept = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def cli(self, *arguments, env=None, check=True):
        """The program on the directory, over the socket of this server."""
        done = subprocess.run([self.binary, *arguments, "--data", str(self.data)],
                              capture_output=True, text=True, timeout=PATIENCE, env=env)
        if check and done.returncode != 0:
            raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def ask(self, method, target, body=None, headers=(), context=None):
        """Status, headers, body. On a kept connection, where that still is."""
        for fresh in (False, True):
            if self.kept is None or fresh:
                self.kept = (http.client.HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE,
                                                         context=context) if context else
                             http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE))
            try:
                self.kept.putrequest(method, target, skip_host=any(n == "Host" for n, _ in headers),
                                     skip_accept_encoding=True)
                data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
                if data is not None:
                    if not any(n == "Content-Type" for n, _ in headers):
                        self.kept.putheader("Content-Type", "application/json")
                    self.kept.putheader("Content-Length", str(len(data)))
                for name, value in headers:
                    self.kept.putheader(name, value)
                self.kept.endheaders(data)
                answer = self.kept.getresponse()
                text = answer.read()
                if answer.will_close:
                    self.kept.close()
                    self.kept = None
                return answer.status, dict(answer.getheaders()), text.decode("utf-8", "replace")
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.kept = None
                if fresh:
                    raise
        raise AssertionError("unreachable")

    def expect(self, status, method, target, body=None, headers=()):
        found = self.ask(method, target, body, headers)
        if found[0] != status:
            raise AssertionError(f"{method} {target}: {found[0]} instead of {status}: {found[2][:500]}")
        return json.loads(found[2]) if found[1].get("Content-Type") == "application/json" else found[2]


def key(secret):
    return [("Hansard-Key", secret)]


def plain_bytes(port, data, patience=PATIENCE):
    """What the server says to these bytes until it ends the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        connection.sendall(data)
        out = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                return out
            out += piece

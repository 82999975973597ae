"""HTTP/1.1 by hand: every byte goes out when the test says so, and is seen when it comes."""
import json
import select
import socket

from server import PATIENCE


def read_head(sock):
    """The first line, the fields (lower case), and what came of the body."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(65536)
        if not more:
            raise EOFError("the connection ended within a head")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return first, fields, rest


class Provider:
    """Takes connections one at a time; the test plays the provider on each."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.settimeout(PATIENCE)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]

    def accept(self):
        return Call(self.listener.accept()[0])


class Call:
    """One request as the provider has it, read to its end."""

    def __init__(self, sock):
        self.sock = sock
        sock.settimeout(PATIENCE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.read()

    def read(self):
        self.first, self.fields, body = read_head(self.sock)
        while len(body) < int(self.fields.get("content-length", 0)):
            body += self.sock.recv(65536)
        self.body = body

    def head(self, status, content_type, *more):
        lines = [f"HTTP/1.1 {status} X", f"Content-Type: {content_type}",
                 "Transfer-Encoding: chunked", *more]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode())

    def chunk(self, data):
        self.sock.sendall(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self):
        self.sock.sendall(b"0\r\n\r\n")

    def answer(self, status, document, *more):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *more]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def close(self):
        self.sock.close()


class Client:
    """One call, and the bytes of its answer as they come."""

    def __init__(self, port, path, document, fields=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"POST {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *fields]
        self.sock.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        self.raw = b""       # of chunked coding, not undone yet
        self.received = b""  # of the body
        self.over = False

    def head(self):
        first, self.fields, self.raw = read_head(self.sock)
        self.status = int(first.split()[1])
        self.undo()

    def undo(self):
        if "content-length" in self.fields:
            self.received += self.raw
            self.raw = b""
            self.over = len(self.received) >= int(self.fields["content-length"])
            return
        while True:
            size, found, rest = self.raw.partition(b"\r\n")
            if not found:
                return
            length = int(size, 16)
            if len(rest) < length + 2:
                return
            self.received += rest[:length]
            self.raw = rest[length + 2:]
            if length == 0:
                self.over = True
                return

    def until(self, count, where=""):
        """Waits until that many bytes of the body are there, and nothing but their coming."""
        while len(self.received) < count and not self.over:
            ready, _, _ = select.select([self.sock], [], [], PATIENCE)
            if not ready:
                raise SystemExit(f"held back: {count - len(self.received)} bytes of {count} did not "
                                 f"come {where}")
            more = self.sock.recv(65536)
            if not more:
                raise SystemExit(f"the connection ended after {len(self.received)} bytes of {count} {where}")
            self.raw += more
            self.undo()

    def finish(self):
        self.until(1 << 60)

    def close(self):
        self.sock.close()

"""TLS of the TCP listeners: clients of others, our own, a new certificate, and who speaks something else.

usage: tls_check.py HANSARD_BINARY
"""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from access_support import PATIENCE, Server, plain_bytes


def certificate(folder, name, host="IP:127.0.0.1,DNS:localhost"):
    """Signed by itself. The paths of certificate and key."""
    files = pathlib.Path(folder) / f"{name}.pem", pathlib.Path(folder) / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", f"subjectAltName={host}",
                    "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    return files


def toml(files, more=""):
    return f'[tls]\ncertificate = "{files[0]}"\nkey = "{files[1]}"\n{more}'


def shown(port):
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)


def curl(*arguments):
    return subprocess.run(["curl", "-sS", "-m", str(PATIENCE), *arguments], capture_output=True, text=True)


def serves(folder, server, files):
    ca = str(files[0])
    context = ssl.create_default_context(cafile=ca)
    done = curl("--cacert", ca, server.url + "/healthz")
    assert done.stdout.startswith('{"status":"ok"}'), done
    assert curl(server.url + "/healthz").returncode == 60, "nobody vouches for it without --cacert"
    # A body of many records either way, on one connection.
    lines = "".join(json.dumps({"post": "/v1/sessions", "body": {"session_id": f"s{i}", "title": "t" * 2000}}) + "\n"
                    for i in range(1500))
    bulk = pathlib.Path(folder) / "bulk.ndjson"
    bulk.write_text(lines)
    done = curl("--cacert", ca, server.url + "/v1/ingest", "-H", "content-type: application/x-ndjson",
                "--data-binary", f"@{bulk}")
    assert json.loads(done.stdout)["accepted"] == 1500, done
    done = curl("--cacert", ca, server.url + "/v1/events?type=SessionCreated")
    assert done.stdout.count("\n") == 1500 and done.returncode == 0, (done.returncode, done.stderr)
    for _ in range(3):  # kept open
        assert server.ask("GET", "/v1/sessions?limit=1", context=context)[0] == 200
    with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as raw:
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as secure:
            assert secure.version() in ("TLSv1.2", "TLSv1.3")
            secure.sendall(b"GET /v1/events?follow=true&last=1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            heard = b""
            while b"caught_up" not in heard:
                heard += secure.recv(65536)
            origin = f"https://127.0.0.1:{server.port}"
            body = '{"session_id":"live"}'
            done = curl("--cacert", ca, server.url + "/v1/sessions", "-H", "content-type: application/json",
                        "-H", "Origin: " + origin, "-d", body)
            assert json.loads(done.stdout)["duplicate"] is False, done
            while b"session-live" not in heard:
                heard += secure.recv(65536)
    done = curl("--cacert", ca, server.url + "/v1/sessions", "-H", "Origin: http://127.0.0.1:%d" % server.port)
    assert '"forbidden"' in done.stdout, "the page of a plain port is another"


def our_own_client(folder, server, files):
    plain = {name: value for name, value in os.environ.items() if not name.startswith("HANSARD_")}
    def run(*arguments):
        return subprocess.run([server.binary, "sessions", "--url", server.url, "--limit", "3", *arguments],
                              capture_output=True, text=True, timeout=PATIENCE, env=plain, cwd=folder)
    done = run("--ca-file", str(files[0]))
    assert done.returncode == 0 and "live" in done.stdout, done
    stranger = certificate(folder, "stranger")
    for wrong, words in ((["--ca-file", str(stranger[0])], "certificate is not accepted"), ([], "certificate is not accepted"),
                         (["--ca-file", str(files[1])], "no certificate can be read")):
        done = run(*wrong)
        assert done.returncode != 0 and words in done.stderr, done


def others(server):
    """A plain client is told; old versions, silence and noise end, and the next one is served."""
    heard = plain_bytes(server.port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"400" in heard.split(b"\r\n")[0] and b"https://" in heard, heard
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as raw:
            old.wrap_socket(raw)
        raise AssertionError("TLS 1.1 was taken")
    except ssl.SSLError:
        pass
    began = time.monotonic()
    assert plain_bytes(server.port, b"") == b"", "silence ends"
    assert plain_bytes(server.port, b"\x16\x03\x01") == b"", "half a greeting ends"
    assert time.monotonic() - began < PATIENCE / 2
    noise = plain_bytes(server.port, b"\x16\x03\x01\x00\x20" + bytes(range(32)))
    assert len(noise) < 100, "an alert at most"


def renewed(folder, server, files):
    before = shown(server.port)
    certificate(folder, "server")
    os.kill(server.process.pid, signal.SIGHUP)
    until = time.monotonic() + PATIENCE
    while shown(server.port) == before:
        assert time.monotonic() < until, "the new certificate is shown"
        time.sleep(0.05)
    after = shown(server.port)
    assert after == files[0].read_text(), "and it is the one in the file"
    files[1].write_text("broken")
    os.kill(server.process.pid, signal.SIGHUP)
    until = time.monotonic() + PATIENCE
    while "stays as it was" not in (pathlib.Path(folder) / "server.log").read_text():
        assert time.monotonic() < until, "a broken key is told in the log"
        time.sleep(0.05)
    assert shown(server.port) == after


def refuses_to_start(binary, folder, files):
    other = certificate(folder, "other")
    locked = pathlib.Path(folder) / "locked.key"
    subprocess.run(["openssl", "pkey", "-in", other[1], "-aes256", "-passout", "pass:secret", "-out", locked],
                   check=True, capture_output=True)
    empty = pathlib.Path(folder) / "empty.pem"
    empty.write_text("")
    cases = [((folder + "/none.pem", other[1]), "tls.certificate: ", "No such file"),
             ((other[0], folder + "/none.key"), "tls.key: ", "No such file"),
             ((empty, other[1]), "tls.certificate: ", "empty"),
             ((other[1], other[1]), "tls.certificate: ", "no certificate"),
             ((other[0], files[0]), "tls.key: ", "no key"),
             ((other[0], certificate(folder, "third")[1]), "tls.key: ", "mismatch"),
             ((other[0], locked), "tls.key: ", "passphrase")]
    for pair, field, words in cases:
        config = pathlib.Path(folder) / "wrong.toml"
        config.write_text(toml(pair))
        done = subprocess.run([binary, "serve", "--config", config, "--data", folder + "/unused", "--listen",
                               "127.0.0.1:0"], capture_output=True, text=True, timeout=PATIENCE)
        assert done.returncode != 0 and field in done.stderr and words in done.stderr, (pair, done.stderr)


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        files = certificate(folder, "server")
        with Server(binary, folder, toml(files, "[limits]\nheader_ms = 1000\n")) as server:
            assert server.url.startswith("https://"), server.url
            serves(folder, server, files)
            our_own_client(folder, server, files)
            others(server)
            assert "live" in server.cli("sessions", "--limit", "3").stdout, "the socket stays plain"
            renewed(folder, server, files)
        refuses_to_start(binary, folder, files)
    print("TLS: served, renewed, refused")


if __name__ == "__main__":
    main()

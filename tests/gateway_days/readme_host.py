"""The six lines of adapters/providers/README.md that add a compatible host, followed to the letter.

Only the address is another one, since the host is a stub here: the block is taken from the page, a call
goes to it by the name it has there, and arrives with the key and the path that the page promises.

usage: readme_host.py HANSARD_BINARY README
"""
import os
import pathlib
import re
import sys
import tempfile

from server import Server
from wire import Client, Provider

KEY = "planted-key-of-the-readme"


def must(condition, what):
    if not condition:
        raise SystemExit(what)


def main():
    page = pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
    section = page[page.index("## Add a compatible host"):]
    block = re.search(r"```toml\n(.*?)```", section, re.S)[1]
    lines = block.strip().splitlines()
    must(len(lines) == 6, f"the page promises six lines and has {len(lines)}")
    name = re.match(r"\[providers\.(\w+)\]$", lines[0])[1]
    variable = re.search(r'^key_env = "(\w+)"$', block, re.M)[1]
    address = re.search(r'^base_url = "https://[\w.]+(/\w+)"$', block, re.M)

    provider = Provider()
    here = f'base_url = "{provider.url}{address[1]}"'
    os.environ[variable] = KEY
    with tempfile.TemporaryDirectory(prefix="hansard-readme-") as folder, \
            Server(sys.argv[1], folder, block.replace(address[0], here)) as server:
        client = Client(server.port, f"/p/{name}/v1/chat/completions",
                        {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
                        ["Authorization: Bearer of-the-client"])
        call = provider.accept()
        must(call.first == "POST /v1/chat/completions HTTP/1.1", f"it was asked {call.first}")
        must(call.fields["authorization"] == f"Bearer {KEY}", "it has another key")
        call.answer(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}]})
        client.head()
        client.finish()
        must(client.status == 200, f"the client has {client.status}")
        client.close()
        received = [event for event in server.events() if event["type"] == "ResponseReceived"]
        must(len(received) == 1 and received[0]["content"]["parts"][0]["text"] == "hello",
             f"on record: {received}")
        requested = [event for event in server.events() if event["type"] == "ResponseRequested"]
        must(requested[0]["facts"]["provider"] == name, f"on record: {requested}")
    print(f"the page's {name} was called and recorded")


main()

"""Prompts through the program: in a directory of its own, and over a server.

Stores versions from files, moves labels, renders, compares; writes all of it into files, reads these
into another directory, and expects the same there, and nothing new the second time.

usage: prompts_check.py HANSARD_BINARY
"""
import json
import pathlib
import subprocess
import sys
import tempfile

FIRST = """---
description: as they like it
tags: ["short"]
variables: [
  {"name":"name","type":"text","required":true},
  {"name":"lines","type":"list","default":[]}
]
config: {
  "model": "gpt-4o"
}
---
=== system [frame]
Be {{ tone | default("kind") }}.
\\=== no mark
=== user
{{ name }}:{% for line in lines %} {{ line }}{% endfor %}
=== example input
Ada
=== example output
Hello, Ada.
"""


class Program:
    def __init__(self, binary, *where):
        self.binary, self.where = binary, where

    def run(self, *arguments, code=0, given=None):
        done = subprocess.run([self.binary, "prompts", *arguments, *self.where], text=True,
                              capture_output=True, input=given)
        if done.returncode != code:
            raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
                             f"{done.stderr}")
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "--json"))


def expect(found, wanted):
    if found != wanted:
        raise SystemExit(f"found    {found!r}\nexpected {wanted!r}")


def expect_in(part, whole):
    if part not in whole:
        raise SystemExit(f"{part!r} is not in {whole!r}")


def use(program, folder):
    """Everything the command does but files of all prompts."""
    expect_in("messages: at least one is needed",
              program.run("store", "greet", "-", given="---\n---\n", code=3))
    file = folder / "greet.prompt"
    file.write_text(FIRST)
    expect(program.run("store", "greet", str(file), "--label", "production"), "greet: version 1\n")
    expect(program.run("store", "greet", str(file)), "greet: version 1 (as before)\n")
    shown = program.run("show", "greet", "1")
    expect_in("=== system [frame]\nBe {{ tone", shown)
    expect(program.run("store", "greet", "-", given=shown), "greet: version 1 (as before)\n")
    expect(program.run("store", "greet", "-", "--version", "2.0", "--comment", "louder",
                       given=shown.replace("{{ name }}:", "{{ name | upper }}!")),
           "greet: version 2.0\n")
    expect(program.run("label", "greet", "staging", "latest"), "greet: staging is 2.0\n")
    expect(program.run("promote", "greet", "staging"), "greet: production is 2.0\n")
    expect(program.run("render", "greet", "--var", "name=Ada", "--var", "lines:=[1,\"b\"]"),
           "=== system\nBe kind.\n=== no mark\n=== user\nAda\n=== assistant\nHello, Ada.\n"
           "=== user\nADA! 1 b\n")
    expect_in("missing name", program.run("render", "greet", code=3))
    expect(program.run("rollback", "greet", "--from", "2.0"), "greet: production is 1\n")
    expect(program.run("rollback", "greet", "--from", "2.0"), "greet: production is 1 (as before)\n")
    expect(program.run("diff", "greet", "1", "2.0"),
           "greet: 1 -> 2.0\nchanged messages[0].content\n"
           "- {{ name }}:{% for line in lines %} {{ line }}{% endfor %}\n"
           "+ {{ name | upper }}!{% for line in lines %} {{ line }}{% endfor %}\n")
    expect(program.run("tag", "greet", "2.0", "loud", "new"), "greet: version 2.0\n")
    expect(program.run("label", "greet", "staging", "--remove"), "greet: staging names no version\n")
    expect(program.run("store", "other", "-", given='{"text":"Hi {{ x }}."}'), "other: version 1\n")
    expect(program.run("render", "other", "--version", "1", "--var", "x=y"), "Hi y.\n")
    expect(program.run("store", "other", "-", given='{"text":"Ho."}'), "other: version 2\n")
    expect(program.run("delete", "other", "1"), "other: version 1\n")
    expect_in("names it", program.run("delete", "greet", "1", code=8))
    listed = program.json("list", "--tag", "loud")["prompts"]
    expect([each["name"] for each in listed], ["greet"])
    expect(listed[0]["labels"], {"production": 1})
    history = program.run("show", "greet")
    expect_in("production back to 1 (from 2.0)", history)


def without_places(shown):
    """A version but for when and where it was stored."""
    return {key: value for key, value in shown.items()
            if key not in ("position", "stored_at", "checkpoint", "content_hash", "actor")}


def copy(program, other, folder):
    """Out of one directory into another."""
    expect(program.run("export", str(folder / "all")), "3 versions of 2 prompts\n")
    names = sorted(str(each.relative_to(folder / "all")) for each in (folder / "all").rglob("*.prompt"))
    expect(names, ["greet/1.prompt", "greet/2.0.prompt", "other/2.prompt"])
    expect(other.run("import", str(folder / "all")), "3 files, 3 of them new\n")
    expect(other.run("import", str(folder / "all")), "3 files, 0 of them new\n")
    for name, version in (("greet", "1"), ("greet", "2.0"), ("other", "2")):
        expect(without_places(other.json("show", name, version)),
               without_places(program.json("show", name, version)))
    other.run("export", str(folder / "again"))
    for each in names:
        before, after = ((folder / part / each).read_text().splitlines() for part in ("all", "again"))
        expect([line for line in after if not line.startswith("stored_at")],
               [line for line in before if not line.startswith("stored_at")])


def main():
    binary = sys.argv[1]
    with tempfile.TemporaryDirectory() as where:
        folder = pathlib.Path(where)
        alone = Program(binary, "--data", str(folder / "alone"))
        use(alone, folder)
        server = subprocess.Popen(
            [binary, "serve", "--data", str(folder / "served"), "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            port = None
            for line in server.stdout:
                if "http://127.0.0.1:" in line:
                    port = line.split("http://127.0.0.1:")[1].split("/")[0].split()[0]
                    break
            if port is None:
                raise SystemExit("the server did not say where it listens")
            copy(alone, Program(binary, "--url", f"http://127.0.0.1:{port}"), folder)
        finally:
            server.terminate()
            server.stdout.close()
            server.wait()


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks what each folder includes: third-party headers, which the system include path cannot hide,
and headers of folders further out or beside.

Usage: check_includes.py <root of the sources>    exit code 1 and one line for each breach
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# What the operating system provides. Adapters only: the folders inside know no machine.
SYSTEM = re.compile(r"^(sys/|netinet/|arpa/|linux/)|^(fcntl|unistd|poll|pthread|netdb|signal|termios)\.h$")

# Per folder: which header folders it may include, and which third-party headers (by prefix).
INNER = {
    "core": ({"core"}, ()),
    "events": ({"core", "events"}, ("simdjson.h", "boost/math/", "re2/")),
    "projections": ({"core", "events", "projections"}, ("date/",)),
}
# Each adapter has its own technology; cli wires all of them together, and is an HTTP client.
ADAPTERS = {
    "openssl": ("openssl/",),
    "tls": ("openssl/",),
    "rocksdb": ("rocksdb/", "xxhash.h"),
    "http": ("boost/", "prometheus/", "spdlog/", "zstd.h", "zlib.h"),
    "providers": ("boost/",),
    "importers": ("zstd.h", "zlib.h"),
    "gateway": ("zstd.h", "zlib.h"),
    "scripted": (),
    "search": ("sqlite3.h",),
    "cli": ("CLI/", "toml++/", "boost/", "spdlog/"),
}
# What several adapters share; it sees none of them.
SHARED = {"tls": ("http", "providers")}
# Seconds of compile time each: never where another folder would pay for them.
HEAVY = ("rocksdb/", "boost/", "simdjson.h", "openssl/", "date/", "re2/")


def includes(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1] == "<", match[2]


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.suffix in (".h", ".cpp"))


def header_folders(folder):
    return {p.name for p in (folder / "include").glob("*") if p.is_dir()}


def check(folder, label, own, third_party, system, known):
    """`own`: header folders it may include; `known`: those of every folder."""
    for path in sources(folder):
        for number, angled, name in includes(path):
            where = f"{path}:{number}: {label}"
            first = name.split("/")[0]
            standard = angled and "/" not in name and "." not in name
            if standard or (angled and system and SYSTEM.match(name)):
                continue
            if angled:
                if not name.startswith(third_party):
                    yield f"{where} may not include <{name}>"
                elif "include" in path.relative_to(folder).parts and name.startswith(HEAVY):
                    yield f"{where} includes <{name}> in a public header"
                elif path.suffix == ".h" and name == "simdjson.h":
                    yield f"{where} includes <{name}> in a header; keep it in .cpp files"
            elif "/" in name and first in known and first not in own:
                yield f'{where} may not include "{name}"'
            elif ".." in name:
                yield f'{where} reaches out with "{name}"'


def check_all(root):
    inner = set(INNER)
    adapters = {p.name: header_folders(p) for p in (root / "adapters").iterdir() if p.is_dir()}
    known = inner.union(*adapters.values())
    for name, (own, third_party) in INNER.items():
        yield from check(root / name, name, own, third_party, False, known)
    for name, own in adapters.items():
        if name not in ADAPTERS:
            yield f"{root}/adapters/{name}: not listed here; say which library it is about"
            continue
        shared = {folder for folder, users in SHARED.items() if name in users}
        allowed = known if name == "cli" else inner | own | shared
        yield from check(root / "adapters" / name, f"adapters/{name}", allowed, ADAPTERS[name], True,
                         known)


def main():
    breaches = list(check_all(pathlib.Path(sys.argv[1])))
    print("\n".join(breaches) or "every include stays within its layer")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())

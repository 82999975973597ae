"""Arrows point inwards only: core <- events <- projections <- adapters; siblings under adapters do
not see each other (cli wires them); heavy third-party headers stay out of our headers.

The build already refuses most of this, because each target exports only its own include directory;
this also sees what the system include path hides."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
ADAPTERS = {p.name for p in (ROOT / "adapters").iterdir() if p.is_dir()}
LAYERS = {"core": 0, "events": 1, "projections": 2}
HEAVY = re.compile(r"^(rocksdb|boost|openssl|simdjson|toml\+\+|spdlog|prometheus|CLI)[/.]|^zstd")
# What each library may be used by; core keeps to the standard library.
LIBRARIES = {
    "core": r"$^",
    "events": r"^simdjson",
    "projections": r"^simdjson",
    "adapters/openssl": r"^openssl/",
    "adapters/rocksdb": r"^(rocksdb/|xxhash|openssl/)",
    "adapters/http": r"^(boost/|openssl/|simdjson|spdlog/|prometheus/|zstd|zlib)",
    "adapters/importers": r"^(simdjson|zlib|zstd)",
    "adapters/cli": r"^(CLI/|toml\+\+/|simdjson|zstd|spdlog/|boost/|openssl/)",
}
THIRD_PARTY = re.compile(
    r"^(rocksdb|boost|openssl|toml\+\+|spdlog|prometheus|CLI)/|^(simdjson|zstd|zlib|xxhash)")


def owner(path):
    """(layer name, leaf folder) of a source file."""
    parts = path.relative_to(ROOT).parts
    return (parts[0], f"{parts[0]}/{parts[1]}") if parts[0] == "adapters" else (parts[0], parts[0])


def problems_of(path, layer, folder):
    for include in INCLUDE.findall(path.read_text(encoding="utf-8")):
        top = include.split("/")[0]
        if THIRD_PARTY.match(include):
            if not re.match(LIBRARIES[folder], include):
                yield f"{folder} may not use <{include}>"
            elif path.suffix == ".h" and "include" in path.parts and HEAVY.match(include):
                yield f"<{include}> belongs in .cpp files, not in a public header"
            continue
        if layer in LAYERS:
            if top in ADAPTERS and "/" in include:
                yield f"{layer} may not include an adapter ({include})"
            if top in LAYERS and LAYERS[top] > LAYERS[layer]:
                yield f"{layer} may not include {include}: arrows point inwards"
        elif folder != "adapters/cli" and top in ADAPTERS and "/" in include:
            if top != folder.split("/")[1]:
                yield f"{folder} may not include its sibling {include}"


def main():
    bad = 0
    for top in ("core", "events", "projections", "adapters"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            layer, folder = owner(path)
            for problem in problems_of(path, layer, folder):
                print(f"{path.relative_to(ROOT)}: {problem}")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

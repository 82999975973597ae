"""Every folder explains itself; links lead somewhere; commands shown exist."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.S)


def folders():
    yield ROOT
    for top in ("core", "events", "projections", "adapters", "bench", "tests"):
        yield ROOT / top
    yield from sorted(p for p in (ROOT / "adapters").iterdir() if p.is_dir())


def dev_commands():
    text = (ROOT / "dev").read_text()
    return set(re.search(r"^  (run \|.*?)\) ", text, re.M).group(1).replace("|", " ").split())


def hansard_commands():
    """The command line in `arguments.cpp`: each is `chosen`, `asking` (a server may answer), or `add`ed whole."""
    source = (ROOT / "adapters/cli/src/arguments.cpp").read_text()
    return set(re.findall(r'\b(?:chosen|asking|add)\(\s*"([a-z-]+)"', source))


def problems_of(readme, dev, hansard):
    text = readme.read_text(encoding="utf-8")
    prose = FENCE.sub("", text)
    for target in LINK.findall(prose):
        path = target.split("#")[0]
        if path and not re.match(r"[a-z]+:", target) and not (readme.parent / path).exists():
            yield f"link to {target} leads nowhere"
    for block in FENCE.findall(text):
        for line in block.splitlines():
            words = line.strip().removeprefix("$ ").split()
            if not words:
                continue
            if words[0] == "./dev" and len(words) > 1:
                if words[1] not in dev:
                    yield f"./dev {words[1]} does not exist"
                words = words[1:] if words[1] == "hansard" else []
            if words and words[0] in ("hansard", "build/release/hansard") and len(words) > 1:
                if re.match(r"[a-z-]+$", words[1]) and words[1] not in hansard:
                    yield f"hansard {words[1]} does not exist"


def main():
    bad = []
    for folder in folders():
        if not (folder / "README.md").is_file():
            bad.append(f"{folder.relative_to(ROOT)}/: no README.md")
    dev, hansard = dev_commands(), hansard_commands()
    for readme in sorted(ROOT.rglob("*.md")):
        if "build" in readme.relative_to(ROOT).parts[:1]:
            continue
        bad += [f"{readme.relative_to(ROOT)}: {p}" for p in problems_of(readme, dev, hansard)]
    print(*bad, sep="\n", end="\n" if bad else "")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

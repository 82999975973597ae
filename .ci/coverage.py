"""Lines covered, by file and in all, from gcov's JSON: `coverage.py BUILD_DIR`."""
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    build = (ROOT / sys.argv[1]).resolve()
    counts = {}  # file -> {line: executions}
    with tempfile.TemporaryDirectory() as work:
        for data in build.rglob("*.gcda"):
            subprocess.run(["gcov", "--json-format", str(data)], cwd=work, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for report in pathlib.Path(work).glob("*.gcov.json.gz"):
                for file in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                    path = pathlib.Path(os.path.normpath(build / file["file"]))
                    if not path.is_relative_to(ROOT):
                        continue
                    name = str(path.relative_to(ROOT))
                    if name.split("/")[0] not in ("core", "events", "projections", "adapters"):
                        continue
                    lines = counts.setdefault(name, {})
                    for line in file["lines"]:
                        number = line["line_number"]
                        lines[number] = lines.get(number, 0) + line["count"]
                report.unlink()
    covered = total = 0
    for name, lines in sorted(counts.items()):
        hit = sum(1 for count in lines.values() if count)
        covered, total = covered + hit, total + len(lines)
        print(f"{100 * hit / max(1, len(lines)):6.1f} %  {hit:5}/{len(lines):<5}  {name}")
    print(f"{100 * covered / max(1, total):6.1f} %  {covered:5}/{total:<5}  all")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`hansard search` as people use it: beside a server, without one, and over a database that is wrong.

usage: search_command_check.py HANSARD_BINARY
"""
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile


class Directory:
    def __init__(self, binary, data):
        self.binary, self.data = binary, data
        self.database = data / "search" / "texts.sqlite"

    def hansard(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--data", str(self.data)],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
        return done.stdout

    def found(self, *query):
        return json.loads(self.hansard("search", *query, "--json"))

    def serve(self, ask, *more):
        """Runs `ask` beside a server; what the server wrote to its log."""
        with tempfile.TemporaryFile("w+") as log:
            server = subprocess.Popen(
                [self.binary, "serve", "--data", str(self.data), "--listen", "127.0.0.1:0", *more],
                stdout=subprocess.PIPE, stderr=log, text=True)
            try:
                if not server.stdout.readline().startswith("hansard listens"):
                    server.wait()
                    log.seek(0)
                    raise SystemExit("the server does not start: " + log.read())
                ask()
            finally:
                server.terminate()
                server.wait()
            log.seek(0)
            return log.read()

    def files(self):
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size)
                for path in sorted(self.data.rglob("*"))}

    def change(self, statement):
        connection = sqlite3.connect(self.database)
        connection.execute(statement)
        connection.commit()
        connection.close()


def expect(found, wanted, where):
    if found != wanted:
        raise SystemExit(f"{where}\n  found:  {found!r}\n  wanted: {wanted!r}")


def main():
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="hansard-search-"))
    try:
        one = Directory(sys.argv[1], scratch / "data")
        beside = {}

        def ask():
            one.hansard("projections", "rebuild", "search")  # and waits until it is there
            beside["parcel"] = one.found("parcel")
            shown = one.hansard("search", "late", "parcel", "--user", "ada")
            expect("[late]" in shown.lower() and "[parcel]" in shown.lower(), True, shown)
            expect("message " in shown and " of " in shown, True, shown)
            expect(one.hansard("search", "parcel", "--user", "nobody"), "nothing found\n", "nobody")

        one.serve(ask, "--sample")
        hits = beside["parcel"]["hits"]
        expect(len(hits) > 1, True, "hits")

        # Without a server: the same, of a copy; nothing in the directory changes.
        before = one.files()
        expect(one.found("parcel")["hits"], hits, "without a server")
        expect(one.files(), before, "a directory that is read only")
        page = one.found("parcel", "--limit", "1")
        rest = one.found("parcel", "--cursor", page["next"])
        expect(page["hits"] + rest["hits"], hits, "pages")

        # One that is right is kept.
        expect("built anew" in one.serve(lambda: expect(one.found("parcel")["hits"], hits, "again")),
               False, "a start over a sound database")

        # Whatever is wrong with the database, it is built anew, and the log says why.
        def damage():
            one.database.write_bytes(b"SQLite format 3\0" + b"\xa5" * 20000)

        wrongs = [
            (damage, "damaged"),
            (lambda: one.change("PRAGMA user_version=99"), "a newer version"),
            (lambda: one.change("UPDATE state SET log='another'"), "another log"),
            (lambda: one.database.unlink(), None),
        ]
        for wrong, reason in wrongs:
            wrong()
            expect(one.found("parcel")["hits"], hits, f"without a server, {reason}")
            said = one.serve(lambda: expect(
                one.found("parcel", "--session", "sample-parcel")["matched"] >= 0, True, "serving"))
            if reason and (reason not in said or "built anew" not in said):
                raise SystemExit(f"no notice of {reason!r} in the log:\n{said}")
            expect(one.found("parcel")["hits"], hits, f"after {reason}")
        one.hansard("verify")
        one.hansard("doctor")
        print("search command: as it should be")
        return 0
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())

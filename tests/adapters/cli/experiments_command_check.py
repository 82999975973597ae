"""`hansard experiments` through the program, in a directory of its own and beside a server.

usage: experiments_command_check.py HANSARD_BINARY
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time


def run(binary, place, *arguments, code=0):
    done = subprocess.run([binary, "experiments", *place, *arguments], capture_output=True,
                          text=True)
    if done.returncode != code:
        raise SystemExit(f"{' '.join(arguments)}: exit {done.returncode}, not {code}\n"
                         f"{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def expect(text, wanted, where):
    if wanted not in text:
        raise SystemExit(f"{where}\n  found:  {text!r}\n  wanted: {wanted!r}")


def life(binary, place, name):
    """Everything that can be asked of one experiment."""
    def ask(*arguments, code=0):
        return run(binary, place, *arguments, code=code)
    plan = ["create", name, "--variant", "name=a", "--variant",
            "name=b,model=m2,temperature:=0", "--metric", "thumbs", "--guardrail", "cost_usd:0.1"]
    expect(ask(*plan), "done", "create")
    expect(ask(*plan), "already", "the same again")
    expect(ask(*plan, "--alpha", "0.01", code=10), "alpha", "another plan")
    expect(ask("create", "odd", "--variant", "name=a", "--metric", "x", code=3), "2 to 16", "one")
    expect(ask("create", "odd", "--a", "greet@1", "--b", "greet@2", "--metric", "x", code=8),
           "there is no prompt greet", "prompts that are not there")
    expect(ask("create", "odd", "--variant", "name=a", "--variant", "name=b", "--metric", "x",
               "--alpha", "NaN", code=3), "alpha", "no number")
    expect(ask("assign", name, "ada"), "planned", "before the start")
    expect(ask("start", name), "done", "start")
    expect(ask("assign", name, "ada"), "not exposed yet", "assign")
    expect(ask("outcome", name, "ada", "thumbs", "true", code=7), "not exposed", "too early")
    expect(ask("expose", name, "ada"), "done", "expose")
    expect(ask("expose", name, "ada"), "already", "expose again")
    expect(ask("assign", name, "ada"), "on record", "assign again")
    expect(ask("outcome", name, "ada", "thumbs", "true"), "done", "outcome")
    expect(ask("outcome", name, "ada", "thumbs", "true"), "already", "outcome again")
    expect(ask("outcome", name, "ada", "thumbs", "false", code=10), "revision 2", "another value")
    expect(ask("outcome", name, "ada", "thumbs", "false", "--revision", "2"), "done", "correction")
    expect(ask("weights", name, "a=0.9", "b=0.2", code=3), "add up to 1.1", "weights")
    expect(ask("weights", name, "a=0.9", "b=0.1", "--comment", "careful"), "done", "weights")
    expect(ask("decide", name), "nothing was done", "decide")
    expect(ask("list"), name, "list")
    expect(ask("list", "--status", "planned"), "no experiments", "none is planned")
    expect(ask("pause", name), "done", "pause")
    expect(ask("stop", name, "--comment", "enough"), "done", "stop")
    expect(ask("start", name, code=8), "is over", "over")
    listed = json.loads(ask("list", "--json"))["experiments"]
    expect(listed[-1]["status"], "stopped", "list --json")


def main():
    binary = sys.argv[1]
    expect(run(binary, [], "create", "--help"), "(200)", "help tells the defaults")
    with tempfile.TemporaryDirectory() as folder:
        data = str(pathlib.Path(folder) / "data")
        life(binary, ["--data", data], "alone")
        server = subprocess.Popen([binary, "serve", "--data", data, "--listen", "127.0.0.1:0"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 30
            while not (pathlib.Path(data) / "hansard.sock").exists():
                if server.poll() is not None or time.monotonic() > until:
                    raise SystemExit("the server did not start")
                time.sleep(0.02)
            life(binary, ["--data", data], "served")
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)


main()

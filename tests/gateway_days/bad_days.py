"""Many clients, and a provider with every fault there is: nothing leaks, nothing sticks, all is on record.

At the end no call is under way, every descriptor is back, memory that nothing bounds has not grown, each
answer that a client has whole is on record with the same text, and each request on record has one outcome,
of a kind that its day allows.

usage: bad_days.py HANSARD_BINARY SECONDS CLIENTS
"""
import asyncio
import collections
import json
import os
import random
import sys
import tempfile
import time

from faulty_provider import DAYS, FaultyProvider, api_of, read_head
from memory import Samples, descriptors
from server import Server, eventually

SEED = int(os.environ.get("HANSARD_TEST_SEED", "20261123"))
PATHS = ("/openai/v1/chat/completions", "/openai/v1/responses", "/anthropic/v1/messages",
         "/ollama/api/chat")
# MB a minute, where there are minutes to tell: 600 bytes a call at the rate that clients here reach.
GROWTH_MAX = 20.0
RESIDENT_MAX = 768.0
TURNS_MAX = 6
CALL_SECONDS = 30
LASTS = {"chat": b"data: [DONE]", "responses": b"event: response.completed",
         "messages": b"event: message_stop", "ollama": b'"done": true'}


class Connection:
    """To the server; used again as long as answers end well."""

    def __init__(self, port):
        self.port = port
        self.writer = None

    async def call(self, path, document, fields, leave_after):
        """(status, body, whole): read to its end, or until we leave."""
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        body = json.dumps(document).encode()
        lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in fields.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        received = bytearray()
        status = 0
        try:
            async with asyncio.timeout(leave_after or CALL_SECONDS):
                first, told = await read_head(self.reader)
                status = int(first.split()[1])
                if "content-length" in told:
                    received += await self.reader.readexactly(int(told["content-length"]))
                else:
                    while size := int(await self.reader.readuntil(b"\r\n"), 16):
                        received += (await self.reader.readexactly(size + 2))[:-2]
                    await self.reader.readexactly(2)
        except TimeoutError:
            self.close()
            if leave_after is None:
                raise SystemExit(f"{path}: an answer did not end within {CALL_SECONDS} s")
            return status, bytes(received), False
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            return status, bytes(received), False
        return status, bytes(received), True

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.writer = None


class Clients:
    def __init__(self, port, until):
        self.port, self.until = port, until
        self.told = {}  # by the text of the user: (day, outcome, answer)
        self.problems = []

    async def drive(self, number):
        chance = random.Random(SEED * 1000 + number)
        connection = Connection(self.port)
        days = list(DAYS)
        shares = [DAYS[day].share for day in days]
        turn = 0
        while time.monotonic() < self.until:
            path, history = chance.choice(PATHS), []
            for _ in range(chance.randint(1, TURNS_MAX)):
                turn += 1
                day = chance.choices(days, shares)[0]
                said = f"question {number}.{turn}"
                history.append({"role": "user", "content": said})
                outcome, answer = await self.one(connection, chance, path, day, said, history)
                if outcome != "whole" or time.monotonic() > self.until:
                    break
                history.append({"role": "assistant", "content": answer})
            await asyncio.sleep(chance.uniform(0, 0.05))
        connection.close()

    async def one(self, connection, chance, path, day, said, history):
        api = api_of(path)
        answer = f"answer to {said}: " + " ".join("word" * chance.randint(1, 2)
                                                  for _ in range(chance.randint(1, 30)))
        stream = day != "whole" and (day != "slow" or chance.random() < 0.5)
        document = {"model": "m", "stream": stream, "max_tokens": 100}
        document["input" if api == "responses" else "messages"] = history
        leave_after = {"endless": chance.uniform(0.02, 0.3), "silent": chance.uniform(0.005, 0.2),
                       "leave": chance.uniform(0.001, 0.05)}.get(day)
        status, body, ended = await connection.call(
            path, document, {"X-Day": day, "X-Answer": answer}, leave_after)
        if status >= 400:
            outcome = "refused"
        elif ended and status == 200 and (not stream or LASTS[api] in body):
            outcome = "whole"
        else:
            outcome = "left" if leave_after is not None else "broken"
        if outcome not in DAYS[day].client and not (outcome == "refused" and leave_after):
            self.problems.append(f"{day} of {api} ended as {outcome} ({status}): {body[-200:]}")
        self.told[said] = (day, outcome, answer)
        return outcome, answer


def plain(event):
    return "".join(part.get("text", "") for part in event["content"].get("parts", []))


def recorded(events):
    """By what the user said: the outcomes of the call about it, each (type or reason, text)."""
    calls, about, waiting = {}, {}, {}
    for event in events:
        facts, stream = event["facts"], event["stream"]
        if event["type"] == "MessageSent":
            waiting[stream] = plain(event)
        elif event["type"] == "ResponseRequested":
            about[facts["call_id"]] = waiting[stream]
            calls.setdefault(waiting[stream], [])
        elif event["type"] == "ResponseReceived":
            calls[about[facts["call_id"]]].append(("received", plain(event)))
        elif event["type"] == "ResponseFailed":
            calls[about[facts["call_id"]]].append((facts["reason"], plain(event)))
    return calls


def compare(told, calls):
    problems = []
    for said, outcomes in calls.items():
        if len(outcomes) != 1:
            problems.append(f"{said}: {len(outcomes)} outcomes on record")
    for said, (day, outcome, answer) in told.items():
        outcomes = calls.get(said, [])
        if not outcomes:
            if outcome != "left":  # it may leave before its request has come
                problems.append(f"{said}: {day}, {outcome}, and not on record")
            continue
        kind, text = outcomes[0]
        if kind not in DAYS[day].recorded:
            problems.append(f"{said}: {day} is on record as {kind}")
        if outcome == "whole" and (kind, text) != ("received", answer):
            problems.append(f"{said}: the client has it whole, on record is {kind}: {text}")
        if kind == "received" and text != answer:
            problems.append(f"{said}: answered {answer!r}, on record is {text!r}")
    return problems


def under_way(server):
    rows = json.loads(server.get("/v1/providers"))["providers"]
    return (sum(row["calls_active"] for row in rows), sum(row["connections_idle"] for row in rows),
            sum(row["connections_open"] for row in rows))


async def run(server, provider, seconds, count):
    url = await provider.start()
    server.start("".join(f'[providers.{name}]\nbase_url = "{url}"\n'
                         for name in ("openai", "anthropic", "ollama")))
    warm = Clients(server.it.port, 0)
    first = Connection(server.it.port)
    for path in PATHS:  # what the first call makes it open stays
        await warm.one(first, random.Random(0), path, "stream", path,
                       [{"role": "user", "content": "warm"}])
    first.close()
    samples = Samples(server.it.process.pid)
    begun = time.monotonic()
    before = await asyncio.to_thread(idle_descriptors, server.it)
    clients = Clients(server.it.port, begun + seconds)
    tasks = [asyncio.create_task(clients.drive(number)) for number in range(count)]
    while not all(task.done() for task in tasks):
        metrics = await asyncio.to_thread(server.it.get, "/metrics")
        samples.take(time.monotonic() - begun, metrics.decode())
        await asyncio.wait(tasks, timeout=0.5)
    for task in tasks:
        task.result()
    return clients, samples, before


class Later:
    """A server that is started when the provider's address is known."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.it = None

    def start(self, toml):
        self.it = Server(self.binary, self.folder, toml)


def main():
    binary, seconds, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    rounds = os.environ.get("HANSARD_TEST_ROUNDS")
    if rounds and seconds >= 60:
        seconds = 60.0 * max(1, min(60, int(rounds)))
    print(f"seed {SEED}, {seconds:.0f} s, {count} clients", flush=True)
    provider = FaultyProvider(SEED)
    with tempfile.TemporaryDirectory(prefix="hansard-bad-days-") as folder:
        server = Later(binary, folder)

        async def whole_run():
            clients, samples, before = await run(server, provider, seconds, count)
            # The provider must go on while its connections are let go of.
            problems = await asyncio.to_thread(settle, server.it, before)
            return clients, samples, problems

        clients, samples, problems = asyncio.run(whole_run())
        calls = recorded(server.it.events())
        server.it.stop()
    calls = {said: outcomes for said, outcomes in calls.items() if said.startswith("question")}
    problems += clients.problems + compare(clients.told, calls)
    days = collections.Counter((day, outcome) for day, outcome, _ in clients.told.values())
    kinds = collections.Counter(kind for outcomes in calls.values() for kind, _ in outcomes)
    growth = samples.growth_per_minute()
    print(f"{len(clients.told)} calls, {provider.calls} of the provider; on record {dict(kinds)}")
    print("by day: " + ", ".join(f"{day} {outcome} {n}" for (day, outcome), n in sorted(days.items())))
    print(f"memory: at most {samples.peak():.1f} MB; {growth:+.2f} MB a minute that nothing bounds")
    for seconds_in, resident, rest in samples.some(10 if seconds >= 120 else 1):
        print(f"  {seconds_in:6.1f} s {resident:8.1f} MB {rest:8.1f} MB that nothing bounds")
    if samples.peak() > RESIDENT_MAX:
        problems.append(f"{samples.peak():.0f} MB resident")
    if seconds >= 120 and growth > GROWTH_MAX:
        problems.append(f"memory grows by {growth:.2f} MB a minute")
    for problem in problems[:20]:
        print(problem)
    raise SystemExit(f"{len(problems)} problems" if problems else 0)


def idle_descriptors(server):
    """When no client is there and nothing is under way: without idle connections to providers."""
    eventually(lambda: under_way(server)[0] == 0, "calls are still under way")
    seen = collections.deque(maxlen=20)

    def steady():
        seen.append(descriptors(server.process.pid) - under_way(server)[2])
        return len(seen) == seen.maxlen and len(set(seen)) == 1

    eventually(steady, "descriptors come and go though nobody is there")
    return seen[-1]


def settle(server, before):
    """When all clients have left: nothing is under way, and nothing is open but idle connections."""
    problems = []
    after = idle_descriptors(server)
    if after > before:
        problems.append(f"descriptors leak: {before} before, {after} now")
    _, idle, opened = under_way(server)
    if opened != idle:
        problems.append(f"{opened} connections to providers, {idle} of them idle")
    print(f"descriptors: {before} before, {after} after, without {idle} idle connections")
    return problems


main()

"""A provider on its bad days. Each call says in `X-Day` which of them it has, and in `X-Answer` what is said.

Every day has its defined outcome: what the client must have, and what must be on record.
"""
import asyncio
import json
import random
import socket
import struct

import frames

STATUSES = (429, 500, 503, 529)


class Day:
    """How a call goes: whether the client has a whole answer, leaves by itself, or is told an error; and
    which outcomes may be on record (`received`, or reasons of a failure)."""

    def __init__(self, share, client, recorded):
        self.share, self.client, self.recorded = share, client, recorded


# Outcomes of a client: `whole`, `refused` (an HTTP error), `broken` (no whole answer), `left`.
DAYS = {
    "whole": Day(20, {"whole"}, {"received"}),
    "stream": Day(25, {"whole"}, {"received"}),
    "slow": Day(5, {"whole"}, {"received"}),
    "closes": Day(5, {"whole"}, {"received"}),
    "status": Day(6, {"refused"}, {"error"}),
    "reset": Day(4, {"refused"}, {"error"}),
    "reset_midway": Day(5, {"broken"}, {"truncated", "error"}),
    "garbage": Day(3, {"refused"}, {"error"}),
    "no_end": Day(5, {"broken"}, {"truncated"}),
    "error_within": Day(5, {"broken"}, {"error"}),
    "endless": Day(5, {"left"}, {"cancelled"}),
    "silent": Day(5, {"left"}, {"cancelled"}),
    "leave": Day(7, {"left", "whole"}, {"cancelled", "received"}),
}

ERRORS_WITHIN = {
    "chat": 'data: {"error":{"message":"overloaded","type":"server_error"}}\n\n',
    "responses": 'event: error\ndata: {"type":"error","code":"server_error","message":"x","param":null}\n\n',
    "messages": 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n',
    "ollama": '{"error":"overloaded"}\n',
}


def api_of(path):
    return next(api for api, end in (("chat", "/v1/chat/completions"), ("responses", "/responses"),
                                     ("messages", "/messages"), ("ollama", "/api/chat"))
                if path.endswith(end))


def streamed(api, words):
    told = frames.chat(words, True) if api == "chat" else getattr(frames, api)(words)
    return [frame.encode() for frame in told]


def whole(api, text):
    """An answer without a stream."""
    counts = {"input_tokens": frames.USAGE_IN, "output_tokens": frames.USAGE_OUT}
    message = {"role": "assistant", "content": text}
    if api == "chat":
        return {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [
            {"index": 0, "message": message, "finish_reason": "stop"}], "usage": {
                "prompt_tokens": frames.USAGE_IN, "completion_tokens": frames.USAGE_OUT,
                "total_tokens": frames.USAGE_IN + frames.USAGE_OUT}}
    if api == "responses":
        return {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "status": "completed",
                "output": [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
                            "content": [{"type": "output_text", "text": text, "annotations": []}]}],
                "usage": {**counts, "total_tokens": frames.USAGE_IN + frames.USAGE_OUT}}
    if api == "messages":
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "usage": counts,
                "content": [{"type": "text", "text": text}], "stop_reason": "end_turn",
                "stop_sequence": None}
    return {"model": "m", "created_at": "2024-05-24T20:57:43Z", "message": message, "done": True,
            "done_reason": "stop", "prompt_eval_count": frames.USAGE_IN, "eval_count": frames.USAGE_OUT}


def words_of(text):
    pieces = text.split(" ")
    return [pieces[0], *(" " + piece for piece in pieces[1:])]


async def read_head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head[:-4].split("\r\n")
    return first, {name.lower(): value.strip() for name, _, value in
                   (line.partition(":") for line in lines)}


def reset(writer):
    """Ends a connection so that the other side is told it is broken."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class FaultyProvider:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.calls = 0

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=512)
        return "http://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            while await self.one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, the server keeps fewer connections, or all is over
        finally:
            writer.close()

    async def one(self, reader, writer):
        """One call; whether the connection serves another."""
        first, fields = await read_head(reader)
        body = json.loads(await reader.readexactly(int(fields["content-length"])))
        self.calls += 1
        api, day, text = api_of(first.split()[1]), fields["x-day"], fields["x-answer"]
        if day == "reset":
            reset(writer)
            return False
        if day == "garbage":
            writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            await writer.drain()
            return False
        if day == "silent":
            await reader.read(1)  # until the other side has gone
            return False
        if day == "slow":
            await asyncio.sleep(self.chance.uniform(0.02, 0.2))
        if day == "status":
            status = self.chance.choice(STATUSES)
            told = json.dumps({"error": {"message": "not now", "type": "busy"}}).encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                         b"Retry-After: 1\r\n\r\n%b" % (status, len(told), told))
        elif body.get("stream", api == "ollama"):
            await self.stream(writer, api, day, text)
        else:
            told = json.dumps(whole(api, text)).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                         % (len(told), told))
        await writer.drain()
        return day not in ("closes", "reset_midway")

    async def stream(self, writer, api, day, text):
        kind = b"application/x-ndjson" if api == "ollama" else b"text/event-stream"
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nTransfer-Encoding: chunked\r\n\r\n" % kind)
        told = streamed(api, words_of(text))
        if day == "endless":
            # All but the last frames, and the words again and again, until nobody listens.
            delta = told[len(told) // 2]
            while not writer.is_closing():
                await self.send(writer, delta)
                await asyncio.sleep(0.005)
            raise ConnectionResetError
        if day in ("reset_midway", "error_within", "no_end"):
            told = told[:len(told) // 2]
        if day == "error_within":
            told.append(ERRORS_WITHIN[api].encode())
        await self.send(writer, b"".join(told), pause=day in ("stream", "leave"))
        if day == "reset_midway":
            reset(writer)
            raise ConnectionResetError
        writer.write(b"0\r\n\r\n")

    async def send(self, writer, data, pause=False):
        """Cut anywhere: within frames, lines and characters."""
        while data:
            size = self.chance.randint(1, 300)
            piece, data = data[:size], data[size:]
            if writer.is_closing():
                raise ConnectionResetError
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if pause and self.chance.random() < 0.1:
                await writer.drain()
                await asyncio.sleep(self.chance.uniform(0, 0.01))
        await writer.drain()

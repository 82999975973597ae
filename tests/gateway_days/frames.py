"""Streamed answers of four APIs as their providers write them: a list of frames for a list of words."""
import json

USAGE_IN, USAGE_OUT = 9, 4


def chat(words, usage):
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas = [{"role": "assistant", "content": ""}, *({"content": word} for word in words), {}]
    chunks = [{**base, "choices": [{"index": 0, "delta": delta,
                                    "finish_reason": None if delta else "stop"}]} for delta in deltas]
    if usage:
        chunks.append({**base, "choices": [], "usage": {
            "prompt_tokens": USAGE_IN, "completion_tokens": USAGE_OUT,
            "total_tokens": USAGE_IN + USAGE_OUT}})
    return [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"]


def responses(words):
    text = "".join(words)
    whole = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m", "error": None,
             "status": "completed", "output": [{"id": "msg_1", "type": "message", "role": "assistant",
                                                "status": "completed", "content": [
                 {"type": "output_text", "text": text, "annotations": []}]}],
             "usage": {"input_tokens": USAGE_IN, "output_tokens": USAGE_OUT,
                       "total_tokens": USAGE_IN + USAGE_OUT}}
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {**whole["output"][0], "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    events = [("created", {"response": begun}), ("in_progress", {"response": begun}),
              ("output_item.added", {"output_index": 0, "item": item}),
              ("content_part.added", {**at, "part": part}),
              *(("output_text.delta", {**at, "delta": word}) for word in words),
              ("output_text.done", {**at, "text": text}),
              ("content_part.done", {**at, "part": whole["output"][0]["content"][0]}),
              ("output_item.done", {"output_index": 0, "item": whole["output"][0]}),
              ("completed", {"response": whole})]
    return [f"event: response.{name}\ndata: " + json.dumps(
        {"type": f"response.{name}", "sequence_number": n, **body}) + "\n\n"
            for n, (name, body) in enumerate(events)]


def messages(words):
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": [],
             "stop_reason": None, "stop_sequence": None,
             "usage": {"input_tokens": USAGE_IN, "output_tokens": 1}}
    events = [("message_start", {"message": start}),
              ("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
              ("ping", {}),
              *(("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": word}})
                for word in words),
              ("content_block_stop", {"index": 0}),
              ("message_delta", {"delta": {"stop_reason": "end_turn", "stop_sequence": None},
                                 "usage": {"output_tokens": USAGE_OUT}}),
              ("message_stop", {})]
    return [f"event: {name}\ndata: {json.dumps({'type': name, **body})}   \n\n" for name, body in events]


def ollama(words):
    base = {"model": "m", "created_at": "2024-05-24T20:57:43Z"}
    lines = [{**base, "message": {"role": "assistant", "content": word}, "done": False} for word in words]
    lines.append({**base, "message": {"role": "assistant", "content": ""}, "done": True,
                  "done_reason": "stop", "prompt_eval_count": USAGE_IN, "eval_count": USAGE_OUT})
    return [json.dumps(line) + "\n" for line in lines]

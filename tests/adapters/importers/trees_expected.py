"""What logs of agents and exports of trees say, told without Hansard.

A tree is told by its paths: for every leaf one conversation, from the beginning to the leaf. That is
what the history of a session shows, whether it is the first branch or one that left another.
"""
import collections

from sets_expected import Session, Turn, at


def paths(parents, order):
    """From the beginning to every leaf. `parents`: node -> parent or None; `order`: all nodes."""
    inner = {parent for parent in parents.values() if parent is not None}
    for leaf in order:
        if leaf in inner:
            continue
        path, node = [], leaf
        while node is not None:
            path.insert(0, node)
            node = parents[node]
        yield path


def tree_sessions(parents, order, turns, attached):
    """One session a leaf; what stands beside the conversation is counted for all together."""
    for number, path in enumerate(paths(parents, order)):
        session = Session(None, [turn for node in path for turn in turns[node]],
                          attached=attached if number == 0 else 0)
        session.attached_here = None
        yield session


# ---- Claude Code -------------------------------------------------------------------------------

def blocks_of(message):
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def anthropic_total(usage):
    kinds = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens",
             "output_tokens")
    return sum(usage.get(kind) or 0 for kind in kinds)


def claude_code(lines):
    """Lines of one answer are one node; results belong to the node of the answer they follow."""
    chained = not any(line.get("parentUuid") for line in lines)
    parents, order, attached = {}, [], 0
    node_of = {}  # uuid of a line -> the node that goes on from it
    answers = collections.defaultdict(list)
    said = {}
    last = {}
    for number, line in enumerate(lines):
        side = line.get("agentId") if line.get("isSidechain") else None
        above = line.get("parentUuid") or line.get("logicalParentUuid")
        parent = last.get(side) if chained else node_of.get(above)
        message = line.get("message")
        if line.get("isApiErrorMessage"):
            node_of[line.get("uuid")] = parent
            continue
        if line["type"] not in ("user", "assistant") or line.get("isMeta"):
            attached += 1
            node_of[line.get("uuid")] = parent
            continue
        if line["type"] == "assistant":
            node = message.get("id") or f"line {number}"
            answers[node].append(line)
            if len(answers[node]) == 1:
                parents[node] = parent
                order.append(node)
        elif all(block["type"] == "tool_result" for block in blocks_of(message)):
            # The result is part of the conversation after its call.
            node = parent
            said.setdefault(node, []).append(line)
        else:
            node = line.get("uuid") or f"line {number}"
            parents[node] = parent
            order.append(node)
            said[node] = [line]
        node_of[line.get("uuid")] = node
        last[side] = node
    turns = {}
    for node in order:
        turns[node] = [answer_turn(answers[node])] if node in answers else []
        for line in said.get(node, []):
            turns[node] += user_turns(line)
    yield from tree_sessions(parents, order, turns, attached)


def answer_turn(lines):
    blocks = [block for line in lines for block in blocks_of(line["message"])]
    usages = [line["message"]["usage"] for line in lines if "usage" in line["message"]]
    usage = max(usages, key=lambda each: each["output_tokens"], default=None)
    return Turn("assistant",
                "\n".join(block["text"] for block in blocks if block["type"] == "text"),
                [(block["name"], block["input"]) for block in blocks
                 if block["type"] == "tool_use"],
                model=lines[-1]["message"].get("model"),
                raw_usage=None if usage is None else {"total": anthropic_total(usage)},
                thoughts=[block["thinking"] for block in blocks if block["type"] == "thinking"],
                occurred_at=at(lines[-1].get("timestamp")))


def user_turns(line):
    time = at(line.get("timestamp"))
    texts = []
    for block in blocks_of(line["message"]):
        if block["type"] == "tool_result":
            yield Turn("tool", result=block["content"], occurred_at=time)
        else:
            texts.append(block["text"])
    if texts:
        yield Turn("user", "\n".join(texts), occurred_at=time)


# ---- Codex -------------------------------------------------------------------------------------

def codex(records):
    name, model, total, turns, attached = None, None, 0, [], 0
    answer = []  # items of the model that no other item has interrupted
    texts = collections.Counter()
    echoes = collections.Counter()

    def end():
        if not answer:
            return
        items = [record["payload"] for record in answer]
        turns.append(Turn(
            "assistant",
            "\n".join(part["text"] for item in items if item["type"] == "message"
                      for part in item["content"]),
            [(item["name"], item.get("arguments", item.get("input"))) for item in items
             if item["type"].endswith("_call")],
            thoughts=[part["text"] for item in items if item["type"] == "reasoning"
                      for part in item["summary"]],
            model=model, occurred_at=at(answer[-1]["timestamp"])))
        answer.clear()

    for record in records:
        kind, payload = record["type"], record["payload"]
        of = payload.get("type")
        if kind == "session_meta":
            name = payload["id"]
        elif kind == "turn_context":
            end()
            model = payload["model"]
        elif kind == "response_item" and of.endswith("_output"):
            end()
            turns.append(Turn("tool", result=payload["output"],
                              occurred_at=at(record["timestamp"])))
        elif kind == "response_item":
            texts.update(part["text"] for part in payload.get("content", []) +
                         payload.get("summary", []))
            if payload.get("role") == "user":
                end()
                turns.append(Turn("user", payload["content"][0]["text"],
                                  occurred_at=at(record["timestamp"])))
            else:
                answer.append(record)
        elif of == "token_count":
            sums = (payload["info"] or {}).get("total_token_usage")
            if sums is None:
                attached += 1
            elif sums["total_tokens"] > total:
                end()
                turns[-1].facts["raw_usage"] = {"total": sums["total_tokens"] - total}
                total = sums["total_tokens"]
        elif of in ("user_message", "agent_message", "agent_reasoning"):
            echoes[payload.get("message", payload.get("text"))] += 1
        elif kind == "compacted" or of == "error":
            end()
        else:
            attached += 1
    end()
    attached += sum((echoes - texts).values())
    yield Session(name, turns, attached=attached)


# ---- ChatGPT -----------------------------------------------------------------------------------

def chatgpt(conversations):
    for conversation in conversations:
        mapping = conversation["mapping"]
        above, turns, attached = {}, {}, 0
        order = []

        def kept(node):
            """The nearest node from here up that says something."""
            while node is not None and node not in turns:
                node = mapping[node]["parent"]
            return node

        callers = {}
        for node, entry in mapping.items():
            if entry["message"] is None:
                continue
            turn, beside = chatgpt_turn(entry["message"])
            attached += beside
            if turn is None:
                continue
            above[node] = kept(entry["parent"])
            turns[node] = [turn]
            order.append(node)
            if turn.calls:
                callers[turn.calls[0][0]] = node
            elif turn.role == "tool" and callers.pop(entry["message"]["author"]["name"],
                                                     None) is None:
                attached += 1
        yield from tree_sessions(above, order, turns, attached)


def chatgpt_turn(message):
    """The turn, and how many records stand beside it instead."""
    content, role = message["content"], message["author"]["role"]
    facts = {"occurred_at": at(message["create_time"])}
    kind = content["content_type"]
    if role == "tool":
        result = content["text"] if kind == "execution_output" else content
        return Turn("tool", result=result, **facts), 0
    if kind not in ("text", "multimodal_text", "code", "thoughts"):
        return None, 1
    if role == "assistant":
        facts["model"] = message["metadata"].get("model_slug")
        facts["thoughts"] = [each["content"] for each in content.get("thoughts", [])]
    if message["recipient"] != "all":
        return Turn(role, "", [(message["recipient"], content["text"])], **facts), 0
    parts = content.get("parts", [])
    return Turn(role, "\n".join(part for part in parts if isinstance(part, str)), **facts), 0

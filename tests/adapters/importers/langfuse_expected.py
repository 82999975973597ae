"""What a Langfuse trace export says, told without Hansard (see sets_expected.py)."""
import json

from sets_expected import Session, Turn, at


def unwrapped(value):
    """JSON that was stored as text of JSON."""
    while isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"'):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return value


def said_in(output):
    """(text, calls) of an answer in the forms the shared traces have."""
    value = unwrapped(output)
    if isinstance(value, str):
        return value, []
    if isinstance(value, list) and "toolName" in value[0]:
        return "", [(call["toolName"], call["input"]) for call in value]
    if isinstance(value, list):
        (value,) = value
    if "choices" in value:
        value = value["choices"][0]["message"]
    elif "candidates" in value:
        value = value["candidates"][0]["content"]
    value = value.get("message", value)
    content = value.get("parts", value.get("content"))
    texts, calls = [], []
    if isinstance(content, list):
        for part in content:
            if part.get("type") == "tool_use":
                calls.append((part["name"], part["input"]))
            else:
                texts.append(part["text"] if "text" in part else part["content"])
    elif content:
        texts.append(content)
    listed = value.get("tool_calls") or value.get("additional_kwargs", {}).get("tool_calls") or []
    calls += [(call["function"]["name"], call["function"]["arguments"]) for call in listed]
    return "\n".join(texts), calls


def traces(records):
    """One session a trace. The turns are its model calls; messages they were sent are checked by
    what the trace is known to have been asked."""
    for record in records:
        trace, observations = record["export"]["trace"], record["export"]["observations"]
        by_id = {each["id"]: each for each in observations}
        generations = [each for each in observations if each["type"] == "GENERATION"]
        around = set()
        for each in generations:
            up = by_id.get(each["parentObservationId"])
            while up is not None:
                around.add(up["id"])
                up = by_id.get(up["parentObservationId"])
        turns, represented = [], set()
        tools_asked = set()
        for each in sorted(generations, key=lambda e: (e["startTime"], e["id"])):
            if each["id"] in around:
                continue
            represented.add(each["id"])
            output = each["output"]
            outer = by_id.get(each["parentObservationId"], {})
            if output in (None, "None") and outer.get("type") == "GENERATION":
                output = outer["output"]
            text, calls = said_in(output)
            tools_asked |= {tool for tool, _ in calls}
            inner = unwrapped(output)
            model = inner.get("model") if isinstance(inner, dict) else None
            turns.append(Turn("assistant", text, calls, model=model or each["model"],
                              raw_usage=each["usageDetails"] or None, call_id=each["id"],
                              occurred_at=at(each["endTime"])))
        for each in observations:
            if each["type"] == "TOOL" or (each["type"] == "SPAN" and each["name"] in tools_asked):
                represented.add(each["id"])
                turns.append(Turn("tool", result=each["output"], occurred_at=at(each["endTime"])))
        unknown_inputs = sum(unwrapped(each["input"]) == {"content": "role"}
                             for each in observations if each["id"] in represented)
        scores = [(score["name"], score["value"]) for score in trace["scores"]]
        tags = {"langfuse_session": trace["sessionId"]} if trace["sessionId"] else {}
        session = Session(trace["id"], turns, {**tags, **{tag: "true" for tag in trace["tags"]}},
                          scores, exact=False,
                          attached=len(observations) - len(represented) + unknown_inputs +
                          len(trace["corrections"]))
        session.asked = [text for text in asked_in(trace, observations) if text]
        yield session


def asked_in(trace, observations):
    """What the user is known to have said: the trace's own input, where it is readable."""
    value = unwrapped(trace["input"])
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [value[0]["parts"][0]["content"]]
    for key in ("prompt", "contents"):
        if isinstance(value.get(key), str):
            return [value[key]]
    messages = value.get("messages") or []
    return [each["content"] for each in messages if isinstance(each, dict)][:1]

#!/usr/bin/env python3
"""Makes the price book that is part of the program from a catalogue in LiteLLM's form.

Usage: make_default_book.py CATALOGUE.json DAY > prices.ndjson     DAY: when it was collected

The first line of the result says where the prices are from; every other line is an entry as in
events/pricing/entry.h. What we take over are facts: names, prices, windows of models in use at the
providers listed here. Prices become whole pico-USD; one that is no whole number stops the script.
"""
import decimal
import json
import re
import sys

# provider in the catalogue -> (ours, prefixes of its names, are these names the maker's own?)
PROVIDERS = {
    "openai": ("openai", ("openai/",), True),
    "text-completion-openai": ("openai", (), True),
    "anthropic": ("anthropic", (), True),
    "gemini": ("google", ("gemini/",), True),
    "mistral": ("mistral", ("mistral/",), True),
    "deepseek": ("deepseek", ("deepseek/",), True),
    "xai": ("xai", ("xai/",), True),
    "cohere": ("cohere", ("cohere/",), True),
    "cohere_chat": ("cohere", ("cohere/",), True),
    "dashscope": ("dashscope", ("dashscope/",), True),
    "moonshot": ("moonshot", ("moonshot/",), True),
    "perplexity": ("perplexity", ("perplexity/",), True),
    "voyage": ("voyage", ("voyage/",), True),
    "zai": ("zai", ("zai/",), True),
    "meta_llama": ("meta_llama", ("meta_llama/",), False),
    "groq": ("groq", ("groq/",), False),
    "together_ai": ("together_ai", ("together_ai/",), False),
    "fireworks_ai": ("fireworks_ai", ("fireworks_ai/",), False),
    "cerebras": ("cerebras", ("cerebras/",), False),
    "deepinfra": ("deepinfra", ("deepinfra/",), False),
    "openrouter": ("openrouter", ("openrouter/",), False),
    "azure": ("azure", ("azure/",), False),
    "azure_ai": ("azure_ai", ("azure_ai/",), False),
    "bedrock": ("bedrock", ("bedrock/",), False),
    "bedrock_converse": ("bedrock", ("bedrock/",), False),
    "vertex_ai-language-models": ("vertex_ai", ("vertex_ai/",), False),
    "vertex_ai-anthropic_models": ("vertex_ai", ("vertex_ai/",), False),
    "vertex_ai-mistral_models": ("vertex_ai", ("vertex_ai/",), False),
    "vertex_ai-llama_models": ("vertex_ai", ("vertex_ai/",), False),
}
MODES = {"chat", "responses", "completion", "embedding", "moderation", "audio_transcription",
         "audio_speech", "image_generation", "realtime"}
# Sizes of pictures, classes of sizes of models, regions of hosts: not names that answers give.
NOT_MODELS = re.compile(r"x-?\d{3,4}|(up-to|above)-\d|\db-(to-)?[\d.]+b$|^bedrock/|/commitment/|-default$"
                        r"|^(low|medium|high|standard|hd)/|steps/|container$|/$")

CLASSES = {
    "input_cost_per_token": "input_text",
    "cache_read_input_token_cost": "input_cache_read",
    "input_cost_per_audio_token": "input_audio",
    "input_cost_per_image_token": "input_image",
    "output_cost_per_token": "output_text",
    "output_cost_per_reasoning_token": "output_reasoning",
    "output_cost_per_audio_token": "output_audio",
    "output_cost_per_image_token": "output_image",
}
WRITE = "cache_creation_input_token_cost"
TIERS = {"": "standard", "_flex": "flex", "_priority": "priority", "_batches": "batch"}
UNITS = {"input_cost_per_second": "second", "input_cost_per_character": "character",
         "input_cost_per_request": "request", "code_interpreter_cost_per_session": "code_interpreter",
         "ocr_cost_per_page": "page"}
ORDER = ["input_text", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h",
         "input_cache_write_other", "input_audio", "input_image", "input_video", "output_text",
         "output_reasoning", "output_audio", "output_image"]

# Gone from the catalogue or never in it, still named by recordings: the last list prices of who sold
# them, in dollars per million tokens (input, cached, written for 5 min, for 1 h, output).
SONNET = (3, "0.3", "3.75", 6, 15)
OPUS = (15, "1.5", "18.75", 30, 75)
HAIKU_35 = ("0.8", "0.08", 1, "1.6", 4)
GEMINI_25_PRO = ("1.25", "0.31", None, None, 10)
RETIRED = {
    ("anthropic", "claude-3-5-sonnet-20240620"): SONNET,
    ("anthropic", "claude-3-5-sonnet-20241022"): SONNET,
    ("anthropic", "claude-3-5-sonnet-latest"): SONNET,
    ("anthropic", "claude-3-7-sonnet-latest"): SONNET,
    ("anthropic", "claude-sonnet-4-0"): SONNET,
    ("anthropic", "claude-3-5-haiku-20241022"): HAIKU_35,
    ("anthropic", "claude-3-5-haiku-latest"): HAIKU_35,
    ("anthropic", "claude-3-opus-latest"): OPUS,
    ("anthropic", "claude-opus-4-0"): OPUS,
    ("anthropic", "claude-3-sonnet-20240229"): (3, None, None, None, 15),
    ("anthropic", "claude-2.1"): (8, None, None, None, 24),
    ("anthropic", "claude-2.0"): (8, None, None, None, 24),
    ("anthropic", "claude-instant-1.2"): ("0.8", None, None, None, "2.4"),
    ("openai", "o1-preview"): (15, "7.5", None, None, 60),
    ("openai", "o1-mini"): ("1.1", "0.55", None, None, "4.4"),
    ("openai", "gpt-4.5-preview"): (75, "37.5", None, None, 150),
    ("openai", "gpt-4-32k"): (60, None, None, None, 120),
    ("openai", "gpt-4-vision-preview"): (10, None, None, None, 30),
    ("openai", "gpt-4-1106-vision-preview"): (10, None, None, None, 30),
    ("openai", "gpt-3.5-turbo-0613"): ("1.5", None, None, None, 2),
    ("openai", "gpt-3.5-turbo-0301"): ("1.5", None, None, None, 2),
    ("openai", "gpt-3.5-turbo-16k-0613"): (3, None, None, None, 4),
    ("openai", "text-davinci-003"): (20, None, None, None, 20),
    ("google", "gemini-1.5-pro"): ("1.25", "0.3125", None, None, 5),
    ("google", "gemini-1.5-flash"): ("0.075", "0.01875", None, None, "0.3"),
    ("google", "gemini-1.5-flash-8b"): ("0.0375", "0.01", None, None, "0.15"),
    ("google", "gemini-2.5-pro-preview-03-25"): GEMINI_25_PRO,
    ("google", "gemini-2.5-pro-preview-05-06"): GEMINI_25_PRO,
    ("google", "gemini-2.5-pro-preview-06-05"): GEMINI_25_PRO,
    ("groq", "llama3-8b-8192"): ("0.05", None, None, None, "0.08"),
    ("groq", "llama3-70b-8192"): ("0.59", None, None, None, "0.79"),
    ("groq", "mixtral-8x7b-32768"): ("0.24", None, None, None, "0.24"),
    ("groq", "gemma2-9b-it"): ("0.2", None, None, None, "0.2"),
    ("groq", "deepseek-r1-distill-llama-70b"): ("0.75", None, None, None, "0.99"),
    ("cerebras", "qwen-3-coder-480b"): (2, None, None, None, 2),
}
# Gemini 1.5 cost twice as much above 128,000 tokens.
RETIRED_LONG = {"gemini-1.5-pro": (128_000, ("2.5", "0.625", None, None, 10)),
                "gemini-1.5-flash": (128_000, ("0.15", "0.0375", None, None, "0.6")),
                "gemini-1.5-flash-8b": (128_000, ("0.075", "0.02", None, None, "0.3"))}
RETIRED_LONG |= {model: (200_000, ("2.5", "0.625", None, None, 15))
                 for _, model in RETIRED if model.startswith("gemini-2.5-pro")}
RETIRED_CLASSES = ["input_text", "input_cache_read", "input_cache_write_5m", "input_cache_write_1h",
                   "output_text"]


def whole(name, key, usd):
    pico = decimal.Decimal(usd) * 10**12
    if pico != int(pico) or pico < 0:
        raise SystemExit(f"{name}: {key} = {usd} is no whole number of pico-USD")
    return int(pico)


def ordered(rates):
    return {each: rates[each] for each in ORDER if each in rates}


def write_classes(name, facts):
    """Anthropic's models sell writes by life time; others have one price."""
    if "claude" in name or WRITE + "_above_1hr" in facts:
        return {WRITE: "input_cache_write_5m", WRITE + "_above_1hr": "input_cache_write_1h"}
    return {WRITE: "input_cache_write_other"}


def rates_of(name, facts, suffix):
    """The rates whose keys end in `suffix`, such as `_above_200k_tokens_priority`."""
    out = {}
    for stem, token_class in {**CLASSES, **write_classes(name, facts)}.items():
        usd = facts.get(stem + suffix)
        if usd is not None:
            out[token_class] = whole(name, stem + suffix, usd)
    if not suffix and "input_cache_read" not in out and "input_cost_per_token_cache_hit" in facts:
        out["input_cache_read"] = whole(name, "cache hit", facts["input_cost_per_token_cache_hit"])
    # An hour costs twice the input at every Claude; the catalogue has one number for all the older
    # ones and none for some.
    if "claude" in name and "input_cache_write_5m" in out and "input_text" in out:
        out["input_cache_write_1h"] = 2 * out["input_text"]
    # Nothing for something is how this catalogue says "not told"; and what costs less than reading
    # the text itself is no write to a cache but a read in the wrong place.
    text = out.get("input_text", 0)
    if text > 0:
        out = {k: v for k, v in out.items() if v and (v >= text or "_write_" not in k)}
    if facts.get("mode") == "embedding":
        out.pop("output_text", None)
    # Google asks one price for all that a model hears and sees, where it lists no other.
    google = facts.get("litellm_provider") in ("gemini", "vertex_ai-language-models")
    if google and "gemini" in name and facts.get("supports_audio_input"):
        if text > 0 and "input_cost_per_audio_token" not in facts:
            out["input_audio"] = text
    if out.get("output_reasoning") == out.get("output_text"):
        out.pop("output_reasoning", None)
    return ordered(out)


def tiers_of(name, facts, suffix=""):
    out = {}
    for end, tier in TIERS.items():
        rates = rates_of(name, facts, suffix + end)
        if rates:
            out[tier] = rates
    return out


def ranges_of(name, facts):
    """Prices by ranges of input: the first is the base, the others begin above their lower end."""
    base, bands = {}, []
    for each in facts["tiered_pricing"]:
        if "range" not in each:
            return None
        tiers = tiers_of(name, each)
        low = int(each["range"][0])
        if low == 0:
            base = tiers
        elif tiers:
            bands.append({"above": low, "prices": tiers})
    return base, bands


def price_of(name, facts, provider):
    if "tiered_pricing" in facts:
        ranges = ranges_of(name, facts)
        if ranges is None:
            return None
        prices, bands = ranges
    else:
        prices, bands = tiers_of(name, facts), []
        limits = {int(m[1]) for k in facts for m in [re.search(r"_above_(\d+)k_tokens", k)] if m}
        for limit in sorted(limits):
            tiers = tiers_of(name, facts, f"_above_{limit}k_tokens")
            if tiers:
                bands.append({"from" if provider == "xai" else "above": limit * 1000,
                              "prices": tiers})
    standard = prices.get("standard", {})
    special = facts.get("provider_specific_entry", {})
    if "fast" in special:
        times = decimal.Decimal(special["fast"])
        prices["fast"] = {k: int(v * times) for k, v in standard.items()}
    out = {"prices": prices} if prices else {}
    if bands:
        out["long"] = bands
    regions = {k.rsplit("_", 1)[1]: v for k, v in facts.items() if k.startswith("regional_proc")}
    regions |= {k: v for k, v in special.items() if k in ("us", "eu")}
    if regions:
        out["regions"] = {k: int(decimal.Decimal(v) * 1000) for k, v in sorted(regions.items())}
    units = {}
    for key, unit in UNITS.items():
        usd = facts.get(key)
        if usd and decimal.Decimal(usd) * 10**12 % 1 == 0:
            units[unit] = whole(name, key, usd)
    searches = set((facts.get("search_context_cost_per_query") or {}).values())
    if len(searches) == 1:
        units["web_search"] = whole(name, "search", searches.pop())
    if facts.get("output_cost_per_image") and "output_image" not in standard:
        units["image"] = whole(name, "image", facts["output_cost_per_image"])
    if units:
        out["units"] = units
    return out


def mistaken(name, facts, price):
    """All prices 0: true of moderation and of free offers that say so, else a gap. Over 700 dollars
    per million tokens: somebody's mistake of units."""
    said = [v for tiers in price.get("prices", {}).values() for v in tiers.values()]
    if said and max(said) > 700_000_000:
        return True
    if any(said) or price.get("units") and any(price["units"].values()):
        return False
    return not (facts["mode"] == "moderation" or name.endswith(":free"))


def entry_of(name, facts):
    if facts.get("litellm_provider") not in PROVIDERS or facts.get("mode") not in MODES:
        return None
    provider, prefixes, home = PROVIDERS[facts["litellm_provider"]]
    if NOT_MODELS.search(name):
        return None
    model = name
    for prefix in prefixes:
        model = model.removeprefix(prefix)
    price = price_of(name, facts, provider)
    if not price or mistaken(name, facts, price):
        return None
    entry = {"provider": provider, "model": model}
    if model.startswith("ft:"):
        entry["model"] += ":*"  # what follows are the organisation and an id
    if home:
        entry["home"] = True
    entry["mode"] = facts["mode"]
    for key, name_here in (("max_input_tokens", "input_max"), ("max_output_tokens", "output_max")):
        if facts.get(key):
            entry[name_here] = int(facts[key])
    if facts.get("deprecation_date"):
        entry["retires"] = facts["deprecation_date"]
    return entry | price


def rates_in_dollars(model, dollars):
    return ordered({each: whole(model, each, decimal.Decimal(usd) / 10**6)
                    for each, usd in zip(RETIRED_CLASSES, dollars) if usd is not None})


def retired():
    for (provider, model), dollars in RETIRED.items():
        entry = {"provider": provider, "model": model}
        if provider in ("anthropic", "openai", "google"):
            entry["home"] = True
        entry |= {"mode": "chat", "prices": {"standard": rates_in_dollars(model, dollars)}}
        if model in RETIRED_LONG:
            limit, more = RETIRED_LONG[model]
            entry["long"] = [{"above": limit,
                              "prices": {"standard": rates_in_dollars(model, more)}}]
        yield entry


def main():
    catalogue, day = sys.argv[1:]
    with open(catalogue, encoding="utf-8") as file:
        models = json.load(file, parse_float=decimal.Decimal)
    entries = {}
    for name, facts in models.items():
        entry = entry_of(name, facts) if name != "sample_spec" else None
        # A name with its provider before it is the more careful one where both are there.
        if entry and ((entry["provider"], entry["model"]) not in entries or "/" in name):
            entries[entry["provider"], entry["model"]] = entry
    for entry in retired():
        entries[entry["provider"], entry["model"]] = entry
    # Models on one's own machine ask no money, whatever they are called.
    free = {each: 0 for each in ORDER}
    entries["ollama", "*"] = {"provider": "ollama", "model": "*", "prices": {"standard": free}}
    print(json.dumps({
        "book": "default", "version": day, "collected_at": day + "T00:00:00Z",
        "provenance": f"List prices of the providers as collected in LiteLLM's catalogue (MIT) on {day}; "
                      "of models retired by then, their makers' last list prices"},
        separators=(",", ":")))
    for _, entry in sorted(entries.items()):
        print(json.dumps(entry, separators=(",", ":")))


main()

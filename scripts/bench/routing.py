"""The configurations of the filter that the benchmark measures."""

import random

from bodies import MODEL

WORDS = """
accounting acquisition algorithm amortization antibiotic appellate arbitration audit authentication backpropagation
bankruptcy bibliography biopsy blockchain cardiology chemotherapy compiler compliance contraindication copyright
cryptography deadlock debugger decompile defendant deposition dermatology derivatives diagnosis docker dosage
eigenvalue encryption endpoint epidemiology equities escrow exploit firewall firmware forensic garbage-collection
gradient hypertension immunology indemnity inflation injunction inpatient invoice jurisdiction kubernetes lawsuit
leukemia liability litigation localization malware mammography metastasis microservice mortgage multithreading mutex
neurology oncology orthopedic overdraft patent pathology payroll penetration-test pharmacology phishing plaintiff
polymorphism portfolio postgresql prescription prosecution psychiatry radiology ransomware recursion refactor regex
reinsurance reimbursement remediation royalty sandbox sepsis settlement shareholder statute subpoena syntax-error
taxation terraform testimony therapeutic tokenizer toxicology trademark transistor underwriting vaccine
""".split()

PHRASES = [f"{verb} {thing}" for verb in
           ("summarize this", "translate the", "review my", "write a unit test for", "explain this stack trace of",
            "draft an email about", "optimize the", "generate a diagram of", "convert this to", "proofread the")
           for thing in ("contract", "function", "spreadsheet", "presentation", "query", "press release", "pull request",
                         "schema", "poem", "lesson plan")]


def base(**more):
    """Providers, deployments and models that every configuration has."""
    names = ["large", "small", "long", "vision", "coder", "lawyer", "doctor", "banker", "writer", "cheap"]
    return {
        "providers": {"north": {"cluster": "upstream", "authority": "north.example"},
                      "south": {"cluster": "upstream", "authority": "south.example"}},
        "deployments": {f"{provider}-{name}": {"provider": provider, "model": f"{provider}-{name}-2025-06-01"}
                        for provider in ("north", "south") for name in names},
        "models": {
            MODEL: {"strategy": "ordered_fallback", "candidates": ["north-small", "south-small"]},
            **{name: {"strategy": "ordered_fallback", "candidates": [f"south-{name}", f"north-{name}"]} for name in names},
        },
        "aliases": {"gpt-4o": MODEL, "default": MODEL},
        **more,
    }


def route(name, target, **when):
    """A route; the order of the list is the order in which they are tried."""
    return {"name": name, "when": when, "then": {"target_model": target}}


def three():
    """What a small installation has: one route for each kind of look at a body."""
    return base(routes=[
        route("pictures", "vision", has_images=True),
        route("long", "long", input_tokens_gt=2000, model_in=[MODEL]),
        route("code", "coder", prompt_contains_any_of=["stack trace", "refactor"], model_in=[MODEL]),
    ])


def failing_over(first, second):
    """The same with two attempts, the first of which goes to one cluster and the second to another."""
    document = three()
    document["providers"]["north"]["cluster"], document["providers"]["south"]["cluster"] = first, second
    # A deployment that cools would not be tried.
    return document | {"failover": {"max_attempts": 2}, "cooldown": {"enabled": False}}


def early():
    """Nothing in play asks for more than path, headers and model."""
    document = base(routes=[
        route("batch", "cheap", header_equals={"x-team": "batch"}),
        route("writers", "writer", model_in=["writer-*"]),
        route("chat", "large", model_in=["chat"], format_in=["openai-chat"]),
    ])
    document["models"][MODEL] = {"strategy": "single", "candidates": ["north-small"]}
    document["limits"] = {"max_body_bytes": 64 << 20}
    return document


def hundred(are_keywords_for_all):
    """What a large one has: models, tokens, 200 keywords, modalities, tags, headers.

    Requests of this benchmark match a late one or none. Keywords are asked of
    every request, or of those for models that nobody here asks for.
    """
    rng = random.Random(11)
    keywords = [*WORDS[:100], *PHRASES]
    rng.shuffle(keywords)
    targets = ["coder", "lawyer", "doctor", "banker", "writer"]
    routes = []
    for at in range(40):
        when = rng.choice([{"input_tokens_gt": 1000 * (at + 1)}, {"stream": True}, {"tag_equals": f"team-{at}"},
                           {"has_tools": True}, {"max_output_tokens_gt": 100 * at}])
        routes.append(route(f"model-{at}", rng.choice(targets), model_in=[f"team-{at}-chat", f"project-{at}-*"], **when))
    for at in range(20):
        asked = {} if are_keywords_for_all else {"model_in": [f"topic-{at % 5}", f"team-{at}-*"]}
        routes.append(route(f"words-{at}", targets[at % 5], prompt_contains_any_of=keywords[at * 10:at * 10 + 10], **asked))
    for at in range(12):
        routes.append(route(f"tokens-{at}", "long", input_tokens_gt=15_000 * (at + 1), tag_in=[f"tier-{at}", "bulk"]))
    for at in range(10):
        routes.append(route(f"tags-{at}", "cheap", tag_in=[f"customer-{at}", f"customer-{at + 100}"]))
    for at in range(8):
        which = ("has_audio", "has_files", "has_images", "has_tools")[at % 4]
        routes.append(route(f"parts-{at}", "large", **{which: True, "tag_equals": f"lab-{at}"}))
    for at in range(7):
        routes.append(route(f"heads-{at}", "small", header_equals={"x-team": f"team-{at}"}, stream=at % 2 == 0))
    rng.shuffle(routes)
    routes += [
        route("huge", "cheap", input_tokens_gt=900_000),
        route("pictures", "vision", has_images=True, model_in=[MODEL, "gpt-*"]),
        route("long", "long", input_tokens_gt=2000, model_in=[MODEL]),
    ]
    assert len(routes) == 100 and len(set(keywords)) == 200
    return base(routes=routes)

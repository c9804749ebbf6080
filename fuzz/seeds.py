"""Writes what the fuzz targets of the translation begin with: requests of real SDKs and answers of providers,
from tests/wire. The bytes before each choose what the targets make of it."""

import base64
import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = ("/chat/completions", "/v1/messages", "/v1/responses")
# Chat, Messages, Converse, Gemini: as the targets number them.
PROVIDERS = {"anthropic": 1, "gemini": 3}

# As the target makes frames of it: the type of an event, a tab and the data.
CONVERSE = """messageStart\t{"role":"assistant"}
contentBlockDelta\t{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"so"}}}
contentBlockDelta\t{"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"AAAA"}}}
contentBlockStop\t{"contentBlockIndex":0}
contentBlockDelta\t{"contentBlockIndex":1,"delta":{"text":"hi"}}
contentBlockStop\t{"contentBlockIndex":1}
contentBlockStart\t{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t","name":"short"}}}
contentBlockDelta\t{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{\\"a\\":1}"}}}
contentBlockStop\t{"contentBlockIndex":2}
messageStop\t{"stopReason":"tool_use"}
metadata\t{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3,"cacheReadInputTokens":4}}"""

CONVERSE_WHOLE = {
    "output": {
        "message": {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "so", "signature": "AAAA"}}},
                {"text": "hi"},
                {"toolUse": {"toolUseId": "t", "name": "short", "input": {"a": 1}}},
            ],
        }
    },
    "stopReason": "tool_use",
    "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
}


def recorded(kind):
    """Returns name, document and body of each recording."""
    for path in sorted((ROOT / "tests/wire" / kind).glob("*.json")):
        document = json.loads(path.read_text())
        body = document.get("body_text", "").encode() or base64.b64decode(document.get("body_base64", ""))
        yield path.stem, document, body


def write(target, name, data):
    """Writes one seed."""
    folder = ROOT / "fuzz/corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed_{name}").write_bytes(data)


def main():
    """Writes all seeds."""
    for name, document, body in recorded("requests"):
        for client, path in enumerate(CLIENTS):
            if path in document["path"]:
                for provider in range(4):
                    model = (1, 1, 3, 5)[provider]
                    write("translate_request", f"{name}_{provider}", bytes([client + 16 * provider, model]) + body)
    answers = [(name, PROVIDERS.get(d["provider"], 0), d.get("stream", False), d["status"], body)
               for name, d, body in recorded("responses") if d["provider"] != "cohere"]
    answers.append(("converse", 2, True, 200, CONVERSE.encode()))
    answers.append(("converse_whole", 2, False, 200, json.dumps(CONVERSE_WHOLE).encode()))
    for name, provider, stream, status, body in answers:
        for client in range(3):
            status_index = 5 if status >= 400 else 0
            form = (0 if stream else 3) + 16 * status_index
            write("translate_answer", f"{name}_{client}", bytes([provider + 16 * client, form, 7]) + body)


main()

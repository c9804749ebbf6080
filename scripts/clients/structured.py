"""Asks through Envoy for answers of a given form, with the clients of three APIs and providers of four.

Started by the end-to-end test of translation: `structured.py ENVOY_URL PROVIDER_URL`. The models are `on-API`. The
provider answers with JSON text, which the client parses, and is checked for the schema that it was asked for.
"""

import base64
import json
import sys

import anthropic
import openai
from pydantic import BaseModel

from meaning import WHOLE
from translated import USED, answers, call

HELLO = [{"role": "user", "content": "Weather in Paris?"}]
MEANING = {"blocks": [("text", '{"city": "Paris, \\"é\\"", "at": 1.5}')], "stop": "done", "usage": USED}


class Weather(BaseModel):
    city: str
    at: float


WANTED = Weather(city='Paris, "é"', at=1.5)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "at": {"type": "number"}},
          "required": ["city", "at"], "additionalProperties": False}


def chat_parsed(clients, model):
    parse = clients["openai"].chat.completions.parse
    return parse(model=model, messages=HELLO, response_format=Weather).choices[0].message.parsed


def chat_streamed(clients, model):
    with clients["openai"].chat.completions.stream(model=model, messages=HELLO, response_format=Weather) as stream:
        return stream.get_final_completion().choices[0].message.parsed


def chat_written(clients, model):
    form = {"type": "json_schema", "json_schema": {"name": "weather", "strict": True, "schema": SCHEMA}}
    answer = clients["openai"].chat.completions.create(model=model, messages=HELLO, response_format=form)
    return Weather.model_validate_json(answer.choices[0].message.content)


def responses_parsed(clients, model):
    return clients["openai"].responses.parse(model=model, input=HELLO, text_format=Weather).output_parsed


def responses_streamed(clients, model):
    with clients["openai"].responses.stream(model=model, input=HELLO, text_format=Weather) as stream:
        return stream.get_final_response().output_parsed


def messages_parsed(clients, model):
    parse = clients["anthropic"].messages.parse
    return parse(model=model, max_tokens=500, messages=HELLO, output_format=Weather).parsed_output


def messages_streamed(clients, model):
    stream = clients["anthropic"].messages.stream
    with stream(model=model, max_tokens=500, messages=HELLO, output_format=Weather) as events:
        return events.get_final_message().parsed_output


def messages_written(clients, model):
    form = {"format": {"type": "json_schema", "schema": SCHEMA}}
    create = clients["anthropic"].messages.create
    answer = create(model=model, max_tokens=500, messages=HELLO, output_config=form)
    return Weather.model_validate_json(answer.content[0].text)


def messages_of_the_beta(clients, model):
    parse = clients["anthropic"].beta.messages.parse
    return parse(model=model, max_tokens=500, messages=HELLO, output_format=Weather).parsed_output


ASKS = [chat_parsed, chat_streamed, chat_written, responses_parsed, responses_streamed, messages_parsed,
        messages_streamed, messages_written, messages_of_the_beta]


def schema_of(provider, body):
    """The schema that a provider of that API has been asked for."""
    if provider == "chat":
        return body["response_format"]["json_schema"]["schema"]
    if provider == "messages":
        config = body.get("output_config") or {}
        return (config.get("format") or body.get("output_format"))["schema"]
    if provider == "gemini":
        config = body["generationConfig"]
        assert config["responseMimeType"] == "application/json", config
        return config["responseJsonSchema"]
    return json.loads(body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"])


def check_asked(url, provider, what):
    """Checks that the provider has got the schema, whatever titles the client has added to it."""
    seen = call(f"{url}/__mock/seen", "GET")[-1]
    body = seen.get("body") or base64.b64decode(seen["body_base64"]).decode()
    schema = schema_of(provider, json.loads(body) if isinstance(body, str) else body)
    types = {name: of["type"] for name, of in schema["properties"].items()}
    if types != {"city": "string", "at": "number"} or sorted(schema["required"]) != ["at", "city"]:
        sys.exit(f"{what}: the provider was asked for {schema}")
    call(f"{url}/__mock/seen", "DELETE")


def main():
    url, provider_url = sys.argv[1:]
    settings = {"max_retries": 0, "timeout": 60}
    clients = {"openai": openai.OpenAI(base_url=url + "/v1", api_key="sk-of-the-client", **settings),
               "anthropic": anthropic.Anthropic(base_url=url, api_key="sk-of-the-client", **settings)}
    counted = 0
    for ask in ASKS:
        for provider in WHOLE:
            what = f"{ask.__name__} on {provider}"
            answers(provider_url, provider, MEANING, ask.__name__.endswith("streamed"))
            got = ask(clients, f"on-{provider}")
            if got != WANTED:
                sys.exit(f"{what}: got {got}")
            check_asked(provider_url, provider, what)
            counted += 1
    print(f"{counted} answers parsed")


if __name__ == "__main__":
    main()

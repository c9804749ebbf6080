"""Runs Envoy with two mock providers until Ctrl-C, or until one of them ends."""

import os
import sys
import time

import stack

HELLO = """
Send LLM requests to {url}, for example:

    curl -i {url}/v1/chat/completions -H 'content-type: application/json' -d '{{"model": "gpt-4", "messages": [{{"role": "user", "content": "Hello"}}]}}'

Models: assistant (also as gpt-4 and default), spread, thrifty, vision, embedder, sonnet.
What the providers saw: {north}/__mock/seen and {south}/__mock/seen
Envoy's admin page: {admin}     Configuration: envoy/envoy.yaml     Ctrl-C stops all.
"""


def main():
    stack.stop_on_signals()
    ports = {name: int(os.environ.get(f"{name.upper()}_PORT") or port) for name, port in stack.PORTS.items()}
    try:
        with stack.Stack(ports) as running:
            urls = {name: running.url(name) for name in ("north", "south", "admin")}
            print(HELLO.format(url=running.url("listener"), **urls), flush=True)
            while True:
                running.check()
                time.sleep(0.5)
    except stack.Failed as problem:
        sys.exit(f"run: {problem}")


if __name__ == "__main__":
    main()

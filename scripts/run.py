"""Runs Envoy with two mock providers until Ctrl-C, or until one of them ends."""

import os
import sys
import time

import stack

HELLO = """
Send LLM requests to {url}, for example:

    curl -i {url}/v1/chat/completions -H 'content-type: application/json' -d '{{"model": "gpt-4", "messages": [{{"role": "user", "content": "Hello"}}]}}'

{failing}Models: assistant (also as gpt-4 and default), spread, thrifty, vision, embedder, sonnet.
What the providers saw: {north}/__mock/seen and {south}/__mock/seen
How it stands: curl {url}/admin/state -H 'authorization: Bearer {token}'     (docs/operations.md)
Envoy's admin page: {admin}     Configuration: {config}
Ctrl-C stops all.
"""

FAILING = """With  -H 'x-mock-only: north' -H 'x-mock-status: 503'  the first provider fails, and the second answers.

"""


def main():
    stack.stop_on_signals()
    ports = {name: int(os.environ.get(f"{name.upper()}_PORT") or port) for name, port in stack.PORTS.items()}
    try:
        config, why = stack.choose(os.environ.get("CONFIG"))
        with stack.Stack(config, ports) as running:
            urls = {name: running.url(name) for name in ("north", "south", "admin")}
            shown = f"{config.relative_to(stack.ROOT)}{why and f' ({why})'}"
            token = os.environ.get("POINTSMAN_ADMIN_TOKEN", stack.SECRETS["POINTSMAN_ADMIN_TOKEN"])
            failing = FAILING if stack.fails_over(config) else ""
            print(HELLO.format(url=running.url("listener"), config=shown, failing=failing, token=token, **urls), flush=True)
            while True:
                running.check()
                time.sleep(0.5)
    except stack.Failed as problem:
        sys.exit(f"run: {problem}")


if __name__ == "__main__":
    main()

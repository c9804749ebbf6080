"""The request bodies of the benchmark: the same bytes on every machine.

Prose, not noise: what a scanner, a keyword search or a token estimate costs
depends on what it reads.
"""

import base64
import json
import random

# The model every request asks for.
MODEL = "assistant"

SENTENCES = """
The committee met on the 14th of March to go over the budget for the coming year, and nobody was surprised by what it found.
Water had come in through the roof again; the buckets in the hall were full by midnight.
"I would rather walk," she said, "than wait another hour for a train that may not come."
Most of the cost is in the first 20 kilometres, where the ground is soft and the bridges are old.
If the pressure drops below 3.5 bar, close the left valve first and then the right one, never both at once.
He had written three novels by then, none of which had sold more than 1,200 copies.
The older of the two methods is slower but easier to explain, which is why it is still taught.
Between 1987 and 2004 the number of farms in the valley fell from 312 to 41.
What follows is a summary of the interviews; names and places have been changed.
Add the flour a spoonful at a time, stirring slowly, until the dough no longer sticks to the bowl.
There are good reasons to doubt the figure (the survey was small, and half of it was done by telephone).
The lighthouse keeper's daughter could tell every ship on that coast by the sound of its horn.
A list of the changes is attached; please let me know by Friday whether you can live with them.
It rained for eleven days, then it snowed, and when the snow had gone the road had gone with it.
Nobody could say afterwards who had started it - there had been a joke, somebody laughed, and a chair fell over.
The second experiment repeats the first at 40 degrees, with twice the salt and a fresh membrane.
Two of the four engines were replaced last winter; the others have run for 9,000 hours without trouble.
You will find the key under the blue pot, next to the door that does not open.
The report says little about why the southern half of the network failed an hour before the northern half did.
Her grandfather had kept bees, her mother had kept bees, and she was allergic to them.
In the end they agreed on a price that neither of them liked, and shook hands on it.
Every window on the street was dark except one, high up, where somebody was playing the violin badly.
The translation keeps the order of the verses but not their rhyme, which does not survive in English anyway.
Measure twice, cut once, and keep the piece you cut off until the shelf is on the wall.
Whether the river was always this shallow here is a question on which the old maps disagree.
The museum closes at 17:30 on weekdays and at 20:00 on Thursdays; children under twelve get in free.
""".strip().splitlines()


def prose(length, seed):
    """Paragraphs of about that many characters."""
    rng = random.Random(seed)
    text, size = [], 0
    while size < length:
        sentence = rng.choice(SENTENCES)
        text.append(sentence + ("\n\n" if rng.random() < 0.2 else " "))
        size += len(text[-1])
    return "".join(text)


def chat(messages, **members):
    """A chat request as the SDKs of the providers write it."""
    return json.dumps({"model": MODEL, "messages": messages, **members}).encode()


def conversation(count, length, seed):
    """Messages of prose, the user's and the assistant's in turn."""
    roles = ("user", "assistant")
    return [{"role": roles[at % 2], "content": prose(length, seed + at)} for at in range(count)]


def picture(length):
    """A picture in a data URL; noise under base64, as any compressed picture is."""
    return "data:image/jpeg;base64," + base64.b64encode(random.Random(5).randbytes(length * 3 // 4)).decode()


SYSTEM = {"role": "system", "content": "You are a helpful assistant. Answer briefly and in plain words."}


QUESTION = {"role": "user", "content": "Which of the two methods would you teach, the older or the newer one, and why?"}


def stream_body():
    """A short chat that asks for a stream."""
    return chat([SYSTEM, QUESTION], temperature=0.7, max_tokens=512, stream=True)


def all_bodies():
    """By name: the body and how many connections send it."""
    shown = {"role": "user", "content": [
        {"type": "text", "text": "What does this picture show?"},
        {"type": "image_url", "image_url": {"url": picture(900_000)}}]}
    long_text = chat([SYSTEM, *conversation(41, 14_400, 3)], stream=False)
    return {
        "0.3 KB": (chat([SYSTEM, QUESTION], temperature=0.7, max_tokens=256, stream=False), 32),
        "12 KB": (chat([SYSTEM, *conversation(7, 1_600, 2)], temperature=0.7, max_tokens=1024, stream=False), 32),
        "600 KB": (long_text, 4),
        "900 KB image": (chat([SYSTEM, shown], max_tokens=512), 4),
    }

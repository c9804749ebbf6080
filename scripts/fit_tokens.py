"""Fits the weights of the token estimate (src/request/tokens/) to a corpus.

    python3 -m venv target/fit && target/fit/bin/pip install numpy scipy
    cargo run --release --manifest-path tools/token-lengths/Cargo.toml -- CORPUS.jsonl > LENGTHS
    target/fit/bin/python scripts/fit_tokens.py CORPUS.jsonl LENGTHS [src/request/tokens/weights.bin]

CORPUS holds lines of {"id": "class/number-source", "class", "text"}. Prints the
errors by class, each text estimated by weights that were fitted without it, and
writes the weights that are fitted to all of them.

First every character learns how many tokens start at it, from the characters
around it and the run it stands in (ridge regression, every text weighing the
same). What three characters say of the second and of the third is added: a text
asks for their sum. Then a factor for each kind of run takes out what is left on whole texts.
The hashes and classes below are those of weights.rs and class.rs.
"""

import json
import sys

import numpy as np
import scipy.sparse as sparse
from scipy.signal import lfilter

FOLDS, STEPS, RIDGE, FACTOR_RIDGE, SHORT = 8, 50, 0.3, 1.0, 300
# Bits of the hashed tables, in the order of weights.bin.
TABLES = {"next": 15, "back": 15, "pair": 13, "char": 12, "class": 12, "run": 12}
LEVELS = 8  # of a kind: how many accents lately, or letters that Russian lacks
KINDS = 32
NARROW = np.array([0x9E37, 0x85EB, 0xC2B3], dtype=np.uint16)


def narrow(bits, *parts):
    """The upper bits of a sum of products, in 16 bits."""
    total = np.zeros(len(parts[0]), dtype=np.uint16)
    for part, factor in zip(parts, NARROW):
        total += part.astype(np.uint16) * factor
    return (total >> np.uint16(16 - bits)).astype(np.int64)


def within(code):
    """Codes in 16 bits."""
    return np.where(code > 0xFFFF, (code & 0xFFFF) | 0x8000, code)


def classes(code):
    """The class of each character, as class.rs has it."""
    found = np.full(len(code), 23 + 8)
    found[code < 0x80] = 1
    ranges = [
        (0x61, 0x7A, 2), (0x41, 0x5A, 3), (0x30, 0x39, 4), (0xC0, 0xD6, 7), (0xD8, 0xF6, 7),
        (0xF8, 0x24F, 7), (0x300, 0x36F, 7), (0x1E00, 0x1EFF, 7), (0xAA, 0xAA, 7), (0xBA, 0xBA, 7),
        (0x400, 0x52F, 8), (0x370, 0x3FF, 9), (0x1F00, 0x1FFF, 9), (0x600, 0x6FF, 10),
        (0x750, 0x77F, 10), (0x590, 0x5FF, 11), (0x900, 0x97F, 12), (0x980, 0xDFF, 13),
        (0xE00, 0xE7F, 14), (0x4E00, 0x9FFF, 15), (0xF900, 0xFAFF, 15), (0x3400, 0x4DBF, 16),
        (0x20000, 0x3FFFF, 16), (0x3040, 0x309F, 17), (0x30A0, 0x30FF, 18), (0xFF66, 0xFF9F, 18),
        (0xAC00, 0xD7A3, 19), (0x1100, 0x11FF, 19), (0x2010, 0x2027, 21), (0x2030, 0x205E, 21),
        (0x3000, 0x303F, 22), (0xFF00, 0xFF65, 23), (0x2190, 0x21FF, 24), (0x2300, 0x23FF, 24),
        (0x2600, 0x27BF, 24), (0x2200, 0x22FF, 25), (0x2500, 0x25FF, 26), (0x1F000, 0x1FAFF, 27),
        (0xFE00, 0xFE0F, 28), (0x200B, 0x200F, 28), (0x530, 0x58F, 29), (0x10A0, 0x10FF, 29),
        (0x13A0, 0x13FF, 29), (0xE80, 0x109F, 29), (0x1200, 0x137F, 29), (0x1780, 0x17FF, 29),
        (0x400, 0x400, 30), (0x402, 0x40F, 30), (0x450, 0x450, 30), (0x452, 0x52F, 30),
    ]
    for first, last, kind in ranges:
        found[(code >= first) & (code <= last)] = kind
    rest = (code >= 0x80) & (code <= 0xBF) & (code != 0xAA) & (code != 0xBA)
    found[rest | (code == 0xD7) | (code == 0xF7)] = 20
    found[np.isin(code, [0x0A, 0x0D])] = 5
    found[np.isin(code, [0x20, 0x09, 0x0B, 0x0C, 0xA0])] = 6
    return found


def folded(code):
    """Letters without case, as class.rs folds them; one digit for all."""
    low = code.copy()
    for first, last in [(0x41, 0x5A), (0xC0, 0xDE), (0x391, 0x3A9), (0x410, 0x42F)]:
        low[(code >= first) & (code <= last) & (code != 0xD7)] += 32
    low[(code >= 0x30) & (code <= 0x39)] = 0x30
    return low


class Corpus:
    """All characters of all texts, and what the tables are indexed with."""

    def __init__(self, corpus, lengths):
        self.texts = [json.loads(line) for line in open(corpus, encoding="utf-8")]
        tokens = [np.array(line.split(), dtype=np.int64) for line in open(lengths)]
        self.kinds = np.array([text["class"] for text in self.texts])
        self.number = np.array([int(text["id"].split("/")[1][:2]) for text in self.texts])
        self.tokens = np.array([len(one) for one in tokens], float)
        codes, labels, owners = [], [], []
        for at, (text, one) in enumerate(zip(self.texts, tokens)):
            code = np.frombuffer(text["text"].encode("utf-32-le"), dtype=np.uint32)
            size = 1 + (code >= 0x80) + (code >= 0x800) + (code >= 0x10000)
            starts = np.zeros(size.sum() + 1, int)
            starts[np.cumsum(np.r_[0, one[:-1]])] = 1
            seen = np.r_[0, np.cumsum(starts)]
            end = np.cumsum(size)
            codes.append(code)
            labels.append(seen[end] - seen[end - size])
            owners.append(np.full(len(code), at))
        self.chars = np.array([len(code) for code in codes])
        self.code = np.concatenate(codes).astype(np.int64)
        self.starts = np.concatenate(labels).astype(float)
        self.owner = np.concatenate(owners)
        self.index()

    def beside(self, values, by):
        """The value of the character `by` places before, 0 beyond the text."""
        moved = np.zeros_like(values)
        if by > 0:
            inside = self.owner[by:] == self.owner[:-by]
            moved[by:][inside] = values[:-by][inside]
        else:
            inside = self.owner[:by] == self.owner[-by:]
            moved[:by][inside] = values[-by:][inside]
        return moved

    def index(self):
        kind = classes(self.code)
        code, low = within(self.code), within(folded(self.code))
        before, before2 = (self.beside(low, by) for by in (1, 2))
        before_kind, after_kind = self.beside(kind, 1), self.beside(kind, -1)
        group = self.grouped(kind)
        glued = (kind == 6) & np.isin(after_kind, [0, 4, 5, 6], invert=True)
        first = np.r_[True, self.owner[1:] != self.owner[:-1]]
        new = group != np.r_[0, group[:-1]]
        new |= (kind == 3) & (before_kind != 3)
        new &= ~np.r_[False, glued[:-1]]
        new |= glued | first
        run = np.cumsum(new) - 1
        start = np.flatnonzero(new)
        end = np.r_[start[1:], len(code)] - 1
        length = end - start + 1
        upper = np.bincount(run, kind == 3)
        odd = np.bincount(run, (kind == 7) | (kind == 30))
        shape = np.where(odd > 0, 3, np.minimum(upper, 2).astype(int))
        shape[group[end] != 2] = 0
        stands = np.where(first[start], 0, np.r_[0, group[end[:-1]]])
        known = np.array([0, 3, 5, 5, 4, 2, 1, 5] + [6] * 32)
        stands = np.where(glued[start], 7, known[stands])
        level = self.levels(group[end], odd / length, end)
        # Tables.
        at_end = np.zeros(len(code), int)
        packed = (group[end] * LEVELS + level) << 10 | np.minimum(length, 16) << 5
        packed |= shape << 3 | stands
        at_end[end] = 1 + (packed.astype(np.uint32) * np.uint32(0x9E3779B1) >> np.uint32(20))
        position = np.arange(len(code)) - start[run]
        self.group = (group[end] * LEVELS + level)[run]
        beyond = np.where(position >= 16, 1 + self.group, 0)
        back = narrow(TABLES["back"], low, before, before2)
        last_code = self.beside(code, 1)
        last = np.r_[first[1:], True]
        self.columns = {
            "next": np.where(last, 0, 1 + np.r_[back[1:], 0]),
            "back": 1 + back,
            "pair": np.where(
                (code | last_code) < 128,
                last_code * 128 + code,
                16384 + narrow(TABLES["pair"], last_code, code),
            ),
            "char": np.where(code < 128, 0, narrow(TABLES["char"], code) + 1),
            "class": narrow(TABLES["class"], before_kind, kind, after_kind),
            "run": at_end,
            "beyond": beyond,
        }
        self.sizes = {name: 1 << bits for name, bits in TABLES.items()}
        for name in ("next", "back", "run", "char"):
            self.sizes[name] += 1
        self.sizes["pair"] += 16384
        self.sizes["beyond"] = 1 + KINDS * LEVELS

    @staticmethod
    def grouped(kind):
        group = np.where((kind == 3) | (kind == 7), 2, kind)
        return np.where(group == 30, 8, group)

    def levels(self, group, share, end):
        """How many accents words have had lately; how many letters Russian lacks."""
        level = np.zeros(len(group), int)
        owner = self.owner[end]
        for text in range(len(self.texts)):
            for kind, bounds in ((2, [0.01, 0.03, 0.06, 0.1, 0.15]), (8, [0.01, 0.04])):
                words = np.flatnonzero((owner == text) & (group == kind))
                if len(words):
                    lately = lfilter([1 / 16], [1, -15 / 16], share[words])
                    level[words] = np.digitize(lately, bounds)
        return level

    def matrix(self, rows):
        offsets = np.cumsum([0, *self.sizes.values()])
        columns = [column[rows] + offset for column, offset in zip(self.columns.values(), offsets)]
        columns = np.stack(columns, 1)
        # A run costs at its end, and 0 stands for the characters before it; nothing stands
        # behind the last character, nor alone for those of ASCII.
        counts = np.ones(columns.shape, dtype=np.float32)
        for at, name in enumerate(self.columns):
            if name in ("next", "char", "run", "beyond"):
                counts[self.columns[name][rows] == 0, at] = 0
        ends = np.arange(0, columns.size + 1, columns.shape[1])
        return sparse.csr_matrix((counts.ravel(), columns.ravel(), ends), (len(columns), offsets[-1]))

    def merged(self, rows):
        """As matrix, with what a character adds to the one before it added to itself."""
        back = self.columns["back"]
        kept, self.columns["next"] = self.columns["next"], back.copy()
        first = np.r_[True, self.owner[1:] != self.owner[:-1]]
        self.columns["next"][first] = 0
        found = self.matrix(rows)
        self.columns["next"] = kept
        return found


def ridge(matrix, wanted, weight):
    """Conjugate gradients on the normal equations."""
    turned = matrix.T.tocsr()
    apply = lambda x: turned @ (weight * (matrix @ x)) + RIDGE * x
    scale = np.asarray(turned @ weight) + RIDGE
    x = np.zeros(matrix.shape[1])
    rest = turned @ (weight * wanted)
    step = rest / scale
    size = rest @ step
    along = step.copy()
    for _ in range(STEPS):
        moved = apply(along)
        by = size / (along @ moved)
        x += by * along
        rest -= by * moved
        step = rest / scale
        size, last = rest @ step, size
        along = step + size / last * along
    return x


def factors(sums, tokens, chars):
    """What to multiply each kind of run with, by reweighting towards absolute errors."""
    used = np.flatnonzero((sums > 0).sum(0) > 3)
    parts = sums[:, used] / tokens[:, None]
    missing = 1 - sums.sum(1) / tokens
    found = np.zeros(len(used))
    for _ in range(15):
        error = np.abs(missing - parts @ found)
        weight = np.where(chars < SHORT, 0.2, 1) / np.clip(error, 0.02, 0.4)
        normal = parts.T @ (weight[:, None] * parts) + FACTOR_RIDGE * np.eye(len(used))
        found = np.linalg.solve(normal, parts.T @ (weight * missing))
    all_of = np.ones(sums.shape[1])
    all_of[used] += found
    return all_of


def report(corpus, guess):
    long = corpus.chars >= SHORT
    error = (guess / corpus.tokens - 1)[long]
    print(f"{'class':16} {'mean':>7} {'p95':>7} {'bias':>7}   (% of the true count)")
    kinds = corpus.kinds[long]
    for kind in [*sorted(set(kinds)), None]:
        one = error if kind is None else error[kinds == kind]
        size = np.abs(one)
        figures = size.mean(), np.quantile(size, 0.95), one.mean()
        print(f"{kind or 'all':16} " + " ".join(f"{100 * figure:7.1f}" for figure in figures))


def main():
    corpus = Corpus(sys.argv[1], sys.argv[2])
    weight = SHORT / corpus.tokens[corpus.owner]
    groups = KINDS * LEVELS
    sums = np.zeros((len(corpus.texts), groups))
    for fold in range(FOLDS):
        held = (corpus.number - 1) % FOLDS == fold
        train, test = np.flatnonzero(~held[corpus.owner]), np.flatnonzero(held[corpus.owner])
        fitted = ridge(corpus.matrix(train), corpus.starts[train], weight[train])
        np.add.at(sums, (corpus.owner[test], corpus.group[test]), corpus.merged(test) @ fitted)
    guess = np.zeros(len(corpus.texts))
    for fold in range(FOLDS):
        held = (corpus.number - 1) % FOLDS == fold
        factor = factors(sums[~held], corpus.tokens[~held], corpus.chars[~held])
        guess[held] = sums[held] @ factor
    report(corpus, guess)
    if len(sys.argv) > 3:
        everything = np.arange(len(corpus.code))
        fitted = ridge(corpus.matrix(everything), corpus.starts, weight)
        factor = factors(sums, corpus.tokens, corpus.chars)
        write(sys.argv[3], corpus, fitted, factor)


def write(path, corpus, fitted, factor):
    """Bytes in 1/64 tokens, then words of two bytes in 1/256 for runs and factors."""
    offsets = np.cumsum([0, *corpus.sizes.values()])
    tables = {
        name: fitted[start:end]
        for name, start, end in zip(corpus.sizes, offsets, offsets[1:])
    }
    with open(path, "wb") as file:
        triple = tables["next"][1:] + tables["back"][1:]
        for values in (triple, tables["pair"], tables["char"][1:], tables["class"]):
            file.write(np.clip(np.round(values * 64), -128, 127).astype("i1").tobytes())
        for values in (tables["run"][1:], tables["beyond"][1:], factor):
            file.write(np.clip(np.round(values * 256), -32768, 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()

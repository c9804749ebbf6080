"""What the rounds come to: medians, and the table people read."""

import statistics

# Of the requests a second of the no-op listener, at least; CPU microseconds
# above the buffer listener, at most.
TARGETS = {
    ("0.3 KB", "3 routes"): (0.72, 35), ("0.3 KB", "100 routes"): (None, 38),
    ("12 KB", "3 routes"): (None, 48), ("12 KB", "100 routes"): (None, 60),
    ("600 KB", "3 routes"): (None, 350), ("600 KB", "100 routes"): (None, 420),
    ("900 KB image", "3 routes"): (None, 170), ("900 KB image", "100 routes"): (None, 190),
    ("600 KB", "early"): (None, 120),
}
# The same amount of work, asked of other requests.
TARGETS |= {(body, "100 named"): target for (body, name), target in TARGETS.items() if name == "100 routes"}

# What docs/performance.md shows side by side, and of each the CPU and then the share.
COMPARED = ("no-op", "lua", "ext_proc", "skeleton", "3 routes", "100 routes", "100 named", "early")
FORMS = (("CPU added, µs", "added_us", "≤", 0), ("of no-op", "share", "≥", 2))

HEAD = ("body", "listener", "req/s", "of no-op", "target", "CPU µs", "added", "target", "±", "busy", "p50 ms", "p99 ms")


def quartiles(values):
    """The two between which the middle half lies."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def summary(rounds):
    """By body and listener: medians over the rounds.

    A round's runs follow each other, so shares and differences are taken within
    each round before their median: what else the machine did then cancels out.
    """
    rows = []
    for body, listeners in rounds.items():
        for name, runs in listeners.items():
            paired = list(zip(runs, listeners["no-op"], listeners["buffer"]))
            shares = [run["rps"] / noop["rps"] for run, noop, _ in paired]
            added = [run["cpu_us"] - plain["cpu_us"] for run, _, plain in paired]
            first, third = quartiles(added)
            least, most = TARGETS.get((body, name), (None, None))
            rows.append({
                "body": body, "listener": name,
                **{key: statistics.median(run[key] for run in runs) for key in ("rps", "cpu_us", "busy", "p50_ms", "p99_ms")},
                "share": statistics.median(shares), "share_target": least,
                "added_us": statistics.median(added), "added_us_target": most, "added_us_spread": (third - first) / 2,
                "requests": sum(run["requests"] for run in runs),
            })
    return rows


def table(rows):
    """The text of the table."""
    cells = [HEAD]
    for row in rows:
        least, most = row["share_target"], row["added_us_target"]
        cells.append((
            row["body"], row["listener"], f"{row['rps']:.0f}", f"{row['share']:.2f}",
            "" if least is None else f"≥ {least:.2f}{mark(row['share'] >= least)}",
            f"{row['cpu_us']:.1f}", f"{row['added_us']:+.1f}",
            "" if most is None else f"≤ {most}{mark(row['added_us'] <= most)}",
            f"{row['added_us_spread']:.1f}", f"{row['busy']:.0%}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}"))
    return aligned(cells)


def mark(is_met):
    """Shown beside a target."""
    return "" if is_met else " ✗"


def aligned(rows, texts=2):
    """The first columns to the left, numbers to the right, a rule under the head."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    lines = []
    for at, row in enumerate(rows):
        cells = [cell.ljust(width) if column < texts else cell.rjust(width)
                 for column, (cell, width) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
        if at == 0:
            lines.append("  ".join("─" * width for width in widths))
        elif texts > 1 and at + 1 < len(rows) and rows[at + 1][0] != row[0]:
            lines.append("")
    return "\n".join(lines) + "\n"


def markdown(rows):
    """Tables for docs/performance.md: CPU added in µs, then the share of the no-op's requests; of what is compared, then of the rest."""
    names = list(dict.fromkeys(row["listener"] for row in rows if row["listener"] != "buffer"))
    compared, others = [name for name in COMPARED if name in names], [name for name in names if name not in COMPARED]
    return "\n".join(by_body(rows, group, *form) for group in (compared, others) if group for form in FORMS)


def by_body(rows, names, title, key, sign, digits):
    """One such table: bodies by listeners; bodies that none of these got are left out."""
    lines = [f"| {' | '.join([title, *names])} |", "|---" * (len(names) + 1) + "|"]
    for body in dict.fromkeys(row["body"] for row in rows if row["listener"] in names):
        found = {row["listener"]: row for row in rows if row["body"] == body}
        cells = [body]
        for row in (found.get(name) for name in names):
            aim = "" if row is None or row[f"{key}_target"] is None else f" ({sign} {row[f'{key}_target']})"
            cells.append("" if row is None else f"{row[key]:.{digits}f}{aim}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def plain_markdown(rows):
    """Rows for docs/performance.md as they are, the first of them the head."""
    head, *others = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "|---" * len(rows[0]) + "|", *others]) + "\n"

"""How times grow with routes, keywords and candidates, from what criterion has measured last."""

import json
import pathlib

import report

CRITERION = pathlib.Path(__file__).resolve().parent.parent.parent / "target" / "criterion"

STRATEGIES = ["ordered_fallback", "priority_based", "weighted", "round_robin", "least_busy",
              "latency_based", "usage_based", "rate_limit_aware", "cost_based", "rules", "sticky"]

# More, fewer, and the most that more may cost as a multiple of fewer.
GROWTH = [
    ("decide", "10000 routes", "10 routes", 3),
    ("scan", "text 600 KB, 10000 keywords", "text 600 KB, 10 keywords", 1.5),
    *((f"group/{strategy}", "1000", "16", 1.5) for strategy in STRATEGIES),
]


def median_us(group, name):
    """Microseconds."""
    estimates = CRITERION / group / name / "new" / "estimates.json"
    return json.loads(estimates.read_text())["median"]["point_estimate"] / 1e3


def main():
    rows = [("part", "more", "µs", "fewer", "µs", "ratio", "target")]
    for group, more, fewer, most in GROWTH:
        try:
            high, low = median_us(group, more), median_us(group, fewer)
        except FileNotFoundError:
            # Not measured, or not yet.
            continue
        ratio = high / low
        rows.append((group, more, f"{high:.2f}", fewer, f"{low:.2f}", f"{ratio:.2f}",
                     f"≤ {most:g}{report.mark(ratio <= most)}"))
    print(report.aligned(rows, texts=1), end="")


if __name__ == "__main__":
    main()

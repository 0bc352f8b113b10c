"""Figures, each beside a floor measured in the same run. Nothing here fails; it prints.

python bench/bench.py            all figures
python bench/bench.py keys       one of: report, tls, keys, history, many, gate, pages, start, services
"""

from __future__ import annotations

import sys

from figures import gate, history, keys, many, pages, report, services, start, tls

FIGURES = {
    "report": report.measure,
    "tls": tls.measure,
    "keys": keys.measure,
    "history": history.measure,
    "many": many.measure,
    "gate": gate.measure,
    "pages": pages.measure,
    "start": start.measure,
    "services": services.measure,
}


def main(names: list[str]) -> None:
    """Measures what was named, or everything."""
    for name in names or FIGURES:
        FIGURES[name]()


if __name__ == "__main__":
    main(sys.argv[1:])

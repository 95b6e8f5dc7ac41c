"""`make storm`: storms, one after another, on SQLite, or scaled out on PostgreSQL and S3.

TEST_DATABASE_URL and TEST_OBJECT_STORE_URL (or the options) name the scaled-out ones, as
`python -m tools.services run -- make storm` does. A failing storm says how to play it again.
"""

from __future__ import annotations

import argparse
import os
import sys
from random import SystemRandom

from tests.faults.storm.run import Lost, Storm, weather


def read_arguments(given: list[str]) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.storm", description=__doc__)
    parser.add_argument("--seed", type=int, help="the first storm's; the others' follow it")
    parser.add_argument("--storms", type=int, default=1, help="how many, one after another")
    parser.add_argument("--seconds", type=float, default=180, help="of each")
    parser.add_argument("--waves", type=int, default=10_000, help="at most so many of each")
    parser.add_argument("--phones", type=int, default=6)
    env = os.environ.get
    parser.add_argument("--database-url", default=env("TEST_DATABASE_URL", ""))
    parser.add_argument("--object-store-url", default=env("TEST_OBJECT_STORE_URL", ""))
    return parser.parse_args(given)


def say(line: str) -> None:
    """A line on the terminal, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(given: list[str]) -> int:
    """Raise the storms; 1 if one of them lost something."""
    asked = read_arguments(given)
    first = SystemRandom().randrange(1_000_000) if asked.seed is None else asked.seed
    for seed in range(first, first + asked.storms):
        storm = Storm(
            seed,
            asked.seconds,
            asked.waves,
            asked.phones,
            asked.database_url,
            asked.object_store_url,
        )
        say(f"Storm {seed} on {storm.ground}, {storm.phones} phones:")
        try:
            for line in weather(storm).lines():
                say("  " + line)
        except Lost as lost:
            say(f"  {lost}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

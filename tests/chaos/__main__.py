"""``make chaos``: real relay, real workers, real PostgreSQL, broken on purpose. One JSON line a scenario.

    python -m tests.chaos [--only chaos.R1] [--seed 1] [--broker redis]

The broker is the folder that ``make run`` uses; ``redis`` and ``rabbitmq`` start the programs of that name that the
machine has installed, at ports of their own.

Ends with 0 when every scenario passed. The processes' log of a failed run is kept in .cache/chaos/last.log.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import time

from tests.brokers import BROKERS, BrokerMissing
from tests.chaos.house import House

SLOTS = 2
WORKERS = 2


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--only", default="chaos.", help="run the scenarios whose name begins with this")
    parser.add_argument("--seed", type=int, default=None, help="of the moments at which things are killed")
    parser.add_argument("--broker", choices=BROKERS, default="folder", help="what carries the messages")
    options = parser.parse_args()
    random.seed(options.seed)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # like Ctrl-C: clean up first
    try:
        house = House(slots=SLOTS, broker=options.broker)
    except BrokerMissing as missing:
        sys.exit(str(missing))
    failed = True
    try:
        failed = not _run(house, options.only)
    finally:
        house.close(keep_log=failed)
    return int(failed)


def _run(house: House, only: str) -> bool:
    import django

    django.setup()
    from tests.chaos.scenarios import SCENARIOS

    house.add_relay()
    for _ in range(WORKERS):
        house.add_worker()
    passed = []
    for name, scenario in SCENARIOS.items():
        if name.startswith(only):
            started = time.monotonic()
            figures = scenario(house)
            passed.append(figures["passed"])
            print(json.dumps({"name": name, **figures, "took_s": round(time.monotonic() - started, 1)}), flush=True)
    return bool(passed) and all(passed)


if __name__ == "__main__":
    sys.exit(main())

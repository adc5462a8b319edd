"""How often something may be done in a minute, counted for each key on its own."""

from __future__ import annotations

import time
from collections import OrderedDict, deque

WINDOW_SECONDS = 60


class Pace:
    """A sliding window per key. Keys that were quiet for a whole window are forgotten."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> bool:
        """Count one more for `key`; False, and not counted, when the minute's are used up."""
        now = time.monotonic()
        while self._times and now - next(iter(self._times.values()))[-1] > WINDOW_SECONDS:
            self._times.popitem(last=False)
        times = self._times.setdefault(key, deque())
        while times and now - times[0] > WINDOW_SECONDS:
            times.popleft()
        if len(times) >= self._per_minute:
            return False
        times.append(now)
        self._times.move_to_end(key)
        return True

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._times)

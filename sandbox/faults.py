"""Fault switches: each named fault strikes with a probability, or the next so many times, or both."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A fault that a platform offers. ``seconds`` is its default length; 0 when it has none."""

    name: str
    label: str
    help: str
    group: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FaultSetting:
    """``next``: strikes left for certain; ``probability`` 0 to 1 of every later chance; ``seconds``: its length."""

    next: int = 0
    probability: float = 0.0
    seconds: float = 0.0

    @property
    def armed(self) -> bool:
        return self.next > 0 or self.probability > 0


class UnknownFault(Exception):
    """No fault has this name."""


class BadFault(Exception):
    """A fault was given a value outside its range."""


class Faults:
    """The switches of one store. Safe to use from any thread."""

    def __init__(self, kinds: list[FaultKind], seed: int = 0) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self.struck: dict[str, int] = dict.fromkeys(self.kinds, 0)
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._settings: dict[str, FaultSetting] = {}
        self.clear()

    def set(
        self,
        name: str,
        *,
        next: int | None = None,
        probability: float | None = None,
        seconds: float | None = None,
    ) -> FaultSetting:
        """Change the values given and keep the others. Raises UnknownFault, BadFault."""
        if name not in self.kinds:
            raise UnknownFault(name)
        if next is not None and (isinstance(next, bool) or not isinstance(next, int) or next < 0):
            raise BadFault("next must be a whole number, 0 or more")
        if probability is not None and not 0 <= probability <= 1:
            raise BadFault("probability must lie between 0 and 1")
        if seconds is not None and not 0 <= seconds <= 86_400:
            raise BadFault("seconds must lie between 0 and 86400")
        with self._lock:
            setting = self._settings[name]
            setting = replace(
                setting,
                next=setting.next if next is None else next,
                probability=setting.probability if probability is None else probability,
                seconds=setting.seconds if seconds is None else seconds,
            )
            self._settings[name] = setting
        return setting

    def take(self, name: str) -> FaultSetting | None:
        """Return the setting if the fault strikes now, using up one of its next strikes; else None."""
        with self._lock:
            setting = self._settings[name]
            if setting.next > 0:
                self._settings[name] = replace(setting, next=setting.next - 1)
            elif setting.probability <= 0 or self._random.random() >= setting.probability:
                return None
            self.struck[name] += 1
            return setting

    def get(self, name: str) -> FaultSetting:
        """Return the present setting. Raises UnknownFault."""
        if name not in self.kinds:
            raise UnknownFault(name)
        with self._lock:
            return self._settings[name]

    def clear(self) -> None:
        """Disarm every fault and bring back the default lengths."""
        with self._lock:
            self._settings = {kind.name: FaultSetting(seconds=kind.seconds) for kind in self.kinds.values()}

    def describe(self) -> dict[str, dict[str, object]]:
        """Return name → ``{next, probability, seconds, struck}``."""
        with self._lock:
            settings: Mapping[str, FaultSetting] = dict(self._settings)
            return {name: {**asdict(setting), "struck": self.struck[name]} for name, setting in settings.items()}

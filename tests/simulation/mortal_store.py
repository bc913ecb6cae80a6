"""A service's real store, with the places at which its process may die."""

from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import override

from libs.events.envelope import Envelope
from libs.runtime.store import unit_of_work
from libs.runtime.store.cause import Cause
from libs.runtime.store.connections import Connections
from libs.runtime.store.store import Store
from tests.simulation.fault_injector import FaultInjector

R = TypeVar("R")


class MortalStore(Store[Any]):
    """Dies before, inside and after a commit if the injector says so."""

    def __init__(
        self, injector: FaultInjector, connections: Connections, *arguments: Any, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._injector = injector
        self._connections = connections

    @override
    def close(self) -> None:
        """The next process of this service gets the connections; none is in a transaction."""
        self._threads.shutdown()

    @override
    def execute(self, cause: Cause, decide: Callable[[], R]) -> R:
        answer: R = self._mortally(
            decide, lambda dying: super(MortalStore, self).execute(cause, dying)
        )
        return answer

    @override
    def work(self, cause: Cause, decide: Callable[[], R]) -> R:
        answer: R = self._mortally(
            decide, lambda dying: super(MortalStore, self).work(cause, dying)
        )
        return answer

    @override
    def react(self, about: Envelope, durable: str, decide: Callable[[], None]) -> bool:
        key = (durable, str(about.id))

        def counted() -> None:
            decide()
            self.after_commit(lambda: self.reacted(key))

        first: bool = self._mortally(counted, lambda dying: self.once(about, durable, dying))
        return first

    def once(self, about: Envelope, durable: str, decide: Callable[[], None]) -> bool:
        """The inbox itself."""
        return super().react(about, durable, decide)

    def reacted(self, key: tuple[str, str]) -> None:
        """A reaction was committed."""
        self._injector.reactions[key] += 1

    @override
    async def command(self, cause: Cause, decide: Callable[[], R]) -> R:
        """Run in the only thread."""
        return self.execute(cause, decide)

    def _mortally(self, decide: Callable[[], R], run: Callable[[Callable[[], R]], Any]) -> Any:
        if unit_of_work.current() is not None:
            return run(decide)
        self._injector.may_crash(self.service, "before its transaction")

        def dying() -> R:
            decided = decide()
            self._injector.may_crash(self.service, "before the commit")
            return decided

        answer = run(dying)
        self._injector.may_crash(self.service, "after the commit")
        return answer

"""One thing at most between two threads."""

import asyncio
import threading

import pytest

from edgedf.runtime.live.mailbox import Mailbox


def test_the_newest_wins() -> None:
    box = Mailbox[int]()
    for i in range(5):
        box.put(i)
    assert box.get() == 4


def test_what_is_handed_waits_until_the_older_is_taken() -> None:
    box = Mailbox[int]()

    def give() -> None:
        for i in range(100):
            box.hand(i)
        box.close()

    giver = threading.Thread(target=give)
    giver.start()
    assert list(iter(box.get, None)) == list(range(100))
    giver.join()


def test_closing_wakes_who_waits_and_lets_nothing_in() -> None:
    box = Mailbox[int]()
    box.put(1)
    waiting = threading.Thread(target=box.hand, args=(2,))
    waiting.start()
    box.close()
    waiting.join(5)
    assert not waiting.is_alive()
    box.put(3)
    assert box.get() == 1 and box.get() is None


def test_an_error_comes_after_what_was_there() -> None:
    box = Mailbox[int]()
    box.put(1)
    box.close(ValueError("lost"))
    box.close()
    assert box.get() == 1
    for _ in range(2):
        with pytest.raises(ValueError, match="lost"):
            box.get()


def test_an_event_loop_goes_on_while_it_waits() -> None:
    box = Mailbox[int]()

    async def main() -> list[int | None]:
        later = threading.Timer(0.05, lambda: box.put(7))
        waiting = asyncio.ensure_future(box.aget())
        later.start()
        await asyncio.sleep(0)
        assert not waiting.done()
        found = [await waiting]
        box.put(8)
        found.append(await box.aget())
        box.close()
        return [*found, await box.aget()]

    assert asyncio.run(main()) == [7, 8, None]


def test_a_task_that_is_cancelled_leaves_nothing_behind() -> None:
    box = Mailbox[int]()

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.aget(), 0.01)

    asyncio.run(main())
    box.put(1)  # would call into a closed loop
    assert box.get() == 1 and not box._wakers

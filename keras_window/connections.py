"""Connections from anybody in the room: who is let in, how much each may send, and what all may cost.

So that nobody can hold up a training, or keep the others from looking on, there are only so many connections
of the class (`Places`), and only so much comes over each (`_ClassStream`). Whatever is sent, the thread that
answers takes no more than its share of the time (`Selector`).
"""

import asyncio
import collections
import contextlib
import selectors
import time

from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

SHARE = 0.2  # of the time: what the browsers may cost at most
PLACES = 200  # for connections of the class; a page that is open has one
CONNECTS = 20, 400, 400  # from one address: a second, at most at once, and at first; a page takes two
STEPS = 600, 2000, 200  # of one connection, likewise; a message takes three or four
REFUSED = 5  # seconds, for the address of who sends more
WAITING = 2**23  # bytes on their way to one browser; a picture is the most that is sent at once


class _Allowance:
    """So much a second; what is not taken is saved up, to a limit."""

    def __init__(self, a_second, limit, first):
        self._a_second, self._limit = a_second, limit
        self._left, self._at = first, time.monotonic()

    def take(self, amount):
        """Take it, there or not. Returns the seconds until all that was taken has come in, 0 if it has."""
        now = time.monotonic()
        self._left = min(self._left + self._a_second * (now - self._at), self._limit) - amount
        self._at = now
        return max(-self._left / self._a_second, 0.0)

    def nothing_for(self, seconds):
        self._left, self._at = -self._a_second * seconds, time.monotonic()


class Selector(selectors.DefaultSelector):
    """Waits for what the browsers send; longer when they keep this thread busy for more than its share.

    Their messages then pile up on their side of the network.
    """

    def __init__(self):
        super().__init__()
        self._time, self._begun = _Allowance(SHARE, 0.1, 0.1), 0.0  # seconds of the processor for this thread
        self.rounds = 0

    @contextlib.contextmanager
    def excused(self):
        """Do what the browsers are not to blame for."""
        began = time.thread_time()
        yield
        self._begun += time.thread_time() - began

    def select(self, timeout=None):
        time.sleep(self._time.take(time.thread_time() - self._begun))
        events = super().select(timeout)
        self.rounds += 1
        self._begun = time.thread_time()
        return events


class Stream(IOStream):
    """A connection, closed when anything is written before the right secret has come, or too much at once."""

    trusted = False

    def __init__(self, connection):
        super().__init__(connection, read_chunk_size=1024, max_write_buffer_size=WAITING)

    def write(self, data):
        if self.trusted:
            with contextlib.suppress(StreamBufferFullError):
                return super().write(data)
        self.close()
        unwritten = asyncio.get_running_loop().create_future()
        unwritten.set_exception(StreamClosedError())
        unwritten.exception()  # nobody else need ask for it
        return unwritten

    def cut_off(self):
        """Close it at once: what has come is not what a page sends."""
        self.close()


class _ClassStream(Stream):
    """A connection of the class, which is cut off when more comes than any page sends.

    A step is one reading from the network, or one part of a message that is taken from what was read. So
    messages are counted, and parts of messages, pings, and bytes that come one by one. A page sends up to 83
    messages a second while a finger or a mouse moves, which are 330 steps; after some seconds without a
    connection it sends those of that time at once.
    """

    def __init__(self, connection, places, selector):
        super().__init__(connection)
        self._places, self._selector = places, selector
        self._steps, self._round = _Allowance(*STEPS), None

    def _is_too_much(self):
        if self._steps.take(1):
            self.cut_off()
        return self.closed()

    def read_from_fd(self, buf):
        if self._round == self._selector.rounds:
            return None  # not before all the others have had their turn
        self._round = self._selector.rounds
        return 0 if self._is_too_much() else super().read_from_fd(buf)

    def read_bytes(self, *args, **kwargs):
        if self._is_too_much():
            raise StreamClosedError
        return super().read_bytes(*args, **kwargs)

    def cut_off(self):
        self._places.refuse(self)
        super().cut_off()

    def close_fd(self):
        super().close_fd()
        self._places.leave(self)


class Places:
    """Who of the class is let in, so that nobody keeps the others out.

    There are `PLACES`, one for each connection. When all are taken, who comes gets the place of the oldest
    connection that has not sent the secret yet; if all have, that of the newest connection of the address
    with the most, if these are at least two more than those from the address of who comes. Else who comes is
    turned away. So no address takes the place of a page from one that has fewer, and still a whole class
    behind one router, whose address they share, has all the places.

    An address that connects more often than `CONNECTS` is turned away until it has waited; that of a
    connection that was cut off, for `REFUSED` seconds. Its other connections stay: they may be others'.
    """

    def __init__(self, selector):
        self._selector = selector
        self._taken = {}  # for each connection its address
        self._connects = collections.defaultdict(lambda: _Allowance(*CONNECTS))  # for each address

    def admit(self, connection, host):
        """A stream for this connection; None if it is turned away."""
        connects = self._connects[host]
        if connects.take(0) or not self._room_for(host):
            connection.close()
            return None
        connects.take(1)
        if len(self._connects) > 1000:  # only those that must wait are remembered
            for known in [known for known, left in self._connects.items() if not left.take(0)]:
                del self._connects[known]
        stream = _ClassStream(connection, self, self._selector)
        self._taken[stream] = host
        return stream

    def _room_for(self, host):
        if len(self._taken) < PLACES:
            return True
        leaving = next((stream for stream in self._taken if not stream.trusted), None)
        if not leaving:
            counts = collections.Counter(self._taken.values())
            greediest, most = counts.most_common(1)[0]
            if most < counts[host] + 2:
                return False
            leaving = next(stream for stream in reversed(self._taken) if self._taken[stream] == greediest)
        leaving.close()
        return True

    def refuse(self, stream):
        if stream in self._taken:
            self._connects[self._taken[stream]].nothing_for(REFUSED)

    def leave(self, stream):
        self._taken.pop(stream, None)

"""Limits for connections from other computers, so that no client holds up the training or shuts out others.

`Places` limits the number of connections, `_ClassStream` what each may send, and `Selector` the processor
time that the server's thread spends on all of them.
"""

import asyncio
import collections
import contextlib
import selectors
import time

from tornado.iostream import IOStream, StreamBufferFullError, StreamClosedError

SHARE = 0.2  # of the processor time: the most that serving the browsers may take
PLACES = 200  # connections of the class; each open page has one
CONNECTS = 20, 400, 400  # of one address: per second, largest burst, first burst; a page makes two
STEPS = 600, 2000, 200  # of one connection: the same three limits; a message takes three or four steps
REFUSED = 5  # seconds for which an address is refused after it sent more
WAITING = 2**23  # bytes not yet sent to one browser; the largest message is a picture


class _Allowance:
    """A token bucket: refilled at a constant rate, up to a limit."""

    def __init__(self, a_second, limit, first):
        self._a_second, self._limit = a_second, limit
        self._left, self._at = first, time.monotonic()

    def take(self, amount):
        """Take an amount, even if it is not there yet. Returns the seconds until it will be, 0 if it is."""
        now = time.monotonic()
        self._left = min(self._left + self._a_second * (now - self._at), self._limit) - amount
        self._at = now
        return max(-self._left / self._a_second, 0.0)

    def nothing_for(self, seconds):
        self._left, self._at = -self._a_second * seconds, time.monotonic()


class Selector(selectors.DefaultSelector):
    """A selector that sleeps when the browsers keep this thread busy for more than `SHARE` of the time.

    Their messages then queue up on their side of the network.
    """

    def __init__(self):
        super().__init__()
        self._time, self._begun = _Allowance(SHARE, 0.1, 0.1), 0.0  # seconds of this thread's processor time
        self.rounds = 0

    @contextlib.contextmanager
    def excused(self):
        """A block whose processor time does not count as the browsers'."""
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
    """A connection. A write closes it if the secret has not come, or if too much waits to be sent."""

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
        unwritten.exception()  # so that asyncio does not log it as never retrieved
        return unwritten

    def cut_off(self):
        """Close the connection at once, because it sent what no page sends."""
        self.close()


class _ClassStream(Stream):
    """A connection of the class. It is cut off when it sends more than any page does.

    A step is one read from the network, or one part of a message taken from what was read. This counts
    messages, parts of messages, pings, and bytes that arrive one at a time. While a finger or a mouse moves,
    a page sends up to 83 messages a second, which are 330 steps; after a few seconds without a network it
    sends the messages of that time all at once.
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
            return None  # not until all others have had their turn
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
    """Admission of the class's connections, so that no client shuts out the others.

    There are `PLACES`, one for each connection. When all are taken, a new connection replaces the oldest one
    that has not sent the secret. If all have sent it, the new connection replaces the newest one of the
    address with the most connections, provided that this address has at least two more than the new
    connection's. Otherwise the new connection is turned away. So no address takes a place from an address
    that has fewer, and a whole class that shares the address of one router can have all the places.

    An address that connects more often than `CONNECTS` allows is turned away until it has waited. After one
    of its connections is cut off, an address is refused for `REFUSED` seconds. Its other connections stay
    open: they may belong to other people.
    """

    def __init__(self, selector):
        self._selector = selector
        self._taken = {}  # address of each connection
        self._connects = collections.defaultdict(lambda: _Allowance(*CONNECTS))  # by address

    def admit(self, connection, host):
        """Return a stream for this connection, or None if it is turned away."""
        connects = self._connects[host]
        if connects.take(0) or not self._room_for(host):
            connection.close()
            return None
        connects.take(1)
        if len(self._connects) > 1000:  # remember only the addresses that must wait
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

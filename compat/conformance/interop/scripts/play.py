"""What all programs in Python share: payloads, the log of events, the steps of
a script, and the conversation with the command. See script.go for
what they mean."""

import asyncio
import hashlib
import json
import sys

SUBPROTOCOL = "interop.v1"
PERIOD = 1 << 16


def payload(step):
    repeated = (step.get("data", "") * step.get("repeat", 0)).encode()
    return repeated + noise(step.get("size", 0), step.get("binary", False))


def noise(size, binary):
    block = bytearray(min(size, PERIOD))
    x = 1
    for i in range(len(block)):
        x = x * 48271 % 2147483647
        block[i] = (x >> 16) & 255 if binary else 32 + (x >> 16) % 95
    return bytes(block * (size // PERIOD + 1))[:size]


def numbered(i):
    return (str(i) + "." * (i % 100)).encode()


def write(line):
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


class Conn:
    """A connection and the log of what is seen on it. Classes for a library add
    the coroutines send(binary, raw, step), ping(data), close(code, reason) and
    read(), which takes what comes next. Nothing reads in the background: whoever
    waits does, as programs on these libraries are written."""

    def __init__(self, ws, protocol, extensions, origin=""):
        self.ws = ws
        self.events = []
        self.messages = []  # (binary, payload) of those received so far
        self.pongs = 0
        self.over = False  # nothing more will be received
        self.add("open", protocol=protocol or "", extensions=extensions, origin=origin)

    def add(self, event, **fields):
        self.events.append({"event": event, **fields})

    def message(self, binary, raw):
        self.messages.append((binary, raw))
        self.add("message", binary=binary, size=len(raw), digest=hashlib.sha256(raw).hexdigest())

    def pong(self, data):
        self.pongs += 1
        self.add("pong", data=data)

    def end(self, code, reason):
        self.add("close", code=code or 0, reason=reason or "")
        self.over = True

    async def until(self, there):
        """Returns when there is what the caller waits for, or nothing more can come."""
        while not there() and not self.over:
            await self.read()

    async def play(self, steps):
        """Does the steps, reads until the end of the connection, and returns the
        events."""
        try:
            taken = 0
            for step in steps or []:
                taken = await self.step(step, taken)
            await self.until(lambda: False)
        except Exception as err:
            self.add("error", detail=repr(err))
        return self.events

    async def step(self, step, taken):
        """Does a step. Of the messages received, taken have been waited for: it
        returns how many have been then."""
        do, binary = step["do"], step.get("binary", False)
        if self.over:
            return taken
        if do == "send":
            await self.send(binary, payload(step), step)
        elif do == "burst":
            for i in range(step["count"]):
                await self.send(binary, numbered(i), step)
        elif do == "recv":
            taken += step["count"]
            await self.until(lambda: len(self.messages) >= taken)
        elif do == "echo":
            while not self.over:
                await self.until(lambda: len(self.messages) > taken)
                if len(self.messages) > taken:
                    await self.send(*self.messages[taken], step)
                    taken += 1
        elif do == "ping":
            before = self.pongs
            await self.ping(step["data"])
            await self.until(lambda: self.pongs > before)
        elif do == "close":
            await self.close(step["code"], step.get("reason", ""))
        else:
            raise ValueError("no such step: " + do)
        return taken


async def clients(dial):
    """Plays the scripts of the input one after the other, and ends with it."""
    loop = asyncio.get_running_loop()
    while True:
        text = await loop.run_in_executor(None, sys.stdin.readline)
        if not text:
            return
        script = json.loads(text)
        try:
            events = await dial(script)
        except Exception as err:
            events = [{"event": "error", "detail": repr(err)}]
        write({"report": {"id": script["id"], "events": events}})

"""Connections to a gild: calls that are answered once, refused, or cut off."""

import asyncio
import itertools
import json
import socket
import struct
import time

PATIENCE_S = 60
RETRY_S = 0.05
LINE_BYTES = 1 << 24


class Cut(Exception):
    """The connection has ended, and no answer had come."""


class Refused(Exception):
    """An answer that is an error: its slug, and all of its data."""

    def __init__(self, error):
        self.data = error.get("data", {})
        self.reason = self.data.get("reason", str(error))
        super().__init__(f"{self.reason}: {self.data.get('detail')}")


class Hung(Exception):
    """No answer in PATIENCE_S, and no end of the connection."""


class Client:
    """
    One connection at a time to the address that `where` returns; a call after
    its end opens another. What breaks the protocol goes to `complain`.
    """

    def __init__(self, where, complain):
        self.where = where
        self.complain = complain
        self.numbers = itertools.count(1)
        self.owed = {}
        self.writer = None
        self.reading = None
        self.opening = asyncio.Lock()
        self.n_connections = 0

    # --- the connection ---

    async def _open_once(self):
        address = self.where()
        if address.startswith("unix:"):
            return await asyncio.open_unix_connection(address[5:], limit=LINE_BYTES)
        host, port = address.rsplit(":", 1)
        return await asyncio.open_connection(host, int(port), limit=LINE_BYTES)

    async def _open(self):
        end = time.monotonic() + PATIENCE_S
        async with self.opening:
            while self.writer is None:
                try:
                    reader, self.writer = await self._open_once()
                except OSError as error:
                    if time.monotonic() > end:
                        raise Hung(f"cannot connect: {error}") from error
                    await asyncio.sleep(RETRY_S)
            if self.reading is None:
                self.owed = {}
                self.n_connections += 1
                reading = self._read(reader, self.writer, self.owed)
                self.reading = asyncio.create_task(reading)

    async def _read(self, reader, writer, owed):
        try:
            while line := await reader.readline():
                if line.strip():
                    self._hear(line, owed)
        except (OSError, ValueError):
            pass
        if self.writer is writer:
            self.writer = self.reading = None
        writer.transport.abort()
        for answer in owed.values():
            if not answer.done():
                answer.set_exception(Cut())
        owed.clear()

    def _hear(self, line, owed):
        if not line.endswith(b"\n"):
            return  # cut off within a line
        message = json.loads(line)
        if "method" in message:
            return
        answer = owed.pop(message["id"], None)
        if answer is None:
            self.complain("answered twice", message)
        elif not answer.done():
            answer.set_result(message)

    # --- calls ---

    async def call(self, method, patience_s=PATIENCE_S, **params):
        """The result. Raises Refused, Cut or Hung."""
        await self._open()
        if self.writer is None or self.writer.is_closing():
            await asyncio.sleep(0)
            raise Cut()
        number = next(self.numbers)
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        answer = asyncio.get_running_loop().create_future()
        self.owed[number] = answer
        self.writer.write(json.dumps(request).encode() + b"\n")
        try:
            message = await asyncio.wait_for(answer, patience_s)
        except asyncio.TimeoutError:
            raise Hung(f"{method} was not answered in {patience_s} s") from None
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]

    # --- ends ---

    def cut(self, partial=b""):
        """Closes it behind a part of a line."""
        if self.writer is not None:
            self.writer.write(partial)
            self.writer.close()

    def reset(self):
        """Ends it by a reset, if it is one of TCP."""
        if self.writer is not None:
            own = self.writer.get_extra_info("socket")
            at_once = struct.pack("ii", 1, 0)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
            self.writer.transport.abort()

    async def close(self):
        self.cut()
        if self.reading is not None:
            await self.reading

"""
What a server has in memory: idle, for each idle connection, and for each job that
waits; the pages that its processes share are counted once. Workers of ours are
not started, so that jobs wait; gild's own are kept busy.
"""

import resource
import socket
import struct

from program import ask, connect, resident_kib

CHUNK = 500
WIRE_JOBS = 4000  # that a connection of gild may have in flight


def may_open(n):
    """As many descriptors as the machine lets us have, and how many of n that is."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return min(n, most - 100)


def close_at_once(wire):
    """A reset: whatever it still waits for is given up."""
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()


def of_connections(peer, n):
    wires, before = [], resident_kib(peer.server.pid)
    for _ in range(n):
        wires.append(connect(peer.port))
        ask(wires[-1], *peer.ping)
    after = resident_kib(peer.server.pid)
    for wire in wires:
        wire.close()
    return (after - before) * 1024 / n


def of_jobs(peer, n):
    wires = [connect(peer.port)]
    peer.occupy(wires[0], 64)
    before = resident_kib(peer.server.pid)
    for first in range(0, n, CHUNK):
        if first % WIRE_JOBS == 0:
            wires.append(connect(peer.port))
        jobs = b"".join(peer.fill(first + i) for i in range(CHUNK))
        ask(wires[-1], jobs + peer.ping[0], peer.ping[1])
    after = resident_kib(peer.server.pid)
    for wire in wires:
        close_at_once(wire)
    return (after - before) * 1024 / n


def measure(run, n_connections, n_jobs):
    """
    KiB, and bytes; None where a server has no such thing. run() starts one, which
    is fresh each time: what another use gave back is not used again.
    """
    figures = {"connection": None, "job": None}
    with run() as peer:
        figures["idle_kib"] = resident_kib(peer.server.pid)
        if peer.ping[0]:
            figures["connection"] = of_connections(peer, may_open(n_connections))
    if peer.fill:
        with run() as peer:
            figures["job"] = of_jobs(peer, n_jobs)
    return figures

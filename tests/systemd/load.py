#!/usr/bin/env python3
"""A load of short jobs on gild, and the accounts of it.

    load.py [--rate N] [--seconds S] ADDRESS...

Submits N jobs a second (200), whether earlier ones have been answered or not,
in turn over one connection to each ADDRESS, HOST:PORT or unix:PATH; the same
may be named several times. Four jobs go out at a time, 1 to 5 ms long, to the
pools threads and processes. It says "under load" once each connection has had
an answer. After S seconds, or a SIGTERM, it submits no more, waits for what is
owed, and says what became of all.

It relies on proto/PROTOCOL.md to the letter. A connection is opened anew only
when gild has ended it, in good order: by the end of the stream, behind every
answer that was owed. Then what was sent and never served is sent again, over
the next one (crossed), and so is what was answered `shutting_down`. What was
served is known: all jobs ask for job.progress, of which the first comes when
the job is accepted, and lines are served in their order. Everything else is a
failure, and makes the exit status 1:

    refused     connections that were
    reset       connections that were, or that ended in the middle of a line
    unanswered  jobs that were accepted, or overtaken by a later one that was,
                when their connection ended without an answer; and those that
                had none 60 s after the last was sent
    twice       answers to what had been answered, or never asked
    wrong       other errors, other states than done, turns that do not add up
"""

import collections
import json
import select
import signal
import socket
import sys
import time

AT_ONCE = 4
LENGTHS_MS = (1, 1, 1, 2, 5)
PATIENCE_S = 60
FAILURES = ("refused", "reset", "unanswered", "twice", "wrong")

counts = collections.Counter()
examples = []


def fail(what, why):
    counts[what] += 1
    if len(examples) < 10:
        examples.append(f"{what}: {why}")


class Job:
    """One that is to be answered once."""

    n = 0

    def __init__(self):
        self.number = Job.n
        Job.n += 1
        self.turns = 1000 * LENGTHS_MS[self.number % len(LENGTHS_MS)]
        self.workers = 1 + self.number % 2
        self.pool = ("threads", "processes")[self.number // 2 % 2]
        self.sent_at = None
        self.is_accepted = False

    def line(self):
        params = {
            "count": self.turns,
            "cost_ns": 1000,
            "pool": self.pool,
            "workers": self.workers,
            "progress": True,
        }
        request = {
            "jsonrpc": "2.0",
            "id": self.number,
            "method": "job.submit",
            "params": params,
        }
        return json.dumps(request).encode() + b"\n"

    def check(self, result):
        done = sum(task["turns"] for task in result["tasks"])
        if result["state"] != "done" or result["pool"] != self.pool:
            fail("wrong", result)
        elif done != self.turns or len(result["tasks"]) != self.workers:
            fail("wrong", f"{done} turns, not {self.turns}")


class Connection:
    def __init__(self, load, address):
        self.load = load
        self.address = address
        self.jobs = {}  # those without an answer, in the order of sending
        self.is_ending = False
        self.has_answer = False
        self.unsent = self.unread = b""
        self.socket = None
        self.connect()

    def connect(self):
        if self.address.startswith("unix:"):
            family, address = socket.AF_UNIX, self.address[5:]
        else:
            host, port = self.address.rsplit(":", 1)
            family, address = socket.AF_INET, (host, int(port))
        self.is_ending = False
        self.unsent = self.unread = b""
        while True:
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            self.socket.settimeout(PATIENCE_S)
            try:
                self.socket.connect(address)
                break
            except OSError as error:
                fail("refused", f"{self.address}: {error}")
                self.socket.close()
                if counts["refused"] > 100:
                    self.load.end()
                time.sleep(0.01)
        self.socket.setblocking(False)
        self.load.watch(self)

    def submit(self, job):
        self.jobs[job.number] = job
        self.unsent += job.line()

    def write(self):
        try:
            self.unsent = self.unsent[self.socket.send(self.unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            # Whether it was a reset, or an end that this crossed with, is to
            # be read.
            self.unsent = b""
            self.is_ending = True

    def read(self):
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError as error:
            fail("reset", f"{self.address}: {error}")
            data = b""
        lines = (self.unread + data).split(b"\n")
        self.unread = lines.pop()
        for line in lines:
            if line:
                self.hear(json.loads(line))
        if not data:
            self.end()

    def hear(self, message):
        if message.get("method") == "job.progress":
            job = self.jobs.get(message["params"]["request"])
            if job is None:
                fail("twice", message)
            else:
                job.is_accepted = True
            return
        if message["id"] not in self.jobs:
            fail("twice", message)
            return
        # Lines are served in the order in which they were sent.
        for other in self.jobs.values():
            if other.number == message["id"]:
                break
            other.is_accepted = True
        job = self.jobs.pop(message["id"])
        error = message.get("error")
        if error and error["data"]["reason"] == "shutting_down":
            counts["shutting_down"] += 1
            self.is_ending = True
            self.load.again(job)
            return
        self.has_answer = True
        counts["answered"] += 1
        self.load.longest_s = max(
            self.load.longest_s, time.monotonic() - job.sent_at
        )
        if error:
            fail("wrong", error)
        else:
            job.check(message["result"])

    def end(self):
        """The end of the stream: all that was owed should have come."""
        if self.unread:
            fail("reset", f"{self.address}: in the middle of a line")
        self.load.forget(self)
        self.socket.close()
        is_served = False
        for job in reversed(list(self.jobs.values())):
            is_served = is_served or job.is_accepted
            if is_served:
                fail("unanswered", f"job {job.number}: {self.address} ended")
            else:
                counts["crossed"] += 1
                self.load.again(job)
        self.jobs.clear()
        counts["reconnects"] += 1
        self.connect()


class Load:
    def __init__(self, rate, seconds, addresses):
        self.poll = select.poll()
        self.by_fd = {}
        self.waiting = collections.deque()
        self.longest_s = 0.0
        self.period_s = AT_ONCE / rate
        self.seconds = seconds
        self.is_over = self.is_said = False
        self.turn = 0
        self.connections = [Connection(self, a) for a in addresses]

    def watch(self, connection):
        self.by_fd[connection.socket.fileno()] = connection
        self.poll.register(connection.socket, select.POLLIN)

    def forget(self, connection):
        del self.by_fd[connection.socket.fileno()]
        self.poll.unregister(connection.socket)

    def again(self, job):
        job.is_accepted = False
        self.waiting.appendleft(job)

    def submit_waiting(self):
        """To the next connection that is not about to end, if there is one."""
        for _ in self.connections:
            self.turn = (self.turn + 1) % len(self.connections)
            connection = self.connections[self.turn]
            if not connection.is_ending:
                while self.waiting:
                    job = self.waiting.popleft()
                    job.sent_at = job.sent_at or time.monotonic()
                    connection.submit(job)
                return

    def serve(self, until):
        """Reads before it writes: an end that has come is seen."""
        left_s = max(0, until - time.monotonic())
        for fd, events in self.poll.poll(left_s * 1000):
            if events & ~select.POLLOUT and fd in self.by_fd:
                self.by_fd[fd].read()
        self.submit_waiting()
        for connection in self.connections:
            if connection.unsent and not connection.is_ending:
                connection.write()
            events = select.POLLIN | (connection.unsent and select.POLLOUT or 0)
            self.poll.modify(connection.socket, events)
        if not self.is_said and all(c.has_answer for c in self.connections):
            self.is_said = True
            print("under load", flush=True)

    def n_owed(self):
        return len(self.waiting) + sum(len(c.jobs) for c in self.connections)

    def run(self):
        begin = due = time.monotonic()
        while not self.is_over:
            now = time.monotonic()
            if self.seconds and now - begin > self.seconds:
                break
            while due <= now:
                due += self.period_s
                self.waiting.extend(Job() for _ in range(AT_ONCE))
            self.serve(due)
        limit = time.monotonic() + PATIENCE_S
        while self.n_owed() > 0 and time.monotonic() < limit:
            self.serve(limit)
        if self.n_owed() > 0:
            fail("unanswered", f"{self.n_owed()} when all was over")
            counts["unanswered"] += self.n_owed() - 1
        self.end()

    def end(self):
        words = [f"sent={Job.n}", f"answered={counts['answered']}"]
        words += [f"{name}={counts[name]}" for name in FAILURES]
        for name in ("crossed", "shutting_down", "reconnects"):
            words.append(f"{name}={counts[name]}")
        print(*words, f"longest={self.longest_s:.3f}s", flush=True)
        for example in examples:
            print(example, file=sys.stderr)
        is_fine = counts["answered"] == Job.n > 0
        sys.exit(0 if is_fine and not any(counts[f] for f in FAILURES) else 1)


def main(arguments):
    rate, seconds = 200.0, 0.0
    while len(arguments) > 1 and arguments[0] in ("--rate", "--seconds"):
        if arguments[0] == "--rate":
            rate = float(arguments[1])
        else:
            seconds = float(arguments[1])
        del arguments[:2]
    if not arguments or rate <= 0:
        print("usage: load.py [--rate N] [--seconds S] ADDRESS...", file=sys.stderr)
        sys.exit(2)
    load = Load(rate, seconds, arguments)

    def stop(_number, _frame):
        load.is_over = True

    signal.signal(signal.SIGTERM, stop)
    load.run()


if __name__ == "__main__":
    main(sys.argv[1:])

"""
What is measured: a server that is started, with a client and perhaps workers of
ours; and where the programs are that do it. Who there is stands in roster.py.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

from program import Failure, Program, free_port

ONE, MANY = "one", "many"
START_TRIES = 3


def run(command):
    """Runs a program to its end; the JSON that it prints."""
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


class Tools:
    """Where the programs of this build are."""

    def __init__(self, builddir, gild):
        self.folder = os.path.join(os.path.abspath(builddir), "tests", "bench", "peers")
        self.gild = os.path.abspath(gild)
        self.echo = os.path.join(os.path.dirname(self.folder), "bench_daemon")

    def path(self, name):
        return os.path.join(self.folder, name)

    def run(self, name, *arguments):
        return run([self.path(name), *arguments])


def find_program(name):
    """Servers are often where only root looks for programs."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")


class Peer:
    """
    A server, perhaps with workers of ours, and the protocol that it speaks. One
    without a setting for a mode is not measured in it.
    """

    name = ""
    program = ""  # that must be installed
    package = ""
    protocol = "lines"
    is_limit = False
    is_json = False
    has_own_server = True  # else another peer's, with other clients or workers
    how = {ONE: "2 workers", MANY: "8 workers, 1,000 jobs in flight on a connection"}
    settings = {ONE: {"workers": 2}, MANY: {"workers": 8, "in_flight": 1000}}
    grid = {}  # what --tune tries: {name: values}
    ping = (b"", b"")
    fill = None  # a function: the n-th job that waits; None: it keeps none
    version_command = ()

    def __init__(self, tools):
        self.tools = tools
        self.folder = None
        self.server = self.workers = None
        self.port = 0
        self.start_s = 0.0

    def where(self):
        return find_program(self.program)

    def version(self):
        said = subprocess.run(
            [self.where(), *self.version_command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        ).stdout
        return (re.search(r"\d+\.\d+(\.\d+)?", said) or [""])[0]

    def command(self):
        raise NotImplementedError

    def start(self, folder):
        self.folder = folder
        for left in reversed(range(START_TRIES)):
            self.port = free_port()
            self.server = Program(self.command(), folder)
            try:
                self.start_s = self.server.await_answer(self.port, *self.ping)
                return
            except Failure:
                self.server.end()
                if left == 0:
                    raise

    def start_and_listen(self, command):
        """One that says when it is ready; what it said."""
        self.server = Program(command, self.folder)
        said = self.server.await_line(b"ready\n")
        self.start_s = time.monotonic() - self.server.begun
        return said

    def start_workers(self, setting):
        words = ["--workers", setting["workers"], "--ahead", setting.get("ahead", 1)]
        words += ["--json"] if self.is_json else []
        self.workers = Program(
            [self.tools.path("workers"), *words, self.protocol, self.port], self.folder
        )
        self.workers.await_line(b"ready\n")

    def measure(self, seconds, setting, *options):
        """One measurement: the line that load prints."""
        self.start_workers(setting)
        try:
            return self.load(setting, "--seconds", seconds, *options)
        finally:
            self.end_workers()

    def load(self, setting, *options):
        """The client; its workers are there."""
        words = ["--in-flight", setting.get("in_flight", 1), "--wires", setting.get("wires", 1)]
        words += ["--json"] if self.is_json else []
        return self.tools.run("load", *words, *options, self.protocol, self.port)

    def occupy(self, wire, n_tasks):
        """Its own workers, where it has any, count for as long as the wire is open."""

    def end_workers(self):
        if self.workers:
            self.workers.end()
            self.workers = None

    def end(self):
        self.end_workers()
        if self.server:
            self.server.end()
            self.server = None


@contextlib.contextmanager
def running(peer):
    """Started, with a folder of its own; both are gone in the end."""
    folder = tempfile.mkdtemp(prefix="gild-bench-")
    try:
        peer.start(folder)
        yield peer
    finally:
        peer.end()
        shutil.rmtree(folder, ignore_errors=True)


class Unaided(Peer):
    """A server that brings its workers along, or needs none."""

    def start_workers(self, setting):
        pass

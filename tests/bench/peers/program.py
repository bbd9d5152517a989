"""Programs of ours: started, waited for until they are ready, ended by their pids."""

import ctypes
import os
import select
import signal
import socket
import subprocess
import time

PATIENCE_S = 20
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None, use_errno=True)


class Failure(Exception):
    """A program did not do what it is there for."""


def prepare_child(cpus):
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if cpus:
        os.sched_setaffinity(0, cpus)


def free_port():
    """One that the kernel chose, and that nobody else is likely to get now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def connect(port):
    wire = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def ask(wire, request, marker):
    """Sends a request, and reads until the marker is in what came; that."""
    wire.sendall(request)
    came = b""
    while marker not in came:
        data = wire.recv(65536)
        if not data:
            raise Failure(f"hung up instead of {marker!r}: {came[-200:]!r}")
        came += data
    return came


class Program:
    """One process and its children, in a folder for what it writes, on some CPUs."""

    def __init__(self, command, folder, cpus=None):
        self.command = [str(word) for word in command]
        self.log_path = f"{folder}/{os.path.basename(self.command[0])}.log"
        self.begun = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=lambda: prepare_child(cpus),
            )

    @property
    def pid(self):
        return self.process.pid

    def await_line(self, line):
        """Returns what it said up to that line."""
        pipe, said, end = self.process.stdout.fileno(), b"", time.monotonic() + PATIENCE_S
        while line not in said:
            is_heard = select.select([pipe], [], [], max(0, end - time.monotonic()))[0]
            data = os.read(pipe, 4096) if is_heard else b""
            if not data:
                raise self.failure("is not ready")
            said += data
        return said.decode()

    def await_answer(self, port, request, marker):
        """Asks until it is answered; seconds since its start."""
        end = self.begun + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with connect(port) as wire:
                    ask(wire, request, marker)
                    return time.monotonic() - self.begun
            except (OSError, Failure):
                time.sleep(0.0005)
        raise self.failure("does not answer")

    def failure(self, what):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return Failure(f"{' '.join(self.command)} {what}: {log.read()[-1000:]}")

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()


def family(pid):
    """A process and all of its descendants."""
    children = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                parent = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def resident_kib(pid):
    """What a program has in memory, pages that its processes share counted once."""
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/smaps_rollup", encoding="utf-8") as rollup:
            total += sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return total

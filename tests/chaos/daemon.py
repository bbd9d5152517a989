"""A gild of our own: started, stopped, killed, and looked into by /proc."""

import ctypes
import os
import select
import signal
import subprocess
import time

PATIENCE_S = 60
RESTART_S = 0.05
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
FINDINGS = (
    "AddressSanitizer",
    "LeakSanitizer",
    "ThreadSanitizer",
    "runtime error:",
    " fatal: ",
)
# What children may say when their master was killed.
LAST_WORDS = ("cannot write to a queue: Broken pipe", "a thread of the pool cannot go on")

libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """Whoever a dead master leaves behind becomes a child of ours."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # Under nohup gild would keep to it, and never reload.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def read_stat(pid):
    """The parent of a process and its state's letter, or None."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[0]


def children(parent):
    """{pid: state} of a process's children."""
    found = {}
    for name in os.listdir("/proc"):
        stat = read_stat(name) if name.isdigit() else None
        if stat and stat[0] == parent:
            found[int(name)] = stat[1]
    return found


def kind_of(pid):
    """ "worker", "frontend", ...: the first word of what it calls itself."""
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
            return comm.read().split()[0]
    except (OSError, IndexError):
        return None


def count_descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def resident_kib(pid):
    """What it has in memory for itself: shared pages are not counted."""
    try:
        with open(f"/proc/{pid}/statm", encoding="utf-8") as statm:
            fields = statm.read().split()
    except OSError:
        return 0
    return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGESIZE") // 1024


class Daemon:
    """Keeps its socket, configuration, log and state in one folder."""

    def __init__(self, program, folder, state=None, options=()):
        self.program = program
        self.folder = folder
        self.state = state
        self.options = list(options)
        self.master = None
        self.tcp = None
        self.unix = f"unix:{folder}/gild.sock"
        self.log_path = f"{folder}/gild.log"
        self.n_starts = 0

    def write_configuration(self):
        path = f"{self.folder}/gild.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'listen = {{"127.0.0.1:0", "{self.unix}"}}\n')
            file.write("\n".join(self.options) + "\n")
            if self.state:
                file.write(f'state_dir = "{self.state}"\n')
        return path

    def start(self):
        """
        Returns once it is ready. It is tried again, as a service manager would:
        the frontends of a master that was killed may still have the socket.
        """
        end = time.monotonic() + PATIENCE_S
        while not (said := self._start_once()):
            if time.monotonic() > end:
                raise RuntimeError(f"gild does not start; its log: {self.log_path}")
            self.end()
            time.sleep(RESTART_S)
        self.n_starts += 1
        addresses = [line[13:] for line in said if line.startswith("listening on ")]
        self.tcp = next(a for a in addresses if not a.startswith("unix:"))

    def _start_once(self):
        """The lines that it said until it was ready; none if it ended instead."""
        command = [self.program, "-c", self.write_configuration()]
        with open(self.log_path, "ab") as log:
            self.master = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=die_with_parent,
            )
        end = time.monotonic() + PATIENCE_S
        pipe, said = self.master.stdout.fileno(), b""
        while b"ready\n" not in said:
            left = max(0, end - time.monotonic())
            is_heard = select.select([pipe], [], [], left)[0]
            data = os.read(pipe, 4096) if is_heard else b""
            if not data:
                return []
            said += data
        return said.decode().splitlines()

    @property
    def pid(self):
        return self.master.pid

    def is_running(self):
        return self.master is not None and self.master.poll() is None

    def end(self, number=signal.SIGTERM):
        """Sends a signal that ends it; returns its exit status."""
        if self.is_running():
            self.master.send_signal(number)
            if number != signal.SIGKILL:
                self.master.send_signal(signal.SIGCONT)
        status = self.master.wait(PATIENCE_S)
        self.master.stdout.close()
        return status

    def processes(self, kind=None):
        """The pids of its living children, of one kind or all, by age."""
        alive = (pid for pid, state in children(self.pid).items() if state != "Z")
        return sorted(pid for pid in alive if kind in (None, kind_of(pid)))

    def descriptors(self):
        """{kind: how many descriptors each of its processes has}, sorted."""
        figures = {"master": [count_descriptors(self.pid)]}
        for pid in self.processes():
            figures.setdefault(kind_of(pid), []).append(count_descriptors(pid))
        return {kind: sorted(counts) for kind, counts in figures.items()}

    def resident_kib(self):
        return sum(resident_kib(pid) for pid in [self.pid, *self.processes()])

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def findings(self):
        """Lines of its log that no log should have."""
        lines = [line for line in self.log().splitlines() if not line.endswith(LAST_WORDS)]
        return [line for line in lines if any(finding in line for finding in FINDINGS)]


def strays(but=()):
    """Children of ours that are none of these; those that ended are reaped."""
    left = []
    for pid, state in children(os.getpid()).items():
        if pid in but:
            continue
        if state == "Z":
            os.waitpid(pid, os.WNOHANG)
        else:
            left.append(pid)
    return left

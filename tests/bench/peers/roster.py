"""
Who is measured: gild, its peers, and the limits.

Each peer has the setting that was the best of those that --tune tries, one for
one job at a time and one for as many as it can take; `how` says what it is.
Everything has the same two CPUs: the client, the server and the workers.
"""

import getpass
import grp
import json
import os
import re
import sys

from peer import MANY, ONE, Peer, Unaided, run
from program import Program, ask

HERE = os.path.dirname(os.path.abspath(__file__))

# What --tune tries, the same for all: a client's connections, where a job may take
# any of them, or a pair of them where some wait; workers that connect; and jobs.
WIRES = (1, 2, 4, 8)
WIRE_PAIRS = (2, 4, 8)
WORKERS = (1, 2, 4, 8, 16)
IN_FLIGHT = (100, 300, 1000)


class Gild(Unaided):
    name = "gild"
    protocol = "gild"
    package = "gild"
    how = {ONE: "2 workers", MANY: "2 workers, 1,000 jobs in flight on 8 connections"}
    settings = {ONE: {}, MANY: {"in_flight": 1000, "wires": 8}}
    grid = {"wires": WIRES, "in_flight": IN_FLIGHT}
    ping = (b'{"jsonrpc":"2.0","id":1,"method":"server.ping"}\n', b"pong")
    version_command = ("-V",)

    def __init__(self, tools, options=()):
        super().__init__(tools)
        self.options = options
        if options:
            self.name = "gild, " + ", ".join(options)

    def where(self):
        return self.tools.gild if os.access(self.tools.gild, os.X_OK) else None

    def command(self):
        words = [word for option in self.options for word in ("-o", option)]
        return [self.tools.gild, "-l", f"127.0.0.1:{self.port}", *words]

    def occupy(self, wire, n_tasks):
        params = {"count": 2**53 - 1, "workers": n_tasks}
        call = {"jsonrpc": "2.0", "id": 0, "method": "job.submit", "params": params}
        ask(wire, json.dumps(call).encode() + b"\n" + self.ping[0], self.ping[1])

    @staticmethod
    def fill(n):
        return (
            f'{{"jsonrpc":"2.0","id":{n},"method":"job.submit","params":{{"count":1}}}}\n'.encode()
        )


class Redis(Peer):
    name = "Redis"
    program = package = "redis-server"
    protocol = "redis"
    how = {
        ONE: "LPUSH and BRPOP sent together, 2 workers",
        MANY: "LPUSH and BRPOP, one job a command, 8 workers, 1,000 jobs in flight"
        " on 2 connections",
    }
    settings = {ONE: {"workers": 2}, MANY: {"workers": 8, "in_flight": 1000, "wires": 2}}
    grid = {"wires": WIRE_PAIRS, "workers": WORKERS, "in_flight": IN_FLIGHT}
    ping = (b"PING\r\n", b"+PONG")
    version_command = ("--version",)

    def command(self):
        quiet = ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        return [self.where(), "--port", self.port, "--bind", "127.0.0.1", *quiet]

    @staticmethod
    def fill(n):
        value = b"%d,1" % n
        return b"*3\r\n$5\r\nLPUSH\r\n$4\r\nwait\r\n$%d\r\n%s\r\n" % (len(value), value)


class RedisMore(Redis):
    name = "Redis, 16 workers"
    has_own_server = False
    how = {MANY: "the same with 16 workers, 4 connections"}
    settings = {MANY: {"workers": 16, "in_flight": 1000, "wires": 4}}


class Beanstalkd(Peer):
    name = "beanstalkd"
    program = package = "beanstalkd"
    protocol = "beanstalkd"
    how = {
        ONE: "put, reserve and delete sent together, 2 workers",
        MANY: "a second tube for answers, 8 workers, 100 jobs in flight on 2 connections",
    }
    settings = {ONE: {"workers": 2}, MANY: {"workers": 8, "in_flight": 100, "wires": 2}}
    grid = {"wires": WIRE_PAIRS, "workers": WORKERS, "in_flight": IN_FLIGHT}
    ping = (b"list-tube-used\r\n", b"USING")
    version_command = ("-v",)

    def command(self):
        return [self.where(), "-l", "127.0.0.1", "-p", self.port]

    @staticmethod
    def fill(n):
        value = b"%d,1" % n
        return b"put 0 0 60 %d\r\n%s\r\n" % (len(value), value)


class Gearmand(Peer):
    name = "gearmand"
    program = "gearmand"
    package = "gearman-job-server"
    protocol = "gearman"
    how = {ONE: "2 workers", MANY: "16 workers, 1,000 jobs in flight on 8 connections"}
    settings = {ONE: {"workers": 2}, MANY: {"workers": 16, "in_flight": 1000, "wires": 8}}
    grid = {"wires": WIRES, "workers": WORKERS, "in_flight": IN_FLIGHT}
    ping = (b"\0REQ\0\0\0\x10\0\0\0\x04ping", b"ping")
    version_command = ("--version",)

    def command(self):
        words = ["--listen=127.0.0.1", f"--port={self.port}", "--verbose=ERROR"]
        words += [f"--user={getpass.getuser()}"] if os.getuid() == 0 else []
        return [self.where(), *words, f"--log-file={self.folder}/gearmand-own.log"]

    @staticmethod
    def fill(n):
        body = b"wait\0\0%d,1" % n
        return b"\0REQ\0\0\0\x12" + len(body).to_bytes(4, "big") + body


class GearmandAhead(Gearmand):
    name = "gearmand, jobs ahead"
    has_own_server = False
    how = {
        MANY: "8 workers that grab 4 jobs at once, as no library of it does,"
        " 1,000 jobs in flight on a connection"
    }
    settings = {MANY: {"workers": 8, "in_flight": 1000, "ahead": 4}}
    grid = {"ahead": (1, 2, 4, 8), **Gearmand.grid}


class GearmandLibrary(Gearmand):
    """With gearmand's own C library on both sides: one connection a client."""

    name = "gearmand, libgearman"
    has_own_server = False
    package = "gearman-job-server, libgearman-dev"
    how = {
        ONE: "its own C library for client and 2 workers",
        MANY: "its own C library for client and 8 workers, 300 jobs in flight on a connection",
    }
    settings = {ONE: {"workers": 2}, MANY: {"workers": 8, "in_flight": 300}}
    grid = {"workers": WORKERS, "in_flight": IN_FLIGHT}

    def where(self):
        return super().where() if os.access(self.tools.path("libgearman"), os.X_OK) else None

    def start_workers(self, setting):
        words = [self.tools.path("libgearman"), "work", "--workers", setting["workers"]]
        self.workers = Program([*words, self.port], self.folder)
        self.workers.await_line(b"ready\n")

    def load(self, setting, *options):
        words = ["--in-flight", setting.get("in_flight", 1), *options]
        return self.tools.run("libgearman", "load", *words, self.port)


class Nats(Peer):
    name = "NATS, bare"
    program = package = "nats-server"
    protocol = "nats"
    how = {
        ONE: "request and reply, 2 responders",
        MANY: "2 responders, 1,000 jobs in flight on 2 connections",
    }
    settings = {ONE: {"workers": 2}, MANY: {"workers": 2, "in_flight": 1000, "wires": 2}}
    grid = {"wires": WIRES, "workers": WORKERS, "in_flight": IN_FLIGHT}
    ping = (b"PING\r\n", b"PONG")
    version_command = ("--version",)

    def command(self):
        return [self.where(), "-a", "127.0.0.1", "-p", self.port, "-l", f"{self.folder}/nats.log"]


class NatsJson(Nats):
    name = "NATS, JSON"
    is_json = True
    has_own_server = False
    how = {
        ONE: "request and reply, the same JSON work in 2 responders",
        MANY: "the same JSON work in 2 responders, 1,000 jobs in flight on 2 connections",
    }


NGINX = """
user {user} {group};
worker_processes {processes};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log error;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    fastcgi_temp_path {folder}/fastcgi;
    proxy_temp_path {folder}/proxy;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    upstream responders {{
        server unix:{folder}/responders.sock;
        keepalive {keepalive};
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location = /ping {{ return 200 pong; }}
        location / {{
            fastcgi_pass responders;
            fastcgi_keep_conn on;
            fastcgi_param QUERY_STRING $query_string;
        }}
    }}
}}
"""


class Nginx(Peer):
    name = "nginx + FastCGI"
    program = package = "nginx"
    protocol = "http"
    how = {
        ONE: "1 process, kept connections, 2 responders",
        MANY: "1 process, 2 responders, 64 jobs in flight, a connection each",
    }
    settings = {ONE: {"workers": 2}, MANY: {"workers": 2, "in_flight": 64}}
    grid = {"workers": (1, 2, 4), "in_flight": (16, 64, 256)}
    ping = (b"GET /ping HTTP/1.1\r\nHost: bench\r\n\r\n", b"pong")
    version_command = ("-v",)
    processes = 1

    def command(self):
        path = f"{self.folder}/nginx.conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(
                NGINX.format(
                    user=getpass.getuser(),
                    group=grp.getgrgid(os.getgid()).gr_name,
                    folder=self.folder,
                    port=self.port,
                    processes=self.processes,
                    keepalive=256,
                )
            )
        return [self.where(), "-p", self.folder, "-e", f"{self.folder}/error.log", "-c", path]

    def start_workers(self, setting):
        path = f"{self.folder}/responders.sock"
        if os.path.exists(path):
            os.unlink(path)
        words = [self.tools.path("fastcgi"), "--workers", setting["workers"], path]
        self.workers = Program(words, self.folder)
        self.workers.await_line(b"ready\n")


class Pool(Unaided):
    """Python's own: the client is the process that owns the pool; there is no TCP."""

    name = "Pool"
    program = package = "python3"
    kind = "pool"
    how = {ONE: "apply, 2 processes", MANY: "map with chunksize 1, 2 processes"}
    settings = {ONE: {"workers": 2}, MANY: {"workers": 2, "is_many": True}}
    grid = {"workers": (1, 2, 4)}

    def where(self):
        return sys.executable

    def version(self):
        return ".".join(map(str, sys.version_info[:3]))

    def start(self, folder):
        self.folder = folder
        words = [sys.executable, f"{HERE}/pools.py", self.kind, "hold"]
        self.start_and_listen(words)

    def measure(self, seconds, setting, *options):
        mode = MANY if setting.get("is_many") else ONE
        words = [f"{HERE}/pools.py", self.kind, mode, "--seconds", seconds]
        return run([sys.executable, *words, "--workers", setting["workers"]])


class Futures(Pool):
    name = "concurrent.futures"
    kind = "futures"
    how = {
        ONE: "ProcessPoolExecutor, submit and result, 2 processes",
        MANY: "ProcessPoolExecutor, map with chunksize 1, 2 processes",
    }


class Echo(Unaided):
    name = "a bare libevent echo"
    protocol = "echo"
    is_limit = True
    how = {
        ONE: "gild's request sent back by a line server, no work",
        MANY: "gild's request sent back by a line server, no work",
    }
    settings = {ONE: {}, MANY: {"in_flight": 1000}}
    package = "-"

    def where(self):
        return self.tools.echo if os.access(self.tools.echo, os.X_OK) else None

    def version(self):
        return ""

    def start(self, folder):
        self.folder = folder
        said = self.start_and_listen([self.tools.echo, "echo"])
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", said)[1])


class Dispatcher(Echo):
    name = "a bare dispatcher"
    protocol = "lines"
    spin_us = 0
    how = {
        ONE: "epoll, pipe, 2 workers, pipe; no JSON",
        MANY: "the same, 1,000 jobs in flight on a connection",
    }

    def where(self):
        return self.tools.path("dispatcher")

    def start(self, folder):
        self.folder = folder
        said = self.start_and_listen([self.where(), "--spin-us", self.spin_us])
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", said)[1])


class SpinningDispatcher(Dispatcher):
    name = "the same, spinning"
    spin_us = 50
    how = {ONE: "up to 50 us before it sleeps", MANY: "up to 50 us before it sleeps"}


PEERS = (
    Redis,
    RedisMore,
    Gearmand,
    GearmandAhead,
    GearmandLibrary,
    Beanstalkd,
    NatsJson,
    Nats,
    Nginx,
    Pool,
    Futures,
)
LIMITS = (Echo, Dispatcher, SpinningDispatcher)

# SPDX-License-Identifier: Apache-2.0
"""Two PostgreSQL servers of our own, of which the second one replicates the first one synchronously."""

import errno
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import time

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
SETTINGS = """
unix_socket_directories='{folder}'
max_connections=60
max_wal_size=128MB
synchronous_commit=remote_apply
wal_retrieve_retry_interval=200ms
"""
# The clock of the database as each node sees it, which is right unless the table 'shift' says something else.
CLOCK = """
CREATE SCHEMA grantor AUTHORIZATION grantor;
CREATE TABLE grantor.shift (node text PRIMARY KEY, seconds integer NOT NULL);
GRANT SELECT ON grantor.shift TO grantor;
CREATE FUNCTION grantor.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS
'SELECT pg_catalog.clock_timestamp() + make_interval(secs => coalesce(
(SELECT seconds FROM grantor.shift WHERE node = current_setting(''application_name'')), 0))';
CREATE FUNCTION grantor.wait() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(TG_ARGV[0]::float8); RETURN NULL; END';
"""


class Server:
    """A server with its data in a folder, on a Unix socket there, and on a port of its own for nodes behind a network."""

    def __init__(self, folder, port, network):
        self.folder, self.port, self.network, self.process = folder, port, network, None
        folder.mkdir()
        # A small disk of its own can be full.
        self.has_disk = network.is_private
        if self.has_disk:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1200m", "grantor", folder], check=True)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
            folder.chmod(0o755)

    def command(self, words):
        # Nothing outlives the script, however it ends.
        owner = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", "--pdeathsig=QUIT", *owner, "--", *(str(word) for word in words)]

    def run(self, *words, text=None):
        done = subprocess.run(self.command(words), input=text, capture_output=True, text=True, cwd="/tmp", check=False)
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def sql(self, statement, database="postgres"):
        """Runs statements as the superuser, who waits for no standby."""
        url = f"postgresql://postgres@/{database}?host={self.folder}&port={self.port}&options=-csynchronous_commit%3Dlocal"
        for _ in range(600):
            try:
                return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, text=statement)
            except RuntimeError as error:
                # Until they are refused, the connections of others occupy also what is reserved for the superuser.
                if "too many clients" not in str(error):
                    raise
                time.sleep(0.05)
        raise SystemExit(f"no connection is free: see {self.folder}.log")

    def create(self):
        self.run(PROGRAMS / "initdb", "-D", self.folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        with open(self.folder / "data/pg_hba.conf", "a", encoding="utf-8") as file:
            file.write("host all all 0.0.0.0/0 trust\n")

    def copy(self, other):
        """Becomes a standby of another server."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)
        self.run(PROGRAMS / "pg_basebackup", "-h", other.folder, "-p", other.port, "-U", "postgres", "-D", self.folder / "data",
                 "-R", "-X", "stream", "-c", "fast")

    def start(self):
        """Starts the server and waits until it takes connections."""
        settings = SETTINGS.format(folder=self.folder) + f"port={self.port}\nlisten_addresses='{self.network.listen}'\n"
        (self.folder / "data/postgresql.conf").write_text(settings, encoding="utf-8")
        with open(self.folder.with_suffix(".log"), "ab") as log:
            self.process = subprocess.Popen(
                self.network.inside(self.command([PROGRAMS / "postgres", "-D", self.folder / "data"])),
                stdout=log, stderr=log, cwd="/tmp")
        self.settle()

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def settle(self):
        """Waits until it takes connections again."""
        for _ in range(600):
            try:
                self.sql("SELECT 1")
                return
            except RuntimeError:
                if not self.runs:
                    break
                time.sleep(0.1)
        raise SystemExit(f"the database did not start: see {self.folder}.log")

    def stop(self, number):
        """Ends the server: SIGINT ends its sessions, SIGQUIT is like a crash, and SIGKILL is one."""
        first = int((self.folder / "data/postmaster.pid").read_text(encoding="utf-8").split("\n", maxsplit=1)[0])
        os.kill(first, number)
        self.process.wait()
        # Processes of a server that was killed notice it at their next look.
        for _ in range(200):
            if not self.processes():
                return
            time.sleep(0.05)

    def processes(self):
        found = []
        for path in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(path / "cwd") == f"{self.folder}/data":
                    found.append(int(path.name))
            except OSError:
                pass
        return found

    def pause(self, is_paused):
        """Stops all processes of the server in their tracks, or lets them run again."""
        for process in self.processes():
            try:
                os.kill(process, signal.SIGSTOP if is_paused else signal.SIGCONT)
            except ProcessLookupError:
                pass

    def fill(self):
        """Fills its disk."""
        with open(self.folder / "filler", "wb", buffering=0) as file:
            block = bytes(1 << 20)
            try:
                while file.write(block) == len(block):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def empty(self):
        (self.folder / "filler").unlink()

    def close(self):
        self.pause(False)
        if self.runs:
            self.stop(signal.SIGQUIT)


class Cluster:
    """A primary server whose role 'grantor' owns the database 'grantor', and its standby."""

    def __init__(self, folder, network):
        if not PROGRAMS:
            raise SystemExit("the package 'postgresql' is missing")
        folder.mkdir()
        self.network = network
        self.servers = [Server(folder / name, 5432 + place, network) for place, name in enumerate("ab")]
        self.primary, self.standby = self.servers
        self.primary.create()
        self.primary.start()
        self.sql("CREATE ROLE grantor LOGIN; CREATE ROLE stranger LOGIN")
        self.sql("CREATE DATABASE grantor OWNER grantor")
        self.sql(CLOCK, "grantor")
        self.standby.copy(self.primary)
        self.standby.start()
        self.wait_for_standby(True)

    def url(self, node):
        """How a node finds the server that can be written to."""
        hosts, ports = self.network.addresses(node, self.servers)
        return (f"postgresql://grantor@/grantor?host={','.join(hosts)}&port={','.join(ports)}"
                f"&application_name=node-{node}&options=-csearch_path%3Dgrantor,pg_catalog")

    def sql(self, statement, database="postgres"):
        return self.primary.sql(statement, database)

    def end_sessions(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'grantor'")

    def wait_for_standby(self, is_awaited):
        """Sets whether a commit waits until the standby has it."""
        self.sql(f"ALTER SYSTEM SET synchronous_standby_names = '{'*' if is_awaited else ''}'")
        self.sql("SELECT pg_reload_conf()")
        for _ in range(600):
            if not is_awaited or self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1":
                return
            time.sleep(0.05)
        raise SystemExit(f"the standby does not replicate: see {self.standby.folder}.log")

    def promote(self):
        """Makes the standby the primary, after that has ended."""
        self.primary, self.standby = self.standby, self.primary
        self.sql("SELECT pg_promote()")

    def settle(self):
        """Does what the operators of a database do: both servers run, and one has what the other one has."""
        for server in self.servers:
            server.pause(False)
        if self.primary.runs:
            self.primary.settle()
        else:
            self.primary.start()
        if not self.standby.runs:
            self.standby.copy(self.primary)
            self.standby.start()
        self.wait_for_standby(True)

    def strangers(self, count):
        """Opens connections of another program."""
        start = struct.pack(">i", 196608) + b"user\0stranger\0database\0postgres\0\0"
        opened = []
        for _ in range(count):
            one = socket.socket(socket.AF_UNIX)
            opened.append(one)
            one.connect(f"{self.primary.folder}/.s.PGSQL.{self.primary.port}")
            one.sendall(struct.pack(">i", len(start) + 4) + start)
        return opened

    def close(self):
        for server in self.servers:
            server.close()

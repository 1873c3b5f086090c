# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL server of its own on a Unix socket, and what can go wrong with it."""

import os
import pathlib
import shutil
import signal
import subprocess
import time

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)


class Cluster:
    """A server whose role 'grantor' owns the database 'grantor'."""

    def __init__(self, folder):
        if not PROGRAMS:
            raise SystemExit("the package 'postgresql' is missing")
        self.folder = folder
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        self.process = None
        self.run(PROGRAMS / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        with open(folder / "data/postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"listen_addresses=''\nunix_socket_directories='{folder}'\nmax_connections=60\n")
        self.start()
        self.sql("CREATE ROLE grantor LOGIN")
        self.sql("CREATE DATABASE grantor OWNER grantor")

    @property
    def url(self):
        return f"postgresql://grantor@/grantor?host={self.folder}"

    @staticmethod
    def command(words):
        # Nothing outlives the script, however it ends.
        owner = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", "--pdeathsig=QUIT", *owner, "--", *(str(word) for word in words)]

    def run(self, *words, text=None):
        done = subprocess.run(self.command(words), input=text, capture_output=True, text=True, cwd="/tmp", check=False)
        if done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def sql(self, statement, database="postgres"):
        """Runs one statement as the superuser."""
        return self.run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", f"postgresql://postgres@/{database}?host={self.folder}", text=statement)

    # faults

    def start(self):
        """Starts the server and waits until it takes connections."""
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command([PROGRAMS / "postgres", "-D", self.folder / "data"]), stdout=log, stderr=log, cwd="/tmp")
        for _ in range(600):
            try:
                self.sql("SELECT 1")
                return
            except RuntimeError:
                time.sleep(0.1)
        raise SystemExit(f"the database did not start: see {self.folder}/log")

    def stop(self, number):
        """Ends the server: SIGINT ends its sessions, SIGQUIT is like a crash, and SIGKILL is one."""
        first = int((self.folder / "data/postmaster.pid").read_text(encoding="utf-8").split("\n")[0])
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

    def end_sessions(self):
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'grantor'")

    def close(self):
        self.pause(False)
        if self.process and self.process.poll() is None:
            self.stop(signal.SIGQUIT)

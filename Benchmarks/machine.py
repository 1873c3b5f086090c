# SPDX-License-Identifier: Apache-2.0
"""The machine under a measurement: builds, ports, processor time, and whether somebody else used it meanwhile."""
import os, pathlib, re, resource, socket, subprocess

root = pathlib.Path(__file__).resolve().parent.parent
made = root / ".build-bench"
# 'GRANTOR_PRODUCTS' names another build, such as one for debugging, while the scripts themselves are tested.
products = pathlib.Path(os.environ.get("GRANTOR_PRODUCTS", root / ".build/release")).resolve()
grantor = products / "grantor"
packages = ["libargon2-dev", "libcrypt-dev", "libssl-dev", "libyaml-dev", "libsqlite3-dev", "pkg-config", "util-linux", "openssl"]
# One processor for the server, one for what asks it.
server_processor, load_processor = "0", "1"
tick = os.sysconf("SC_CLK_TCK")


def sh(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, **{"cwd": root, **more})


def prepare(*more):
    """Installs packages and builds the server, unless 'GRANTOR_PRODUCTS' names one that is built."""
    sh("Scripts/prepare", *packages, *more)
    made.mkdir(exist_ok=True)
    if "GRANTOR_PRODUCTS" not in os.environ:
        sh("swift", "build", "-c", "release")


def swift_program(name, *sources, search=()):
    """Compiles a program that loads plugins itself, and returns its path."""
    sh("swiftc", "-O", "-swift-version", "6", "-parse-as-library", "-I", products / "Modules", *search, "-L", products,
       "-lGrantKit", "-Xlinker", f"-rpath={products}", "-o", made / name, *sources, "Benchmarks/settings.swift",
       "Tests/Support/NoHost.swift")
    return made / name


def c_program(name, *flags):
    """Compiles 'Benchmarks/<name>.c', and returns the path of what it made."""
    sh("cc", "-O2", "-Wall", "-Wextra", "-Werror", *flags, "-o", made / name, f"Benchmarks/{name}.c")
    return made / name


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processes(pid):
    """A process and all that it started."""
    found = [pid]
    for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            text = children.read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # the thread has ended since
        found += [one for child in text.split() for one in processes(int(child))]
    return found


def processor_time(pid):
    """The processor time of a process and all that it started, in seconds."""
    fields = [pathlib.Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split() for one in processes(pid)]
    return sum(int(row[11]) + int(row[12]) for row in fields) / tick


def memory(pid):
    """The resident memory of a process and all that it started, in MB."""
    status = [pathlib.Path(f"/proc/{one}/status").read_text() for one in processes(pid)]
    return sum(int(re.search(r"VmRSS:\s+(\d+)", text)[1]) for text in status) / 1024


class Disturbance:
    """What others took of the processors during a measurement: the hypervisor (steal) and other programs."""

    def __init__(self):
        self.seconds = self.stolen = self.foreign = 0

    def now(self, pid):
        user, nice, system, idle, waiting, irq, softirq, steal = map(
            int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9])
        own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        used = processor_time(pid) + sum(one.ru_utime + one.ru_stime for one in own)
        return (user + nice + system) / tick - used, steal / tick

    def watch(self, pid, work):
        """Runs a piece of work for the server 'pid' and returns its result and how many seconds the server computed."""
        (foreign, steal), used, begin = self.now(pid), processor_time(pid), os.times().elapsed
        result = work()
        used = processor_time(pid) - used
        later, stolen = self.now(pid)
        self.seconds += os.times().elapsed - begin
        self.foreign += max(0, later - foreign)
        self.stolen += stolen - steal
        return result, used

    def shares(self):
        """The shares of one processor that the hypervisor and other programs took."""
        return self.stolen / max(self.seconds, 1e-9), self.foreign / max(self.seconds, 1e-9)

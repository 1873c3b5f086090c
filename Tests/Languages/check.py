#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the clients of 'Languages' against a server that this script plays: the order of messages, their sizes, and
what a library does on several threads. 'grantor plugin test', which 'Scripts/languages' runs, checks the rest.

usage: Tests/Languages/check.py [test...]
"""
import ctypes, json, os, pathlib, queue, socket, struct, subprocess, sys, tempfile, threading, unittest

HERE = pathlib.Path(__file__).resolve().parent
LANGUAGES = HERE.parent.parent / "Languages"
MADE = tempfile.TemporaryDirectory()
DIGEST = {"function": "digest", "input": {"text": "x"}}
ODD = {"values": [{"name": "half", "value": 2}, {"name": "half", "value": 3}]}
PROBLEMS = {"problems": [None, "must be odd"]}
MEBIBYTE = 1 << 20


def build():
    """Builds the plugin in each language; returns the commands and the libraries."""
    made = pathlib.Path(MADE.name)
    c = ["cc", "-std=c11", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror", "-O2", "-I", LANGUAGES / "C"]
    rust = ["rustc", "-O", "--edition", "2021", "-D", "warnings"]
    crate = ["--extern", f"grantor={made}/libgrantor.rlib", HERE / "odd.rs"]
    for command in (
            [*c, "-o", made / "c", HERE / "odd.c"],
            [*c, "-shared", "-fPIC", "-DGRANTOR_LIBRARY", "-o", made / "c.so", HERE / "odd.c", "-lpthread"],
            [*rust, "--crate-type", "rlib", "--crate-name", "grantor", "-o", made / "libgrantor.rlib",
             LANGUAGES / "Rust/src/lib.rs"],
            [*rust, "-o", made / "rust", *crate], [*rust, "--crate-type", "cdylib", "-o", made / "rust.so", *crate]):
        subprocess.run(command, check=True)
    python = [sys.executable, "-Bs", "-c", f"import sys, runpy; sys.path.insert(0, '{LANGUAGES}/Python'); "
              f"runpy.run_path('{HERE}/odd.py', run_name='__main__')"]
    commands = {"python": python, "c": [made / "c"], "rust": [made / "rust"]}
    return commands, {"c": made / "c.so", "rust": made / "rust.so"}


class Program:
    """A program and the server's end of its socket."""

    def __init__(self, command):
        self.socket, other = socket.socketpair()
        self.socket.settimeout(20)
        # Descriptor 3 may be any of the script's own.
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", f'exec "$@" 3<&{other.fileno()}', "sh", *command], pass_fds=[other.fileno()],
            stderr=subprocess.DEVNULL)
        other.close()
        self.number = 0

    def end(self):
        self.socket.close()
        return self.process.wait(timeout=20)

    def send(self, message):
        data = json.dumps(message).encode()
        self.socket.sendall(struct.pack(">I", len(data)) + data)

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            received = self.socket.recv(count - len(data))
            if not received:
                raise EOFError("the program has closed its socket")
            data += received
        return bytes(data)

    def receive(self):
        return json.loads(self.read(struct.unpack(">I", self.read(4))[0]))

    def call(self, function, given, role=None):
        self.number += 1
        place = {} if role is None else {"role": role}
        self.send({"call": self.number, "function": function, "within_ms": 1000, "input": given, "later": 1, **place})
        return self.number

    def do(self, what, size=1, **more):
        return self.call("respond", {"do": what, "size": size, **more}, role=0)

    def output(self, number):
        message = self.receive()
        if "ask" in message:
            self.send({"reply": message["ask"], "output": "a digest"})
            message = self.receive()
        assert message["answer"] == number, message
        return {key: value for key, value in message.items() if key != "answer"}

    def start(self):
        settings = {"protocol": 1, "plugin": "odd", "settings": {"word": "odd"}, "may": []}
        assert self.output(self.call("describe", settings))["output"]["protocol"] == 1
        assert "output" in self.output(self.call("start", {}))


class ProgramTests:
    language = None

    def setUp(self):
        self.program = Program(COMMANDS[self.language])
        self.program.start()

    def tearDown(self):
        self.assertEqual(self.program.end(), 0)

    def assertAlive(self):
        self.assertEqual(self.program.output(self.program.do("answer", 2)), {"output": "xx"})

    def test_checks(self):
        self.assertEqual(self.program.output(self.program.call("check_attributes", ODD)), {"output": PROBLEMS})
        self.assertEqual(self.program.output(self.program.call("stop", {})), {"output": None})

    def test_another_version(self):
        outcome = self.program.output(self.program.call("describe", {"protocol": 2, "settings": {}}))
        self.assertIn("version 1", outcome["failure"])

    def test_check_while_a_host_call_waits(self):
        asking = self.program.do("ask")
        question = self.program.receive()
        self.assertEqual(question, {"ask": question["ask"], "for": asking, **DIGEST})
        kept = self.program.do("answer", 3)
        self.program.send({"cancel": kept})
        for _ in range(2):
            self.assertEqual(self.program.output(self.program.call("check_attributes", ODD)), {"output": PROBLEMS})
        self.program.send({"reply": question["ask"], "output": "a", "later": 1})
        self.assertEqual(self.program.output(asking), {"output": "a"})
        self.assertEqual(self.program.output(kept), {"output": "xxx"})

    def test_failing_host_calls(self):
        error = {"code": "invalid_grant", "description": "no", "status": 401}
        for reply, outcome in (({"error": {**error, "later": 1}}, ("error", "code", "invalid_grant")),
                               ({"unavailable": "the store"}, ("unavailable", None, "the store")),
                               ({"refused": "never"}, ("failure", None, "never"))):
            number = self.program.do("ask")
            self.program.send({"reply": self.program.receive()["ask"], **reply})
            kind, member, expected = outcome
            found = self.program.output(number)[kind]
            self.assertIn(expected, found[member] if member else found)

    def test_sizes(self):
        size = 2 * MEBIBYTE - 100
        self.assertEqual(len(self.program.output(self.program.do("answer", size))["output"]), size)
        for what, size in (("answer", 5 * MEBIBYTE // 2), ("ask", MEBIBYTE)):
            outcome = self.program.output(self.program.do(what, size))
            self.assertRegex(outcome["failure"], "does not fit into a frame|larger than")
        self.assertEqual(self.program.output(self.program.do("ask", MEBIBYTE - 200)), {"output": "a digest"})
        self.assertAlive()

    def test_large_and_split_frames(self):
        number = self.program.call("respond", {"do": "answer", "size": 1, "pad": "y" * (MEBIBYTE - 200)}, role=0)
        self.assertEqual(self.program.output(number), {"output": "x"})
        data = json.dumps({"call": 100, "function": "start", "input": {}}).encode()
        for byte in struct.pack(">I", len(data)) + data + struct.pack(">I", 2) + b"{}":
            self.program.socket.sendall(bytes([byte]))
        self.assertIn("output", self.program.output(100))
        self.assertAlive()


class PythonTests(ProgramTests, unittest.TestCase):
    language = "python"

    def ask(self, count):
        """Receives host calls of the program's own accord."""
        asked = [self.program.receive() for _ in range(count)]
        self.assertTrue(all("ask" in message and "for" not in message for message in asked), str(asked)[:500])
        return [message["ask"] for message in asked]

    def assertQuiet(self):
        self.program.socket.settimeout(0.2)
        with self.assertRaises(socket.timeout):
            self.program.receive()
        self.program.socket.settimeout(20)

    def threads(self, count, size=1):
        number, answers, asked = self.program.do("threads", size, threads=count), [], []
        while not answers or len(asked) < min(count, 64, 4 * MEBIBYTE // (size + 50)):
            message = self.program.receive()
            (answers if "answer" in message else asked).append(message)
        self.assertEqual([answer["answer"] for answer in answers], [number])
        self.assertTrue(all("for" not in message for message in asked))
        return [message["ask"] for message in asked]

    def test_own_calls_between_calls(self):
        first, second = self.threads(2)
        self.assertAlive()
        self.assertEqual(self.program.output(self.program.call("check_attributes", ODD)), {"output": PROBLEMS})
        asking = self.program.do("ask")
        question = self.program.receive()
        self.assertEqual(question["for"], asking)
        self.program.send({"reply": second, "output": "a"})
        self.assertEqual(self.program.output(self.program.call("check_attributes", ODD)), {"output": PROBLEMS})
        self.program.send({"reply": question["ask"], "output": "a"})
        self.assertEqual(self.program.output(asking), {"output": "a"})
        self.program.send({"reply": first, "output": "a"})
        self.assertAlive()

    def test_own_calls_in_a_call_belong_to_it(self):
        number = self.program.do("own ask")
        question = self.program.receive()
        self.assertEqual(question["for"], number)
        self.program.send({"reply": question["ask"], "output": "a"})
        self.assertEqual(self.program.output(number), {"output": "a"})

    def test_a_call_may_wait_for_a_thread(self):
        number = self.program.do("thread and wait")
        own, = self.ask(1)
        self.assertEqual(self.program.output(self.program.call("check_attributes", ODD)), {"output": PROBLEMS})
        self.program.send({"reply": own, "output": "a"})
        self.assertEqual(self.program.output(number), {"output": "x"})

    def test_few_own_calls_wait(self):
        waiting = self.threads(70)
        self.assertQuiet()
        for place in range(6):
            self.program.send({"reply": waiting[place], "output": "a"})
            waiting += self.ask(1)
        for own in waiting[6:]:
            self.program.send({"reply": own, "output": "a"})
        self.assertAlive()

    def test_few_bytes_of_own_calls_wait(self):
        waiting = self.threads(6, MEBIBYTE - 200)
        self.assertQuiet()
        for place in range(2):
            self.program.send({"reply": waiting[place], "output": "a"})
            waiting += self.ask(1)
        for own in waiting[2:]:
            self.program.send({"reply": own, "output": "a"})
        self.assertAlive()

    def test_ends_while_threads_wait(self):
        self.threads(3)

    def test_many_threads(self):
        count = 40
        waiting = [self.threads(1)[0] for _ in range(count)]
        for own in waiting:
            asking = self.program.do("ask")
            question = self.program.receive()
            for message in ({"reply": own, "output": "a"}, {"reply": question["ask"], "output": "b"}):
                self.program.send(message)
            self.assertEqual(self.program.output(asking), {"output": "b"})
        self.assertAlive()

    def test_answers_that_are_no_json(self):
        self.assertIn("TypeError", self.program.output(self.program.do("refuse"))["failure"])
        self.assertIn("EOFError", self.program.output(self.program.do("end of file"))["failure"])
        self.assertAlive()

    def test_attributes_need_a_type_or_a_check(self):
        sys.path.insert(0, str(LANGUAGES / "Python"))
        import grantor
        for given in ({}, {"type": "string", "check": len}):
            with self.assertRaisesRegex(ValueError, "the attribute 'color' needs either 'type'"):
                grantor.Plugin().attribute("color", default="", **given)
        with self.assertRaisesRegex(grantor.HostError, "has started"):
            grantor.Plugin().host.log("notice", "too early")


class CTests(ProgramTests, unittest.TestCase):
    language = "c"

    def test_check_makes_no_host_calls(self):
        check = self.program.call("check_attributes", {"values": [{"name": "half", "value": "ask"}]})
        self.assertEqual(self.program.output(check), {"failure": "a check of attributes makes no host calls"})
        self.assertAlive()


class RustTests(ProgramTests, unittest.TestCase):
    language = "rust"

    def test_panic(self):
        self.assertEqual(self.program.output(self.program.do("panic")), {"failure": "the plugin panicked"})
        self.test_checks()


# The interface of libraries.

Reply = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t)
Answer = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t)
Ask = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p)


class Server(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("size", ctypes.c_uint32), ("plugin", ctypes.c_char_p),
                ("answer", Answer), ("ask", Ask)]


class Library:
    """A library, and the server as it sees it."""

    def __init__(self, path):
        self.code = ctypes.CDLL(str(path))
        self.code.grantor_describe.restype = ctypes.c_void_p
        self.answers, self.asked, self.number = {}, queue.Queue(), 0
        self.callbacks = Answer(self.answer), Ask(self.ask)
        self.server = Server(1, ctypes.sizeof(Server), b"odd", *self.callbacks)

    def answer(self, server, number, message, length):
        self.answers[number].put(json.loads(ctypes.string_at(message, length)))

    def ask(self, server, number, message, length, reply, context):
        self.asked.put((number, json.loads(ctypes.string_at(message, length)), Reply(reply), context))

    def begin(self, function, given, role=None):
        self.number += 1
        self.answers[self.number] = queue.Queue()
        place = {} if role is None else {"role": role}
        message = json.dumps({"call": self.number, "function": function, "input": given, **place}).encode()
        return self.number, (ctypes.byref(self.server), ctypes.c_uint64(self.number), message,
                             ctypes.c_size_t(len(message)))

    def describe(self, word):
        number, arguments = self.begin("describe", {"protocol": 1, "settings": {"word": word}})
        plugin = ctypes.c_void_p(self.code.grantor_describe(*arguments))
        assert self.outcome(number)["output"]["protocol"] == 1
        return plugin

    def call(self, plugin, function, given, role=None):
        """Calls the plugin on a thread of its own; returns the number of the call."""
        number, arguments = self.begin(function, given, role)
        threading.Thread(target=self.code.grantor_call, args=(plugin, *arguments)).start()
        return number

    def do(self, plugin, what, size=1):
        return self.call(plugin, "respond", {"do": what, "size": size}, role=0)

    def outcome(self, number, wait=20):
        message = self.answers[number].get(timeout=wait)
        return {key: value for key, value in message.items() if key != "answer"}

    def question(self):
        return self.asked.get(timeout=20)

    def reply(self, question, message):
        data = json.dumps(message).encode()
        question[2](question[3], data, len(data))


class LibraryTests:
    language = None

    def setUp(self):
        self.library = Library(LIBRARIES[self.language])
        self.plugin = self.library.describe("odd")

    def tearDown(self):
        self.library.code.grantor_release(self.plugin)

    def test_check_while_a_host_call_waits(self):
        asking = self.library.do(self.plugin, "ask")
        question = self.library.question()
        self.assertEqual((question[0], question[1]), (asking, DIGEST))
        other = self.library.do(self.plugin, "answer", 3)
        for _ in range(20):
            check = self.library.call(self.plugin, "check_attributes", ODD)
            self.assertEqual(self.library.outcome(check), {"output": PROBLEMS})
        self.library.reply(question, {"output": "a"})
        self.assertEqual(self.library.outcome(asking), {"output": "a"})
        self.assertEqual(self.library.outcome(other), {"output": "xxx"})

    def test_settings(self):
        second = self.library.describe("green")
        asking = self.library.do(self.plugin, "ask")
        question = self.library.question()
        check = self.library.call(second, "check_attributes", ODD)
        if self.language == "rust":
            self.assertEqual(self.library.outcome(check)["output"]["problems"], [None, "must be green"])
        self.assertEqual(self.library.outcome(self.library.call(second, "start", {})), {"output": None})
        own = self.library.call(self.plugin, "check_attributes", ODD)
        self.assertEqual(self.library.outcome(own), {"output": PROBLEMS})
        self.library.reply(question, {"output": "a"})
        self.assertEqual(self.library.outcome(asking), {"output": "a"})
        if self.language == "c":
            self.assertEqual(self.library.outcome(check)["output"]["problems"], [None, "must be green"])
        own = self.library.call(self.plugin, "check_attributes", ODD)
        self.assertEqual(self.library.outcome(own), {"output": PROBLEMS})
        self.library.code.grantor_release(second)

    def test_sizes(self):
        size = 2 * MEBIBYTE - 100
        self.assertEqual(len(self.library.outcome(self.library.do(self.plugin, "answer", size))["output"]), size)
        outcome = self.library.outcome(self.library.do(self.plugin, "answer", 5 * MEBIBYTE // 2))
        self.assertEqual(outcome, {"failure": "the answer does not fit into a frame"})

    def test_many(self):
        """Calls, checks and descriptions at once, each with its own answer."""
        second = self.library.describe("green")
        asking = [self.library.do(plugin, "ask", 10) for plugin in (self.plugin, second) * 20]
        checks = [(self.library.call(plugin, "check_attributes", ODD), word)
                  for plugin, word in ((self.plugin, "odd"), (second, "green")) * 50]
        described = [self.library.describe("blue") for _ in range(2)] if self.language == "rust" else []
        for _ in asking:
            question = self.library.question()
            self.library.reply(question, {"output": question[0]})
        for number in asking:
            self.assertEqual(self.library.outcome(number), {"output": number})
        for number, word in checks:
            self.assertEqual(self.library.outcome(number), {"output": {"problems": [None, f"must be {word}"]}})
        for plugin in [second, *described]:
            self.library.code.grantor_release(plugin)


class CLibraryTests(LibraryTests, unittest.TestCase):
    language = "c"


class RustLibraryTests(LibraryTests, unittest.TestCase):
    language = "rust"


if __name__ == "__main__":
    COMMANDS, LIBRARIES = build()
    unittest.main()

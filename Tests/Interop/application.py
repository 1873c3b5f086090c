# SPDX-License-Identifier: Apache-2.0
"""The redirect URI of an application: records each response and shows the browser that it has arrived."""

import http.server
import queue
import threading
import urllib.parse

from program import PATIENCE

PAGE = b"<!doctype html><html lang=en><title>Application</title><h1>Back at the application</h1></html>"


class Answer:
    def __init__(self, method, path, parameters, headers):
        self.method = method
        self.path = path
        self.parameters = parameters
        self.headers = headers


class Application:
    def __init__(self):
        answers = self.answers = queue.Queue()
        pages = self.pages = {}
        # The target of a redirect from the callback, or "" if the browser is to stay there.
        state = self
        self.onward = None

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = urllib.parse.urlsplit(self.path)
                if path.path == "/favicon.ico":
                    self.send_error(404)
                elif path.path in pages:
                    self.show(pages[path.path])
                else:
                    self.answer(path.query)

            def do_POST(self):
                self.answer(self.rfile.read(int(self.headers["content-length"])).decode())

            def answer(self, form):
                path = urllib.parse.urlsplit(self.path).path
                pairs = urllib.parse.parse_qsl(form, keep_blank_values=True, strict_parsing=bool(form))
                assert len({name for name, _ in pairs}) == len(pairs), "a parameter is repeated"
                answers.put(Answer(self.command, path, dict(pairs), self.headers))
                if path == "/callback" and state.onward == "":
                    self.send_response(204)
                    self.end_headers()
                elif path in ("/callback", "/goodbye") and state.onward:
                    self.send_response(302)
                    self.send_header("location", state.onward)
                    self.end_headers()
                else:
                    self.show(PAGE)

            def show(self, page):
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.callback = f"http://127.0.0.1:{self.server.server_address[1]}/callback"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def place(self, path, html):
        """Serves a page on another site than the server's and returns its URL."""
        self.pages[path] = f"<!doctype html><html lang=en><title>Application</title>{html}</html>".encode()
        return f"http://localhost:{self.server.server_address[1]}{path}"

    def answered(self):
        """Waits for the next response and returns it."""
        return self.answers.get(timeout=PATIENCE)

    @property
    def is_idle(self):
        return self.answers.empty()

    def forget(self):
        self.onward = None
        while not self.answers.empty():
            self.answers.get()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

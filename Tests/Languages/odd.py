# SPDX-License-Identifier: Apache-2.0
"""A plugin that does what the input of a call says; odd.c and odd.rs are the same plugin.

Only this one makes host calls of its own accord: 'threads' starts some that do.
"""
import threading

import grantor

plugin = grantor.Plugin(host_calls=["digest"])
plugin.setting("word", "string", default="even")
plugin.attribute("half", default=0, expectation="an even number",
                 check=lambda value: None if value % 2 == 0 else f"must be {plugin.settings['word']}")


def respond(given, host):
    if given["do"] == "ask":
        return host.ask("digest", text="x" * given["size"])
    if given["do"] == "own ask":
        return plugin.host.ask("digest", text="x" * given["size"])
    if given["do"] == "threads":
        for _ in range(given["threads"]):
            threading.Thread(target=plugin.host.ask, args=("digest",), kwargs={"text": "x" * given["size"]}).start()
    if given["do"] == "thread and wait":
        thread = threading.Thread(target=plugin.host.ask, args=("digest",), kwargs={"text": "x"})
        thread.start()
        thread.join()
    if given["do"] == "refuse":
        raise grantor.Refusal("invalid_request", headers=object())
    if given["do"] == "end of file":
        raise EOFError
    return "x" * given["size"]


@plugin.on_start
def start(host):
    host.ask("digest", text="started")


plugin.add("endpoints", {"methods": ["POST"], "path": "/odd", "caller": {"client": "confidential"}}, respond=respond)
plugin.run()

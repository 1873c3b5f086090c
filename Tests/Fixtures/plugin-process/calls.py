# SPDX-License-Identifier: Apache-2.0
"""An endpoint that makes the host call that its document names, and shows the reply or the refusal.

The document has 'function' and 'input'; with 'commit', the output is returned as a write of the response; 'before' has
the inputs of calls to make first. The argument names the host calls of the description, separated by commas.
"""
import sys

import grantor

plugin = grantor.Plugin(summary="makes host calls", host_calls=[name for name in sys.argv[1].split(",") if name])
plugin.collection("own", indexes=["by"])


def respond(given, host):
    wanted = given["document"]
    try:
        for function, given in wanted.get("before", {}).items():
            host.ask(function, **given)
        output = host.ask(wanted["function"], **wanted.get("input", {}))
    except grantor.HostError as error:
        return {"json": {"refused": str(error)}}
    writes = [output] if wanted.get("commit") else wanted.get("writes", [])
    return {"json": {"output": output}, "writes": writes}


plugin.add("endpoints", {"methods": ["POST"], "path": "/ask", "takes": ["application/json"],
                         "caller": {"bearer": ["read"]}}, respond=respond)
plugin.add("jobs", {"name": "own-job"}, run=lambda given, host: None)
plugin.run()

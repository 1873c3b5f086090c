# SPDX-License-Identifier: Apache-2.0
"""HTTP requests as the load generators take them."""
import base64, dataclasses, urllib.parse


@dataclasses.dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: tuple = ()
    body: str = ""

    def with_header(self, name, value):
        return dataclasses.replace(self, headers=self.headers + ((name, value),))

    def raw(self, length=None):
        """The bytes on the wire; with 'length', the header promises a body of that many bytes."""
        length = len(self.body) if length is None else length
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in self.headers)]
        if self.method == "POST":
            lines.append(f"Content-Length: {length}")
        return "\r\n".join(lines) + "\r\n\r\n" + self.body


def get(path, **headers):
    return Request("GET", path, tuple(headers.items()))


def post(path, client=None, secret="bench-secret", **fields):
    headers = (("Content-Type", "application/x-www-form-urlencoded"),)
    if client:
        headers += (("Authorization", "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()),)
    return Request("POST", path, headers, urllib.parse.urlencode(fields))

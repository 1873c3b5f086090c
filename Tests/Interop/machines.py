# SPDX-License-Identifier: Apache-2.0
"""The program for clients without a browser, over https."""

import json

import requests
from requests_oauth2client import OAuth2Client

import signed
from program import Program


class Machines(Program):
    """Serves the plugins and documents that a test names."""

    def __init__(self, folder, plugins, clients, users=()):
        self.documents = {"clients": list(clients), "users": list(users)}
        self.plugins = [{"plugin": "sqlite-store", "settings": {"path": "var/grantor.db"}}, *plugins]
        super().__init__(folder, callback=None, secure=True)

    def configuration(self):
        tls = {"certificate": self.certificate, "key": f"{self.folder}/key.pem"}
        listen = {"host": "127.0.0.1", "port": self.port, "tls": tls}
        return json.dumps({"issuer": self.issuer, "listen": listen, "plugins": self.plugins, **self.documents}, indent=2)

    def connect(self, auth):
        """A client of requests-oauth2client that has read the metadata."""
        session = requests.Session()
        session.verify = self.certificate
        document = signed.metadata(self)
        return OAuth2Client.from_discovery_document(document, issuer=self.issuer, session=session, auth=auth)

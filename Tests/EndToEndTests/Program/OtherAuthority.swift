// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// An authority of certificates that no system knows.
struct OtherAuthority {
    private let folder: Folder

    /// Makes an authority; its certificate is the file `ca.pem` in the folder.
    init(_ folder: Folder) throws {
        self.folder = folder
        try run("req -x509 \(OtherAuthority.newKey) -days 2 -subj /CN=authority -keyout ca.key -out ca.pem")
    }

    private static let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"

    /// The certificate in PEM.
    var certificate: String { folder.read("ca.pem") }

    /// Makes a certificate for a name, such as `DNS:localhost`, in the files `cert.pem` and `key.pem`.
    func certify(_ name: String) throws {
        try run("req \(OtherAuthority.newKey) -subj /CN=server -keyout key.pem -out server.csr")
        try folder.write("names", "subjectAltName=\(name)\n")
        try run(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem")
        chmod("\(folder.path)/key.pem", 0o600)
    }

    private func run(_ command: String) throws {
        let ended = try Command.shell("openssl \(command)", in: folder)
        #expect(ended.status == 0, "\(ended.errors)")
    }
}

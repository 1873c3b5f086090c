// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationNetworking
import GrantKit

/// The mail gateway of this example, in a process of its own.
final class Mailbox: @unchecked Sendable {
    let address: String
    private let process: Process

    init(secret: String) throws {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", package.appendingPathComponent("mailbox").path, "0", secret]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process
        // It prints its address once it listens.
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        address = line.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func stop() {
        // A test run can have its children ignore SIGTERM.
        kill(process.processIdentifier, SIGKILL)
    }

    /// Takes a request as the server would send it.
    func take(_ request: OutboundRequest) async throws -> OutboundReply {
        guard let url = URL(string: request.url) else { throw OutboundError("the URL is wrong") }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method
        sent.httpBody = Data(request.body)
        for header in request.headers { sent.setValue(header.value, forHTTPHeaderField: header.name) }
        let (body, reply) = try await URLSession.shared.data(for: sent)
        return OutboundReply(status: (reply as? HTTPURLResponse)?.statusCode ?? 0, body: Array(body))
    }

    /// The mails that have arrived.
    func mails() async throws -> [JSON] {
        try JSON(parsing: try await take(OutboundRequest("GET", "\(address)/mails")).body).elements
    }
}

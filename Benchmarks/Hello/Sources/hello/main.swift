// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Logging

let router = Router()
router.get("hello") { _, _ in "hello" }
let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8090
var logger = Logger(label: "hello")
logger.logLevel = .warning
let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
try await application.runService()

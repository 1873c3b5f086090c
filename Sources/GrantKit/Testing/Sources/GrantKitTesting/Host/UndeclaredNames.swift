// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// The parameters that a plugin reads although it has not declared them, which are never there.
final class UndeclaredNames: Sendable {
    private let declared: [String]
    private let names = Mutex<[String]>([])

    init(declared: [String]) {
        self.declared = declared
    }

    var all: [String] { names.withLock { $0 } }

    /// Refuses names that are not declared.
    func check(by reader: String) throws {
        guard let name = all.first else { return }
        throw HostRefusal(
            "\(reader) reads the parameter '\(name)', which it does not declare: add it to its parameters")
    }

    /// The same parameters, watched.
    func watching(_ parameters: Parameters) -> Parameters {
        var watched = parameters
        watched.missing = { [self] name in
            guard !declared.contains(name) else { return }
            names.withLock { if !$0.contains(name) { $0.append(name) } }
        }
        return watched
    }

    /// Calls the plugin, and refuses a name that it reads and has not declared, even if the call fails without it.
    ///
    /// - Parameters:
    ///   - mistake: The sentence about a name.
    ///   - call: The call.
    /// - Returns: What the call returns.
    /// - Throws: `HostRefusal` for such a name, and otherwise what the call throws.
    func during<Result>(
        _ mistake: (String) -> String, _ call: () async throws -> Result
    ) async throws -> Result {
        do {
            let result = try await call()
            try refuse(mistake)
            return result
        } catch {
            try refuse(mistake)
            throw error
        }
    }

    private func refuse(_ mistake: (String) -> String) throws {
        if let name = all.first { throw HostRefusal(mistake(name)) }
    }
}

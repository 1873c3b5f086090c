// SPDX-License-Identifier: Apache-2.0
//
// Measures a call into a plugin: the grant of the loaded library against the same grant compiled into this program.
// Scripts/bench compiles and runs this file.

import Glibc
@_spi(Host) import GrantKit

struct Own: TokenGrant {
    let declaration = GrantDeclaration("own", client: .confidential)
    @inline(never) func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

@inline(never) func measure(_ call: (TokenRequest) async throws -> Authorization, _ request: TokenRequest) async throws
    -> Double
{
    var best = Double.infinity
    for _ in 0..<9 {
        let start = ContinuousClock.now
        for _ in 0..<200_000 { _ = try await call(request) }
        let time = (ContinuousClock.now - start).components
        best = min(best, Double(time.attoseconds) / 1e12 / 200_000 + Double(time.seconds) * 1e6 / 200_000)
    }
    return best
}

@main struct Boundary {
    static func main() async throws {
        let path = CommandLine.arguments[1]
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL),
            let symbol = dlsym(handle, "client_credentials_plugin_make")
        else { return print(String(cString: dlerror())) }
        let make = unsafeBitCast(symbol, to: (@convention(c) () -> UnsafeMutableRawPointer).self)
        let plugin = try PluginExport.take(make()).type.init(settings: Settings(NoSettings()), host: NoHost())
        var registry = Registry()
        try plugin.register(in: &registry)
        guard let loaded = registry.grants.first else { return print("no grant") }
        let own = Own()
        let client = Client(id: "a", isPublic: false, grants: ["own"], scope: ["read"])
        let request = TokenRequest(
            grant: own.declaration, client: client, parameters: [:], head: RequestHead(method: "POST", path: "/"),
            allowed: AccessLimits(scope: ["read"]))
        let (inside, outside) = (
            try await measure(own.authorize, request), try await measure(loaded.authorize, request)
        )
        let cost = max(0, outside - inside)
        func shown(_ number: Double) -> String { "\((number * 1000).rounded() / 1000)" }
        print(
            "a call into a plugin: \(shown(outside)) us, the same in this program \(shown(inside)) us, boundary \(shown(cost)) us"
        )
    }
}

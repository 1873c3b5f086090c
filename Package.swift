// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackageDescription

/// The fuzzer's runtime, set by 'Scripts/fuzz': with it, our own modules record coverage and check memory accesses.
let fuzzer = Context.environment["GRANTOR_FUZZER"]
let instruments: [SwiftSetting] =
    fuzzer == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])]
/// Set by 'Scripts/races': everything is linked statically then, since the thread sanitizer needs one instrumented program.
let isRaced = Context.environment["GRANTOR_RACES"] != nil
/// Warnings are errors when the project tests itself, never when somebody else builds it.
let isStrict = Context.environment["GRANTOR_STRICT"] != nil
/// In such builds, tests reach what is internal, also if the build is optimized.
let strictness: [SwiftSetting] =
    isStrict
    ? [.treatAllWarnings(as: .error), .unsafeFlags(["-enable-testing"], .when(configuration: .release))] : []
/// In such builds, operations on the Characters of strings are warnings too (decision 0027).
let textLint: [Target] = isStrict ? [.target(name: "TextLint", path: "Tests/TextLint")] : []
let lint: [Target.Dependency] = isStrict ? ["TextLint"] : []
let linted: [SwiftSetting] =
    isStrict ? [.unsafeFlags(["-Xfrontend", "-import-module", "-Xfrontend", "TextLint"])] : []
let strict: [SwiftSetting] =
    ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"].map { .enableUpcomingFeature($0) }
    + strictness + instruments
/// An asynchronous function runs where its caller runs, which saves two changes of executor per call (decision 0025).
let features = strict + [.enableUpcomingFeature("NonisolatedNonsendingByDefault"), .strictMemorySafety()]

/// Whether 'postgres-store' is part of the package: where libpq's header is, or where the environment asks for it, so that
/// everything else builds without libpq (decision 0062).
let hasPostgreSQL =
    Context.environment["GRANTOR_POSTGRESQL"] != nil
    || ["/usr/include/postgresql/libpq-fe.h", "/usr/include/libpq-fe.h"].contains {
        FileManager.default.fileExists(atPath: $0)
    }
let postgreSQL: [Target] =
    hasPostgreSQL
    ? [.systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])])] : []

let kit: Target.Dependency = .product(name: "GrantKit", package: "GrantKit")
let kitTesting: Target.Dependency = .product(name: "GrantKitTesting", package: "GrantKitTesting")
/// SQLite, and its own functions.
let sqlite: [Target.Dependency] = [
    .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"),
]
let memoryRecords: Target.Dependency = .product(name: "MemoryRecords", package: "GrantKitTesting")
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

/// A plugin: its product is named after its ID, its target after its folder.
struct Plugin {
    let id: String
    let module: String
    var libraries: [Target.Dependency] = []
}

let plugins = [
    Plugin(id: "admin-api", module: "AdminAPI"),
    Plugin(id: "audit-log", module: "AuditLog"),
    Plugin(id: "authorization-code", module: "AuthorizationCode"),
    Plugin(id: "client-assertion", module: "ClientAssertion"),
    Plugin(id: "client-credentials", module: "ClientCredentials"),
    Plugin(id: "device-authorization", module: "DeviceAuthorization"),
    Plugin(id: "implicit", module: "Implicit"),
    Plugin(id: "introspection", module: "Introspection"),
    Plugin(id: "jwt-bearer", module: "JWTBearer"),
    Plugin(id: "jwt-token", module: "JWTToken"),
    Plugin(id: "logout", module: "Logout"),
    Plugin(id: "memory-store", module: "MemoryStore", libraries: [memoryRecords]),
    Plugin(id: "opaque-token", module: "OpaqueToken"),
    Plugin(id: "openid", module: "OpenID"),
    Plugin(id: "password", module: "Password"),
    Plugin(id: "password-login", module: "PasswordLogin"),
    Plugin(id: "postgres-store", module: "PostgreSQLStore", libraries: ["CPostgreSQL"]),
    Plugin(id: "refresh-token", module: "RefreshToken"),
    Plugin(id: "revocation", module: "TokenRevocation"),
    Plugin(id: "sessions-api", module: "SessionsAPI"),
    Plugin(id: "sqlite-store", module: "SQLiteStore", libraries: sqlite),
    Plugin(id: "token-exchange", module: "TokenExchange"),
    Plugin(id: "webhooks", module: "Webhooks"),
].filter { hasPostgreSQL || $0.id != "postgres-store" }
/// The module of 'postgres-store', and the condition by which tests know that they have it.
let postgresStore: [Target.Dependency] = hasPostgreSQL ? ["PostgreSQLStore"] : []
let conditions: [SwiftSetting] = hasPostgreSQL ? [.define("POSTGRESQL")] : []

/// Packs relative relocations: each takes about a bit instead of 24 bytes, so a start reads a megabyte less.
let small = isRaced ? [] : ["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"]

/// Exports only the two functions of the handshake, so that the libraries inside a plugin stay private to it.
func exports(of plugin: Plugin) -> [LinkerSetting] {
    fuzzer != nil || isRaced ? [] : [.unsafeFlags(["-Xlinker", "--version-script=Plugins/exports.map"] + small)]
}

let core: [Target] = [
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CArgon2", pkgConfig: "libargon2", providers: [.apt(["libargon2-dev"])]),
    .systemLibrary(name: "CCrypt", pkgConfig: "libcrypt", providers: [.apt(["libcrypt-dev"])]),
    .systemLibrary(name: "CExtendedAttributes"),
    .target(name: "CCrashLine"),
    .target(name: "CPluginLibrary"),
    .target(name: "CPluginProcess"),
    .target(name: "OutsideText", swiftSettings: features),
    .target(
        name: "AuthorizationServer", dependencies: [kit, "OutsideText", log] + lint,
        resources: [.embedInCode("Clients/aidbox-members.txt")], swiftSettings: features + linted),
    .target(
        name: "Cryptography", dependencies: [kit, "OutsideText", "CArgon2", "CCrypt", "COpenSSL"] + lint,
        swiftSettings: features + linted),
    .target(
        name: "PluginScaffold", dependencies: [kit, "OutsideText"] + lint, resources: [.embedInCode("Templates")],
        swiftSettings: features + linted),
    .target(
        name: "PluginLoading", dependencies: [kit, "CExtendedAttributes", "CPluginLibrary", "OutsideText"] + lint,
        swiftSettings: features + linted),
    .target(
        name: "PluginProcesses",
        dependencies: [kit, "AuthorizationServer", "CPluginLibrary", "CPluginProcess", "OutsideText", log] + lint,
        swiftSettings: features + linted),
    .target(name: "ServerConfiguration", dependencies: [kit, "CLibYAML", "OutsideText"], swiftSettings: features),
    .target(
        name: "ServerHTTP",
        dependencies: [
            kit, "AuthorizationServer", "OutsideText", log,
            .product(name: "Mustache", package: "swift-mustache"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOHPACK", package: "swift-nio-http2"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOHTTP2", package: "swift-nio-http2"),
            .product(name: "NIOPosix", package: "swift-nio"),
            .product(name: "NIOSSL", package: "swift-nio-ssl"),
            .product(name: "NIOTLS", package: "swift-nio"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        ] + lint,
        resources: [.embedInCode("Pages")], swiftSettings: features + linted),
    .executableTarget(
        name: "grantor",
        dependencies: [
            kit, kitTesting, "AuthorizationServer", "CCrashLine", "Cryptography", "OutsideText", "PluginLoading",
            "PluginProcesses", "PluginScaffold", "ServerConfiguration", "ServerHTTP", log,
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
            .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            .product(name: "UnixSignals", package: "swift-service-lifecycle"),
        ] + lint,
        resources: ["own", "suggested"].map { .embedInCode("Assembly/\($0)-plugins.json") },
        swiftSettings: features + linted,
        linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/../lib"] + small)]
    ),
]

/// Tests are not optimized themselves, since that takes longer than it saves.
let tested: [SwiftSetting] = strict + conditions + [.unsafeFlags(["-Onone"], .when(configuration: .release))]

let threadSanitizer: [Target] = isRaced ? [.target(name: "ThreadSanitizer", path: "Tests/ThreadSanitizer")] : []

let tests: [Target] = [
    // Code that tests share is a test target, so that a plain build of the server leaves it out.
    .testTarget(
        name: "Support",
        dependencies: [
            kit, "AuthorizationServer", "Cryptography", "PluginProcesses", "ServerConfiguration", "ServerHTTP", log,
        ]
            + plugins.map { .target(name: $0.module) } + threadSanitizer.map { .target(name: $0.name) },
        path: "Tests/Support",
        swiftSettings: tested
    ),
    test("GrantKitTests", [kit, "Support"]),
    test("CryptographyTests", [kit, "Cryptography", "COpenSSL", "Support"]),
    test(
        "AuthorizationServerTests",
        [kit, "AuthorizationServer", "Cryptography", "OutsideText", "ServerHTTP", "Support"]),
    test(
        "StoreTests",
        [kit, kitTesting, "Cryptography", "Support", "SQLiteStore", .product(name: "GRDB", package: "GRDB.swift")]
            + postgresStore),
    test("PluginTests", [kit, kitTesting, "AuthorizationServer", "Support"]),
    test("PluginScaffoldTests", [kit, "OutsideText", "PluginScaffold"]),
    test(
        "PluginLoadingTests",
        [
            kit, kitTesting, "AuthorizationServer", "Cryptography", "PluginLoading", "PluginProcesses",
            "CExtendedAttributes", "Support", log,
        ]),
    test(
        "EndToEndTests",
        [
            kit, "AuthorizationServer", "Cryptography", "PluginLoading", "ServerConfiguration", "ServerHTTP", "Support",
            .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
        ]),
    test("KitShapeTests", [kit]),
    test("KitTestingTests", [kit, kitTesting, "Cryptography", "Support"]),
    test("GuideTests", [kit, kitTesting, "AuthorizationServer"]),
]

/// Reduces `ServerHTTP` to its parsers for the fuzzer: the HTTP library takes longer to build than everything else.
func withoutListener(_ target: Target) -> Target {
    guard fuzzer != nil, target.name == "ServerHTTP" else { return target }
    target.exclude += ["Listener"]
    target.exclude += [
        "OutboundClient", "OutboundConnection", "OutboundRoute", "OutboundSettings", "OutboundTLS", "ProxyTunnel",
        "RequestSender", "TrustedAuthorities",
    ].map {
        "Outbound/\($0).swift"
    }
    target.dependencies = target.dependencies.filter { dependency in
        guard case .productItem(_, let package, _, _) = dependency else { return true }
        return package == "GrantKit" || package == "swift-mustache"
    }
    return target
}

/// The modules that the harnesses call, both in the fuzzing program and in the test that replays the corpus.
let fuzzed: [Target.Dependency] = [
    kit, "AdminAPI", "AuthorizationServer", "Cryptography", "DeviceAuthorization", "Logout", "PluginLoading",
    "ServerConfiguration", "ServerHTTP",
]

/// The fuzzing program or the test that replays the corpus: one of the two, since they share their files.
func fuzzTarget(_ runtime: String?) -> Target {
    let folder = "Tests/FuzzTests"
    guard let runtime else {
        return .testTarget(
            name: "FuzzTests", dependencies: fuzzed, path: folder, exclude: ["Corpus", "Dictionaries", "Driver"],
            swiftSettings: tested)
    }
    let link = ["-sanitize=address", "-use-ld=lld", "-Xlinker", runtime, "-lstdc++"]
    return .executableTarget(
        name: "Fuzz", dependencies: fuzzed, path: folder, sources: ["Driver", "Parsers"], swiftSettings: strict,
        linkerSettings: [.unsafeFlags(link)])
}

func test(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: tested)
}

let package = Package(
    name: "grantor",
    products: [.executable(name: "grantor", targets: ["grantor"])]
        + plugins.map { .library(name: $0.id, type: .dynamic, targets: [$0.module]) },
    // Pinned, so that a build is of what was tested; Scripts/dependencies.tsv has all that these bring in.
    dependencies: [
        .package(path: "Sources/GrantKit"),
        .package(name: "GrantKitTesting", path: "Sources/GrantKit/Testing"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: core.map(withoutListener) + postgreSQL + textLint + threadSanitizer
        + plugins.map {
            .target(
                name: $0.module,
                dependencies: [kit] + $0.libraries + lint,
                path: "Plugins/\($0.module)",
                swiftSettings: features + linted,
                linkerSettings: exports(of: $0)
            )
        } + (fuzzer == nil ? tests : []) + [fuzzTarget(fuzzer)],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// As in the package of the kit.
let strictness: [SwiftSetting] =
    Context.environment["GRANTOR_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
let instruments: [SwiftSetting] =
    Context.environment["GRANTOR_FUZZER"] == nil ? [] : [.unsafeFlags(["-sanitize=fuzzer,address"])]
let features: [SwiftSetting] =
    ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility", "NonisolatedNonsendingByDefault"].map {
        .enableUpcomingFeature($0)
    }
    + [.strictMemorySafety()] + strictness + instruments

let kit: Target.Dependency = .product(name: "GrantKit", package: "GrantKit")

// A package beside that of the kit: in the same package, these targets would link a second copy of the kit into everything
// that uses them.
let package = Package(
    name: "GrantKitTesting",
    products: [
        .library(name: "GrantKitTesting", targets: ["GrantKitTesting"]),
        // The store of 'memory-store' and of tests.
        .library(name: "MemoryRecords", targets: ["MemoryRecords"]),
    ],
    dependencies: [.package(name: "GrantKit", path: "..")],
    targets: [
        .target(name: "MemoryRecords", dependencies: [kit], swiftSettings: features),
        .target(name: "GrantKitTesting", dependencies: [kit, "MemoryRecords"], swiftSettings: features),
    ],
    swiftLanguageModes: [.v6]
)

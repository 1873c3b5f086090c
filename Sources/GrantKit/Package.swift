// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Warnings are errors where the project tests itself, never where somebody else builds it.
let strictness: [SwiftSetting] =
    Context.environment["GRANTOR_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)]
let features: [SwiftSetting] =
    ["ExistentialAny", "InternalImportsByDefault", "MemberImportVisibility"].map { .enableUpcomingFeature($0) }
    + strictness

let package = Package(
    name: "GrantKit",
    products: [
        // A package of its own with a dynamic product is linked once; a target shared by two dynamic products would
        // be copied into both, and casts across the boundary would fail without a word.
        .library(name: "GrantKit", type: .dynamic, targets: ["GrantKit", "CPluginABI"]),
        .library(name: "GrantKitTesting", targets: ["GrantKitTesting"]),
    ],
    targets: [
        .target(name: "CPluginABI", path: "Sources/CPluginABI"),
        .target(
            name: "GrantKit",
            dependencies: ["CPluginABI"],
            path: "Sources/GrantKit",
            swiftSettings: features + [.unsafeFlags(["-enable-library-evolution"])]
        ),
        .target(
            name: "GrantKitTesting",
            dependencies: ["GrantKit"],
            path: "Sources/GrantKitTesting",
            swiftSettings: features
        ),
    ],
    swiftLanguageModes: [.v6]
)

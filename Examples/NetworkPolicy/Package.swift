// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "NetworkPolicy",
    products: [.library(name: "network-policy", type: .dynamic, targets: ["NetworkPolicy"])],
    // In a package of your own, use the URL of the kit's repository and a version.
    dependencies: [
        .package(path: "../../Sources/GrantKit"),
        .package(name: "GrantKitTesting", path: "../../Sources/GrantKit/Testing"),
    ],
    targets: [
        .target(
            name: "NetworkPolicy", dependencies: [.product(name: "GrantKit", package: "GrantKit")],
            swiftSettings: [.strictMemorySafety()]),
        .testTarget(
            name: "NetworkPolicyTests",
            dependencies: [
                "NetworkPolicy", .product(name: "GrantKit", package: "GrantKit"),
                .product(name: "GrantKitTesting", package: "GrantKitTesting"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

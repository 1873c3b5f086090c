// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "PasetoToken",
    products: [.library(name: "paseto-token", type: .dynamic, targets: ["PasetoToken"])],
    // In a package of your own, use the URL of the kit's repository and a version.
    dependencies: [
        .package(path: "../../Sources/GrantKit"),
        .package(name: "GrantKitTesting", path: "../../Sources/GrantKit/Testing"),
    ],
    targets: [
        // The system's libcrypto, which the server has loaded already. A copy of your own would be a second one.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(
            name: "PasetoToken", dependencies: ["COpenSSL", .product(name: "GrantKit", package: "GrantKit")],
            swiftSettings: [.strictMemorySafety()]),
        .testTarget(
            name: "PasetoTokenTests",
            dependencies: [
                "PasetoToken", .product(name: "GrantKit", package: "GrantKit"),
                .product(name: "GrantKitTesting", package: "GrantKitTesting"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "ClaimsHTTP",
    products: [.library(name: "claims-http", type: .dynamic, targets: ["ClaimsHTTP"])],
    // In a package of your own, use the URL of the kit's repository and a version.
    dependencies: [
        .package(path: "../../Sources/GrantKit"),
        .package(name: "GrantKitTesting", path: "../../Sources/GrantKit/Testing"),
    ],
    targets: [
        .target(
            name: "ClaimsHTTP", dependencies: [.product(name: "GrantKit", package: "GrantKit")],
            swiftSettings: [.strictMemorySafety()]),
        .testTarget(
            name: "ClaimsHTTPTests",
            dependencies: [
                "ClaimsHTTP", .product(name: "GrantKit", package: "GrantKit"),
                .product(name: "GrantKitTesting", package: "GrantKitTesting"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

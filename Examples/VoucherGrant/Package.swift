// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

let package = Package(
    name: "VoucherGrant",
    products: [.library(name: "voucher-grant", type: .dynamic, targets: ["VoucherGrant"])],
    // In a package of your own, use the URL of the kit's repository and a version.
    dependencies: [
        .package(path: "../../Sources/GrantKit"),
        .package(name: "GrantKitTesting", path: "../../Sources/GrantKit/Testing"),
    ],
    targets: [
        .target(
            name: "VoucherGrant", dependencies: [.product(name: "GrantKit", package: "GrantKit")],
            swiftSettings: [.strictMemorySafety()]),
        .testTarget(
            name: "VoucherGrantTests",
            dependencies: [
                "VoucherGrant", .product(name: "GrantKit", package: "GrantKit"),
                .product(name: "GrantKitTesting", package: "GrantKitTesting"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

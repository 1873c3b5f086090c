// SPDX-License-Identifier: Apache-2.0

extension PluginKind {
    /// The template of the source file, without the functions of the handshake.
    var source: [UInt8] {
        switch self {
        case .grant: PackageResources.grant_swift_template
        case .format: PackageResources.format_swift_template
        case .store: PackageResources.store_swift_template
        case .endpoint: PackageResources.endpoint_swift_template
        case .step: PackageResources.step_swift_template
        case .filter: PackageResources.filter_swift_template
        case .claims: PackageResources.claims_swift_template
        case .events: PackageResources.events_swift_template
        }
    }

    /// The template of the test file.
    var tests: [UInt8] {
        switch self {
        case .grant: PackageResources.grant_tests_swift_template
        case .format: PackageResources.format_tests_swift_template
        case .store: PackageResources.store_tests_swift_template
        case .endpoint: PackageResources.endpoint_tests_swift_template
        case .step: PackageResources.step_tests_swift_template
        case .filter: PackageResources.filter_tests_swift_template
        case .claims: PackageResources.claims_tests_swift_template
        case .events: PackageResources.events_tests_swift_template
        }
    }

    /// The part of `README.md` that says how to use the plugin.
    var use: [UInt8] {
        switch self {
        case .grant: PackageResources.grant_use_md_template
        case .format: PackageResources.format_use_md_template
        case .store: PackageResources.store_use_md_template
        case .endpoint: PackageResources.endpoint_use_md_template
        case .step: PackageResources.step_use_md_template
        case .filter: PackageResources.filter_use_md_template
        case .claims: PackageResources.claims_use_md_template
        case .events: PackageResources.events_use_md_template
        }
    }
}

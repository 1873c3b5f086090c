// SPDX-License-Identifier: Apache-2.0
//
// Shared by programs that load one plugin themselves, with the host from the tests that offers no services.

@_spi(Host) import GrantKit

final class NoSettings: SettingsSource {
    func value(of declaration: SettingDeclaration) -> JSON? { nil }
    func report(_ problem: String, at key: String) {}
    func declare(_ attribute: AttributeDeclaration) {}
}

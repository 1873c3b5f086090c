// SPDX-License-Identifier: Apache-2.0
//
// For programs that load one plugin by themselves, with the host of the tests that lends nothing.

import GrantKit

final class NoSettings: SettingsSource {
    func value(of declaration: SettingDeclaration) -> JSON? { nil }
    func report(_ problem: String, at key: String) {}
    func declare(_ attribute: AttributeDeclaration) {}
}

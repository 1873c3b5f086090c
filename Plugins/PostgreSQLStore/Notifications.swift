// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Whether a node listens for changes of others, and where.
enum Notifications: SettingValue {
    static let expectation = "true, false or a URL such as postgresql://db.example.com/grantor"

    /// Over the address of the store.
    case on
    /// Not at all: the node only asks.
    case off
    /// Over another address, which leads to the same database.
    case at(String)

    init?(setting: JSON) {
        if let isOn = setting.bool {
            self = isOn ? .on : .off
        } else if let url = setting.string {
            self = .at(url)
        } else {
            return nil
        }
    }

    var setting: JSON {
        switch self {
        case .on: true
        case .off: false
        case .at(let url): .string(url)
        }
    }

    /// The address at which to listen.
    ///
    /// - Parameters:
    ///   - store: The address of the store.
    ///   - password: The password, if it is not in the URL.
    ///   - isPrepared: Whether sessions last, so that one can listen.
    /// - Returns: The address; nil if the node does not listen.
    /// - Throws: `ConfigurationError` for a URL that libpq does not read.
    func address(beside store: ServerAddress, password: Secret?, isPrepared: Bool) throws -> ServerAddress? {
        switch self {
        case .on: isPrepared ? store : nil
        case .off: nil
        case .at(let url): try ServerAddress(url, password: password, setting: "notifications")
        }
    }
}

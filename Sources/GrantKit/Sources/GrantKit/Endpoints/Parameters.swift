// SPDX-License-Identifier: Apache-2.0

/// The parameters of a request, in the order in which they were sent.
public struct Parameters: Sendable, ExpressibleByDictionaryLiteral {
    /// The names and values.
    public private(set) var all: [(name: String, value: String)]
    /// For the host: called with each name that is looked up and has no value, to find names that are not declared.
    @_spi(Host)
    public var missing: (@Sendable (_ name: String) -> Void)?
    /// For the host: the names that are declared as secret, which only roles that declare them need to see.
    @_spi(Host)
    public var secrets: [String] = []

    /// Makes parameters.
    public init(_ all: [(name: String, value: String)]) {
        self.all = all
    }

    /// Makes parameters from a literal.
    public init(dictionaryLiteral elements: (String, String)...) {
        all = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of a parameter; nil if it was not sent.
    public subscript(name: String) -> String? {
        if let found = all.first(where: { $0.name == name }) { return found.value }
        missing?(name)
        return nil
    }

    /// All values of a parameter.
    public func values(_ name: String) -> [String] {
        let found = all.filter { $0.name == name }.map(\.value)
        if found.isEmpty { missing?(name) }
        return found
    }

    /// The first value of a required parameter.
    ///
    /// - Parameter name: The parameter's name.
    /// - Returns: The value, which is not empty.
    /// - Throws: `OAuthError` `invalid_request` if it is missing or empty.
    public func required(_ name: String) throws -> String {
        guard let value = self[name], !value.isEmpty else {
            throw OAuthError(.invalidRequest, "the parameter '\(name)' is missing")
        }
        return value
    }
}

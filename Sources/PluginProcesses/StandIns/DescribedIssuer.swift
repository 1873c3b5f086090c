// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension ForeignIssuer {
    /// A trusted issuer as a description has it, with the address of its keys or with the keys themselves.
    ///
    /// - Parameters:
    ///   - form: The form.
    ///   - foreignKeys: Parses keys; nil only to find out whether the description is valid.
    /// - Throws: `FormError`; an error that says what is wrong with the keys.
    init(described form: JSON, _ foreignKeys: (any ForeignKeyService)?) throws {
        let keys = form["keys"] ?? .null
        let source: KeySource
        if let address = keys["address"]?.string {
            source = .address(address)
        } else if let set = keys["set"] {
            source = .keys(try foreignKeys?.keys(in: set) ?? PublicKeySet(NamedKeys(form: keys)))
        } else {
            throw FormError("'keys' must have address or set")
        }
        self.init(
            try form.required("name", \.string), keys: source, rules: try form.required("rules", JWTRules.init(form:)))
    }

    /// The form in a description.
    var described: JSON {
        ["name": .string(name), "keys": NamedKeys.form(of: keys), "rules": rules.form]
    }
}

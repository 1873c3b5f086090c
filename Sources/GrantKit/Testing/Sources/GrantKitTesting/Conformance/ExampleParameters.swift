// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Makes parameters from the examples in their declarations.
struct ExampleParameters {
    let random: TestRandom

    /// A value for each parameter with an example, and for each required one.
    func parameters(_ declarations: [ParameterDeclaration]) -> Parameters {
        let secret = Base64.encode(random.bytes(32))
        return Parameters(
            declarations.compactMap { declaration in
                value(declaration, secret).map { (declaration.name, $0) }
            })
    }

    private func value(_ declaration: ParameterDeclaration, _ secret: String) -> String? {
        switch declaration.example {
        case .text(let text): text
        case .random: secret
        case .digest: TestCryptography().digest(secret)
        case nil: declaration.isRequired ? "example" : nil
        @unknown default: nil
        }
    }
}

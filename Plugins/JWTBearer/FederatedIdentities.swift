// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The tokens of trusted issuers with which a client authenticates: the client attribute `federated`.
struct FederatedIdentities: SettingValue {
    private struct Identity: Sendable {
        let issuer: String
        let subject: SubjectPattern

        init?(_ json: JSON) {
            guard json.members.count == 2, let issuer = json["issuer"]?.string, !issuer.isEmpty,
                let subject = json["subject"]?.string.flatMap(SubjectPattern.init)
            else { return nil }
            (self.issuer, self.subject) = (issuer, subject)
        }

        var json: JSON { ["issuer": .string(issuer), "subject": .string(subject.description)] }
    }

    /// No token.
    static let none = FederatedIdentities(all: [])

    static var expectation: String {
        "a list of mappings with 'issuer' and 'subject'; a subject is exact, or ends with one '*' after ':' or '/'"
    }

    private let all: [Identity]

    private init(all: [Identity]) {
        self.all = all
    }

    init?(setting: JSON) {
        guard case .array(let elements) = setting, (1...100).contains(elements.count) else { return nil }
        let all = elements.compactMap(Identity.init)
        guard all.count == elements.count else { return nil }
        self.all = all
    }

    var setting: JSON { .array(all.map(\.json)) }

    /// Whether a token with an issuer and a subject may be the client's.
    func contain(_ subject: String, of issuer: String) -> Bool {
        all.contains { $0.issuer == issuer && $0.subject.fits(subject) }
    }
}

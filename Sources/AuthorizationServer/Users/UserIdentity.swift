// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An identity of a user at another server, which issues tokens about it: the issuer, and the subject there.
///
/// In the store, a record for each identity says who has it, so that two users made at once cannot have the same one.
struct UserIdentity: Equatable {
    static let member = "identities"
    static let collection = StoreCollection("user_identity")
    /// The most identities of a user.
    static let most = 20
    /// The longest issuer or subject in bytes.
    static let longest = 512

    let issuer: String
    let subject: String

    init(issuer: String, subject: String) {
        (self.issuer, self.subject) = (issuer, subject)
    }

    /// Reads an element of the list in a document; nil if it is anything but an issuer and a subject.
    init?(_ json: JSON) {
        guard json.members.count == 2, let issuer = json["issuer"]?.string, let subject = json["subject"]?.string,
            [issuer, subject].allSatisfy({ (1...UserIdentity.longest).contains($0.utf8.count) })
        else { return nil }
        self.init(issuer: issuer, subject: subject)
    }

    /// The identities in the document of a user.
    static func all(in document: JSON) -> [UserIdentity] {
        (document[member]?.elements ?? []).compactMap(UserIdentity.init)
    }

    /// Whether two identities have the same bytes.
    static func == (left: UserIdentity, right: UserIdentity) -> Bool {
        left.issuer == right.issuer && left.subject == right.subject
    }

    /// The name of the identity in keys: of fixed length and in ASCII, so that equal keys have equal bytes.
    func digest(_ cryptography: any CryptographyService) -> String {
        // As JSON, so that no two different pairs are written alike.
        cryptography.digest(JSON.strings([issuer, subject]).text)
    }

    func key(_ cryptography: any CryptographyService) -> StoreKey {
        UserIdentity.collection.key(digest(cryptography))
    }
}

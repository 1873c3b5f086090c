// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension User {
    /// The user's time zone by its name in the IANA database, for the times that pages show.
    ///
    /// Aidbox's member goes before the standard claim (OpenID Connect Core section 5.1), as where the claim is told.
    var timeZone: String? { document["timezone"]?.string ?? document["data"]?["zoneinfo"]?.string }
}

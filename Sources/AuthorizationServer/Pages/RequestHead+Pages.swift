// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension RequestHead {
    /// Whether the caller reads HTML: browsers say so when they open a page, programs that follow redirects do not.
    var readsPages: Bool {
        let type = Array("text/html".utf8)
        return headers.contains { header in
            header.name == "accept" && header.value.utf8.count >= type.count
                && (0...header.value.utf8.count - type.count).contains { start in
                    header.value.utf8.dropFirst(start).prefix(type.count).elementsEqual(type) { $0 | 0x20 == $1 | 0x20 }
                }
        }
    }

    /// Whether a page of this server led here, by a form or a redirect after it (Fetch Metadata).

    var followsOwnPage: Bool {
        method == "POST" || self[header: "sec-fetch-site"] == "same-origin"
    }
}

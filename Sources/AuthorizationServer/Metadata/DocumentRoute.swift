// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Serves a document that is the same for everyone.
struct DocumentRoute: RouteHandler {
    private let document: PublishedDocument
    let name = "metadata"
    let methods: Set<String> = ["GET", "HEAD"]
    let audience = RouteAudience.everybody

    init(_ document: PublishedDocument) {
        self.document = document
    }

    func serve(
        _ request: ServerRequest, _ core: ServerCore, _ generation: Generation, _ trace: inout RequestTrace
    ) -> ServerResponse {
        document.response(to: request.head)
    }
}

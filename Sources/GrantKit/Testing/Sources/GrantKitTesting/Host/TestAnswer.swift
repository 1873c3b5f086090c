// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The response of an endpoint after its writes have been committed, as a server would send it.
public struct TestAnswer: Sendable {
    /// The response as the endpoint returned it.
    public let response: EndpointResponse
    /// The headers, with names in lower case: those of the server for this content, then those of the endpoint.
    ///
    /// The headers that a server adds to each page, such as its policy, are left out.
    public let headers: [(name: String, value: String)]

    init(_ response: EndpointResponse) {
        self.response = response
        headers =
            TestAnswer.headers(for: response.content)
            + response.headers.sorted { $0.key < $1.key }.map { (name: $0.key.lowercased(), value: $0.value) }
    }

    /// The HTTP status.
    public var status: Int {
        switch response.content {
        case .redirect, .interaction: 303
        default: response.status
        }
    }

    /// The JSON; nil for any other content.
    public var json: JSON? { response.body }

    /// The page; nil for any other content.
    public var page: Page? {
        if case .page(let page) = response.content { page } else { nil }
    }

    /// The URL of a redirect; nil for any other content.
    public var address: String? {
        if case .redirect(let address) = response.content { address } else { nil }
    }

    private static func headers(for content: EndpointResponse.Content) -> [(name: String, value: String)] {
        let fresh = (name: "cache-control", value: "no-store")
        switch content {
        case .json: return [("content-type", "application/json"), fresh, ("pragma", "no-cache")]
        case .page: return [("content-type", "text/html; charset=utf-8"), fresh, ("pragma", "no-cache")]
        case .redirect(let address): return [("location", address), fresh, ("pragma", "no-cache")]
        case .file(_, mediaType: let type): return [("content-type", type), fresh]
        default: return [fresh]
        }
    }
}

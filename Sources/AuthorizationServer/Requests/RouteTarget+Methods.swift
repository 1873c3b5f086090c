// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

extension Generation.RouteTarget {
    private static let documentMethods: Set<String> = ["GET", "HEAD"]
    private static let browserMethods: Set<String> = ["GET", "POST"]
    private static let tokenMethods: Set<String> = ["POST"]

    var methods: Set<String> {
        switch self {
        case .token: Generation.RouteTarget.tokenMethods
        case .endpoint(let plan): plan.methods
        case .resource(let plan): plan.methods
        case .browser(let plan): plan.endpoint.route.methods
        case .authorization, .interaction: Generation.RouteTarget.browserMethods
        case .document, .keys: Generation.RouteTarget.documentMethods
        }
    }

    /// What it answers to, in the order of the alphabet: HEAD is answered wherever GET is.
    var allowedMethods: [String] {
        (methods.contains("GET") ? methods.union(["HEAD"]) : methods).sorted()
    }

    /// Which scripts may read its answers.
    var readers: CrossOrigin.Readers { isPublished ? .everybody : isForPeople ? .nobody : .clients }

    /// What the log and the metrics call it.
    var name: String {
        switch self {
        case .token: "token"
        case .endpoint(let plan): plan.name
        case .resource(let plan): plan.name
        case .browser(let plan): plan.name
        case .authorization: "authorize"
        case .interaction: "interaction"
        case .document: "metadata"
        case .keys: "jwks"
        }
    }

    /// Whether it is a document that is the same for everybody.
    var isPublished: Bool {
        switch self {
        case .document, .keys: true
        default: false
        }
    }

    /// Whether a person's browser asks, so that errors are pages.
    var isForPeople: Bool {
        switch self {
        case .authorization, .interaction, .browser: true
        default: false
        }
    }
}

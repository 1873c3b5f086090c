// SPDX-License-Identifier: Apache-2.0

/// What a rule of the kit is about.
public enum Role: String, Sendable, CaseIterable {
    case plugin
    case grant
    case tokenFormat = "token format"
    case product
    case tokenResolver = "token resolver"
    case responseExtension = "response extension"
    case tokenFilter = "token filter"
    case authenticator
    case requestFilter = "request filter"
    case flow
    case endpoint
    case step
    case purpose
    case claims
    case revocation
    case outbox
    case job
    case eventSink = "event sink"
    case page
    case store
}

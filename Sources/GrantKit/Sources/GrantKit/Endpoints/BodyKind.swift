// SPDX-License-Identifier: Apache-2.0

/// The kind of body that an endpoint reads.
public enum BodyKind: Sendable, Hashable {
    /// A form with the endpoint's parameters, which GET has in the query. From a client, it may be a JSON object of
    /// strings as well.
    case form
    /// JSON of one of some media types, in lower case; refusals name the first. All parameters are then in the query.
    ///
    /// Only endpoints with `Admission.bearer` can read it.
    case json([String] = ["application/json"])
}

// SPDX-License-Identifier: Apache-2.0

/// The kind of body that an endpoint reads.
public enum BodyKind: Sendable, Hashable {
    /// A form with the endpoint's parameters; in a GET request they are in the query.
    ///
    /// A client may send a JSON object of strings instead.
    case form
    /// JSON with one of these media types, in lower case.
    ///
    /// Refusals name the first. All parameters are in the query. Only endpoints with `Admission.bearer` can read JSON.
    case json([String] = ["application/json"])
}

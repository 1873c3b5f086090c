// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What one server needs of the keys.
public struct KeyNeeds: Sendable {
    /// The algorithms that something asks for, those of declared keys included.
    public var algorithms: [SignatureAlgorithm]
    /// The longest life of what is signed.
    public var longestToken: Duration
    /// The keys that the configuration declares; of an algorithm the first one signs.
    public var declared: [SigningKey]

    /// Says what is needed; where nothing is, the server signs with ES256.
    public init(algorithms: [SignatureAlgorithm] = [], longestToken: Duration, declared: [SigningKey] = []) {
        let isNothing = algorithms.isEmpty && declared.isEmpty
        self.algorithms = isNothing ? [.es256] : algorithms
        self.longestToken = longestToken
        self.declared = declared
    }

    /// The longest life of what is signed, in seconds.
    var longest: Int64 { min(longestToken, .seconds(Int64.max)).components.seconds }

    /// The algorithms for which the server has to make keys itself.
    public var generated: [SignatureAlgorithm] {
        SignatureAlgorithm.own.filter { algorithm in
            algorithms.contains(algorithm) && !declared.contains { $0.signatureAlgorithm == algorithm }
        }
    }
}

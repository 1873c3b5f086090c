// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A server's need for keys.
public struct KeyNeeds: Sendable {
    /// The algorithms that something asks for, including those of declared keys.
    public var algorithms: [SignatureAlgorithm]
    /// The longest lifetime of signed tokens.
    public var longestToken: Duration
    /// The keys declared in the configuration; the first key of each algorithm signs.
    public var declared: [SigningKey]

    /// Creates needs; without any algorithm and declared key, the server signs with ES256.
    public init(algorithms: [SignatureAlgorithm] = [], longestToken: Duration, declared: [SigningKey] = []) {
        let isNothing = algorithms.isEmpty && declared.isEmpty
        self.algorithms = isNothing ? [.es256] : algorithms
        self.longestToken = longestToken
        self.declared = declared
    }

    /// The longest lifetime of signed tokens in seconds.
    var longest: Int64 { min(longestToken, .seconds(Int64.max)).components.seconds }

    /// The algorithms for which the server generates keys.
    public var generated: [SignatureAlgorithm] {
        SignatureAlgorithm.own.filter { algorithm in
            algorithms.contains(algorithm) && !declared.contains { $0.signatureAlgorithm == algorithm }
        }
    }
}

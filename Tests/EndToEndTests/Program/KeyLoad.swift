// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Support

/// Requests one token after another and verifies each with keys that are cached for as long as the server allows.
struct KeyLoad {
    struct Result {
        var requests = 0
        var refused = 0
        var unverified = 0
        var slowest = Duration.zero
        /// The longest time that this thread overslept, which shows how busy the machine is.
        var latest = Duration.zero
        var published = 0
        var signers: Set<String> = []
    }

    let port: UInt16

    func run(changes: Int) throws -> Result {
        let body = "grant_type=client_credentials"
        let request = Array(
            ("POST /auth/token HTTP/1.1\r\nHost: a\r\nAuthorization: \(Form.basic("service", Configurations.secret))\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\n"
                + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8)
        let socket = try HTTPSocket(port: port)
        var (result, keys, fresh) = (Result(), try JSONWebKeySet(["keys": []]), ContinuousClock.now)
        let end = fresh + .seconds(Patience.seconds)
        while result.signers.count <= changes, ContinuousClock.now < end {
            let start = ContinuousClock.now
            socket.write(request)
            let answer = try socket.readAnswer()
            result.slowest = max(result.slowest, ContinuousClock.now - start)
            result.requests += 1
            guard answer.status == 200, let token = answer["access_token"], let signed = try? CompactJWS(token),
                let kid = signed.header["kid"]?.string
            else {
                result.refused += 1
                continue
            }
            result.signers.insert(kid)
            if ContinuousClock.now >= fresh {
                socket.write(Array("GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
                keys = try JSONWebKeySet(try socket.readAnswer().json)
                result.published = max(result.published, keys.keys.count)
                fresh = ContinuousClock.now + .seconds(1)
            }
            if (try? signed.verified(by: keys)) == nil { result.unverified += 1 }
            // Other tests run at the same time.
            let pause = ContinuousClock.now
            usleep(4000)
            result.latest = max(result.latest, ContinuousClock.now - pause - .milliseconds(4))
        }
        return result
    }
}

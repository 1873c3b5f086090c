// SPDX-License-Identifier: Apache-2.0

import Cryptography
import Foundation
import GrantKit
import Testing

/// Verifies a token with the `openssl` command, from the published key and the token only.
struct OpenSSLCommand {
    private let folder: Folder

    init(_ folder: Folder) { self.folder = folder }

    func verifies(_ token: String, _ key: JSON) throws -> Bool {
        let parts = token.split(separator: ".")
        let signature = try #require(Base64URL.decode(parts[2].utf8))
        try folder.write("input", "\(parts[0]).\(parts[1])")
        var (padding, hash) = ("", "sha256")
        switch key["alg"]?.string {
        case "RS256", "PS256":
            try write("signature", signature)
            try der(
                "public",
                "SEQUENCE:key\n[key]\na=SEQUENCE:algorithm\nb=BITWRAP,SEQUENCE:numbers\n[algorithm]\n"
                    + "a=OID:rsaEncryption\nb=NULL\n[numbers]\nn=INTEGER:0x\(try hex(key, "n"))\ne=INTEGER:0x\(try hex(key, "e"))"
            )
            if key["alg"] == "PS256" { padding = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32" }
        case "EdDSA":
            try write("signature", signature)
            try point("1.3.101.112", nil, try hex(key, "x"))
            return try Command.shell(
                "openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey public -in input -sigfile signature",
                in: folder
            ).status == 0
        default:
            let half = signature.count / 2
            let numbers = [signature.prefix(half), signature.suffix(half)].map { hex(Array($0)) }
            try der("signature", "SEQUENCE:s\n[s]\nr=INTEGER:0x\(numbers[0])\ns=INTEGER:0x\(numbers[1])")
            let isWide = key["crv"] == "P-384"
            if isWide { hash = "sha384" }
            try point(
                "id-ecPublicKey", isWide ? "secp384r1" : "prime256v1", "04\(try hex(key, "x"))\(try hex(key, "y"))")
        }
        return try Command.shell(
            "openssl dgst -\(hash) -keyform DER -verify public \(padding) -signature signature input", in: folder
        ).status == 0
    }

    private func point(_ algorithm: String, _ curve: String?, _ hex: String) throws {
        try der(
            "public",
            "SEQUENCE:key\n[key]\na=SEQUENCE:algorithm\nb=FORMAT:HEX,BITSTRING:\(hex)\n[algorithm]\n"
                + "a=OID:\(algorithm)\n" + (curve.map { "b=OID:\($0)\n" } ?? ""))
    }

    private func der(_ name: String, _ description: String) throws {
        try folder.write("asn1", "asn1=\(description)\n")
        let made = try Command.shell("openssl asn1parse -genconf asn1 -noout -out \(name)", in: folder)
        #expect(made.status == 0, "\(made.errors)")
    }

    private func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }

    private func hex(_ key: JSON, _ member: String) throws -> String {
        hex(try #require(Base64URL.decode((key[member]?.string ?? "").utf8)))
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

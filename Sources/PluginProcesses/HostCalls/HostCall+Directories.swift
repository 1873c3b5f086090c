// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension HostCall {
    /// Lookups of clients and users, without their secrets.
    static let directories = [
        HostCall("clients.find") { calls, input in
            try await calls.host.clients.find(input.required("id", \.string))?.form ?? .null
        },
        HostCall("users.find") { calls, input in
            guard let issuer = input["issuer"]?.string else {
                return try await calls.host.users.find(input.required("id", \.string))?.form ?? .null
            }
            let subject = try input.required("subject", \.string)
            return try await calls.host.users.find(issuer: issuer, subject: subject)?.form ?? .null
        },
    ]

    /// Passwords of users.
    static let passwords = [
        HostCall("users.verify", needs: .users) { calls, input in
            try await calls.host.users.verify(
                login: input.required("login", \.string), password: Secret(input.required("password", \.string)),
                from: input.required("address", \.string)
            ).form
        },
        HostCall("users.change_password", needs: .users) { calls, input in
            try await refusable {
                try await calls.host.users.changePassword(
                    of: input.required("id", \.string), from: Secret(input.required("current", \.string)),
                    to: Secret(input.required("new", \.string)), address: input.required("address", \.string)
                ).form
            }
        },
    ]

    /// The documents of clients or users.
    static func documents(
        _ name: String, _ permission: HostPermission,
        _ directory: @escaping @Sendable (any PluginHost) -> any DocumentDirectory
    ) -> [HostCall] {
        [
            HostCall("\(name).entry", needs: permission) { calls, input in
                try await directory(calls.host).entry(input.required("id", \.string))?.form ?? .null
            },
            HostCall("\(name).page", needs: permission) { calls, input in
                fitting(try await directory(calls.host).page(after: input["after"]?.string, limit: limit(input)))
            },
            HostCall("\(name).search", needs: permission) { calls, input in
                let value = try input.required("value", \.string)
                return try await refusable {
                    fitting(
                        try await directory(calls.host).search(input.required("member", \.string), equals: value))
                }
            },
            HostCall("\(name).create", needs: permission) { calls, input in
                let document = try input.required("document") { $0 }
                return try await refusable { try await directory(calls.host).create(document).form }
            },
            HostCall("\(name).replace", needs: permission) { calls, input in
                let (id, document) = (try input.required("id", \.string), try input.required("document") { $0 })
                let condition = try DirectoryCondition(form: input["if"] ?? "any")
                return try await refusable {
                    try await directory(calls.host).replace(id, with: document, if: condition).form
                }
            },
            HostCall("\(name).delete", needs: permission) { calls, input in
                let (id, condition) = (
                    try input.required("id", \.string), try DirectoryCondition(form: input["if"] ?? "any")
                )
                return try await refusable { try await directory(calls.host).delete(id, if: condition).form }
            },
        ]
    }

    /// The documents that fit into a reply, and whether more follow.
    private static func fitting(_ entries: [DirectoryEntry]) -> JSON {
        var (forms, bytes): ([JSON], Int) = ([], 0)
        for form in entries.map(\.form) {
            bytes += form.bytes.count
            guard forms.isEmpty || bytes <= Frame.largest / 2 else { break }
            forms.append(form)
        }
        return ["documents": .array(forms), "more": .bool(forms.count < entries.count)]
    }

    /// The output of a call that a document can refuse: the refusal is an output, since the plugin may show it.
    private static func refusable(_ call: () async throws -> JSON) async throws -> JSON {
        do {
            return try await call()
        } catch let refusal as DocumentRefusal {
            return ["refusal": refusal.form]
        }
    }
}

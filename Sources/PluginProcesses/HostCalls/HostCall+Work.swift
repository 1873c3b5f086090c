// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension HostCall {
    /// The most counters of an attempt that a process gives back.
    fileprivate static let mostCounters = 8
    /// The largest event, in bytes: thousands of them may wait for each sink.
    fileprivate static let largestEvent = 16 * 1024
    /// The longest time for which a job is tried, and the furthest time at which one can be due.
    fileprivate static let (longestJob, lastDue): (Int64, Int64) = (366 * 86400, 253_402_300_799)

    /// Everything else that the server does for a plugin.
    static let work = [
        HostCall("log") { calls, input in try calls.log(input) },
        HostCall("digest") { calls, input in
            .string(calls.host.cryptography.digest(try input.required("text", \.string)))
        },
        HostCall("outbound.send") { calls, input in
            try await calls.host.outbound.send(OutboundRequest(form: input)).form
        },
        HostCall("events.record") { calls, input in try calls.record(Event(form: input)) },
        HostCall("attempts.count") { calls, input in
            try await calls.host.attempts.count(
                input.required("secret", \.string), of: input["account"]?.string,
                from: input.required("address", \.string)
            ).form
        },
        HostCall("attempts.succeeded") { calls, input in
            let counters = try input.words("counters")
            guard counters.count <= mostCounters else {
                throw FormError("an attempt has at most \(mostCounters) counters")
            }
            try await calls.host.attempts.succeeded(CountedAttempt(counters: counters))
            return .null
        },
        HostCall("jobs.enqueue") { calls, input in
            try LentValues.lend(await calls.host.jobs.enqueue(calls.job(input))).form
        },
    ]
}

extension HostCalls {
    /// A job of the plugin's own.
    fileprivate func job(_ input: JSON) throws -> Job {
        let handler = try input.required("handler", \.string)
        guard jobs.contains(handler) else { throw FormError("the plugin has no job '\(handler)'") }
        let limit = try input.required("limit", \.integer)
        guard 0...HostCall.longestJob ~= limit else {
            throw FormError("'limit' must be from 0 to \(HostCall.longestJob) seconds")
        }
        var job = Job(handler, input["payload"] ?? .null, limit: .seconds(limit))
        if let due = input["not_before"]?.integer {
            guard 0...HostCall.lastDue ~= due else { throw FormError("'not_before' must be before the year 10000") }
            job.notBefore = Timestamp(seconds: due)
        }
        return job
    }

    /// Records an event of the plugin's own kind.
    fileprivate func record(_ event: Event) throws -> JSON {
        guard event.kind.rawValue.utf8.starts(with: "\(plugin).".utf8) else {
            throw FormError("the kind of an event must begin with '\(plugin).'")
        }
        guard event.form.bytes.count <= HostCall.largestEvent else {
            throw FormError("an event has at most \(HostCall.largestEvent) bytes")
        }
        host.events.record(event)
        return .null
    }

    fileprivate func log(_ input: JSON) throws -> JSON {
        let message = try input.required("message", \.string)
        let detail = input["values"].map(\.text) ?? ""
        let values: KeyValuePairs<String, String> = ["values": detail]
        switch input["level"]?.string {
        case "debug": host.log.debug(message, values)
        case "notice": host.log.notice(message, values)
        case "warning": host.log.warning(message, values)
        case "error": host.log.error(message, values)
        default: throw FormError("'level' must be debug, notice, warning or error")
        }
        return .null
    }
}

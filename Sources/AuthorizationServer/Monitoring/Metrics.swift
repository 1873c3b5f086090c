// SPDX-License-Identifier: Apache-2.0

import OutsideText
import Synchronization

/// Counts what the server does, in the Prometheus text format (exposition format 0.0.4).
public final class Metrics: Sendable {
    private struct Series: Hashable {
        var endpoint: String
        var grant: String
        var outcome: String
    }

    private struct State {
        var requests: [Series: Histogram] = [:]
        var purged: UInt64 = 0
        var gauges: [String: (type: String, value: @Sendable () -> Int64)] = [:]
    }

    private struct Histogram {
        static let bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
        var counts = [UInt64](repeating: 0, count: bounds.count + 1)
        var sum = 0.0

        mutating func add(_ seconds: Double) {
            counts[Histogram.bounds.firstIndex { seconds <= $0 } ?? Histogram.bounds.count] += 1
            sum += seconds
        }

        /// The number of durations.
        var total: UInt64 { counts.reduce(0, +) }

        static func + (left: Histogram, right: Histogram) -> Histogram {
            var sum = left
            for place in sum.counts.indices { sum.counts[place] += right.counts[place] }
            sum.sum += right.sum
            return sum
        }
    }

    private let state = Mutex(State())

    /// Counts a request.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's name.
    ///   - grant: The key of the grant, or an empty string.
    ///   - outcome: `ok` or an error code.
    ///   - duration: The time from the arrival of the whole request to its response.
    public func count(endpoint: String, grant: String, outcome: String, duration: Duration) {
        let parts = duration.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) * 1e-18
        state.withLock { state in
            state.requests[Series(endpoint: endpoint, grant: grant, outcome: outcome), default: Histogram()]
                .add(seconds)
        }
    }

    /// Counts purged records.
    public func count(purged: Int) {
        state.withLock { $0.purged += UInt64(purged) }
    }

    /// Adds a metric whose value is read on demand.
    ///
    /// - Parameters:
    ///   - name: The metric's name.
    ///   - type: The type of the metric for Prometheus.
    ///   - value: Returns the value.
    public func show(_ name: String, as type: String = "gauge", _ value: @escaping @Sendable () -> Int64) {
        state.withLock { $0.gauges[name] = (type, value) }
    }

    /// All metrics in the Prometheus text format.
    public var text: String {
        let state = self.state.withLock { $0 }
        var lines = ["# TYPE grantor_requests_total counter"]
        let series = state.requests.map { (Metrics.labels($0.key), $0.value) }.sorted { $0.0 < $1.0 }
        lines += series.map { "grantor_requests_total\($0.0) \($0.1.total)" }
        lines.append("# TYPE grantor_request_duration_seconds histogram")
        let histograms = Dictionary(state.requests.map { ($0.key.endpoint, $0.value) }, uniquingKeysWith: +)
        for (endpoint, histogram) in histograms.sorted(by: { $0.key < $1.key }) {
            lines += Metrics.lines(endpoint, histogram)
        }
        lines += ["# TYPE grantor_store_purged_total counter", "grantor_store_purged_total \(state.purged)"]
        for (name, shown) in state.gauges.sorted(by: { $0.key < $1.key }) {
            lines += ["# TYPE \(name) \(shown.type)", "\(name) \(shown.value())"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func labels(_ series: Series) -> String {
        let grant = series.grant.isEmpty ? "" : ",grant=\"\(escape(series.grant))\""
        return "{endpoint=\"\(escape(series.endpoint))\"\(grant),outcome=\"\(escape(series.outcome))\"}"
    }

    private static func lines(_ endpoint: String, _ histogram: Histogram) -> [String] {
        let name = "grantor_request_duration_seconds"
        let label = "endpoint=\"\(escape(endpoint))\""
        var sum: UInt64 = 0
        var lines: [String] = []
        for (bound, count) in zip(Histogram.bounds.map { "\($0)" } + ["+Inf"], histogram.counts) {
            sum += count
            lines.append("\(name)_bucket{\(label),le=\"\(bound)\"} \(sum)")
        }
        return lines + ["\(name)_sum{\(label)} \(histogram.sum)", "\(name)_count{\(label)} \(sum)"]
    }

    private static func escape(_ text: String) -> String {
        text.raw.replacing("\\", with: "\\\\").raw.replacing("\"", with: "\\\"").raw.replacing("\n", with: "\\n")
    }
}

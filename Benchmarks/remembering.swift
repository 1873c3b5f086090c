// SPDX-License-Identifier: Apache-2.0
//
// Measures what revocations take in memory, and what it costs to look one up. Scripts/bench compiles this file together
// with Sources/AuthorizationServer/Memory and runs it.

import Glibc
import GrantKit

@main
struct Remembering {
    static let count = 1_000_000

    static func main() async {
        let before = resident()
        let ends = KnownEnds(atMost: KnownEnds.most)
        let now = Timestamp(seconds: 1_800_000_000)
        let insert = nanoseconds { for number in 0..<count { ends.insert(id(number), at: now) } }
        let size = Double(resident() - before) / 1e6
        // What a token has: its own id, that of the grant, of the consent and of the session.
        let ids = (0..<4096).map { id(count + $0) }
        let found = nanoseconds { for number in 0..<count where ends.contains(ids[number & 4095]) { abort() } }
        print("\(count) revocations: \(rounded(size)) MB, \(rounded(insert)) ns to add one, \(rounded(found)) ns to look one up")
        let start = ContinuousClock.now
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { for number in 0..<count where ends.contains(ids[number & 4095]) { abort() } } }
        }
        let spent = seconds(ContinuousClock.now - start)
        print("looked up by four threads: \(rounded(4 * Double(count) / spent / 1e6)) million a second")
        let sweep = nanoseconds { ends.drop(before: now) } * Double(count) / 1e6
        print("dropping what is no longer needed takes \(rounded(sweep)) ms, in 64 parts")
    }

    /// An id as the server makes them.
    private static func id(_ number: Int) -> String { "AAAAAAAAAAAAAAAAAA-\(number)" }

    /// The time for each of a million.
    private static func nanoseconds(_ body: () -> Void) -> Double {
        let start = ContinuousClock.now
        body()
        return seconds(ContinuousClock.now - start) * 1e9 / Double(count)
    }

    private static func seconds(_ span: Duration) -> Double {
        Double(span.components.seconds) + Double(span.components.attoseconds) / 1e18
    }

    private static func rounded(_ number: Double) -> Double { (number * 10).rounded() / 10 }

    /// The memory of this process in bytes.
    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var (all, used) = (0, 0)
        _ = withUnsafeMutablePointer(to: &all) { all in
            withUnsafeMutablePointer(to: &used) { used in withVaList([all, used]) { vfscanf(file, "%ld %ld", $0) } }
        }
        return used * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}

// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The fuzzer's loop (LLVM, libFuzzer as a library): parses its options, generates inputs and calls the function.
@_silgen_name("LLVMFuzzerRunDriver")
func runFuzzer(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The harness named in the environment, since the fuzzer treats all arguments as its own.
let parser = FuzzedParser.all.first { $0.name == getenv("GRANTOR_FUZZED").map { String(cString: $0) } }

func list() -> Never {
    for parser in FuzzedParser.all { print(parser.name, parser.longest) }
    exit(0)
}

func run(_ bytes: [UInt8]) -> Int32 {
    do {
        try parser?.check(bytes)
    } catch {
        // The fuzzer keeps the input of a process that aborts.
        let line = Array("FINDING: \(error)\n".utf8)
        write(STDERR_FILENO, line, line.count)
        abort()
    }
    return 0
}

guard parser != nil else { list() }
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(
    runFuzzer(&count, &arguments) { start, length in
        run(Array(UnsafeBufferPointer(start: start, count: length)))
    })

import Foundation
import Glibc
import KeeptrustsStorage

/// A PostgreSQL that the tests start once, on a free port of loopback, and that ends with the test process.
///
/// Its keeper, a shell, watches this process and stops the server by its process id when this process is gone, however
/// it ended.
actor PostgresServer {
    static let shared = PostgresServer()

    struct NotStarted: Error, CustomStringConvertible {
        var description: String
    }

    private var starting: Task<(url: String, database: PostgresDatabase), any Error>?

    /// A database that tests may fill, and its address.
    func database() async throws -> (url: String, database: PostgresDatabase) {
        let task =
            starting
            ?? Task {
                let given = ProcessInfo.processInfo.environment["KT_TEST_POSTGRES_URL"] ?? ""
                let url = given.isEmpty ? try await Self.start() : given
                return (url, try PostgresDatabase(url: url, connections: 1))
            }
        starting = task
        return try await task.value
    }

    /// Another process may take the free port first, so there is more than one attempt.
    private static func start() async throws -> String {
        guard let programs = newestPrograms() else {
            throw NotStarted(description: "There is no PostgreSQL under /usr/lib/postgresql, which the tests need.")
        }
        for _ in 1...2 {
            if let url = try? await start(programs) { return url }
        }
        return try await start(programs)
    }

    private static func start(_ programs: String) async throws -> String {
        let port = try freePort()
        let keeper = Process()
        keeper.executableURL = URL(filePath: "/bin/sh")
        keeper.arguments = ["-c", script, "keeper", programs, String(port), String(getpid())]
        let output = Pipe()
        keeper.standardOutput = output
        keeper.standardError = FileHandle.nullDevice
        keeper.standardInput = FileHandle.nullDevice
        try keeper.run()
        let line = await firstLine(of: output.fileHandleForReading)
        guard line == "ready" else { throw NotStarted(description: "PostgreSQL did not start: \(line)") }
        return "postgres://keeptrusts:keeptrusts@127.0.0.1:\(port)/postgres"
    }

    /// Reads on a thread of its own, because reading blocks.
    private static func firstLine(of file: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = Data()
                while !text.contains(UInt8(ascii: "\n")) {
                    let more = file.availableData
                    guard !more.isEmpty else { break }
                    text.append(more)
                }
                continuation.resume(returning: String(decoding: text.prefix { $0 != 10 }, as: UTF8.self))
            }
        }
    }

    private static func newestPrograms() -> String? {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        return versions.compactMap(Int.init).sorted().last.map { "\(root)/\($0)/bin" }
            .flatMap { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") ? $0 : nil }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw NotStarted(description: "no free port") }
        return UInt16(bigEndian: address.sin_port)
    }

    /// Takes the directory of the programs, a port and the process to watch; says `ready`, or the last line of the log.
    private static let script = """
        set -u
        programs=$1 port=$2 watched=$3
        top=$(mktemp -d /tmp/keeptrusts-postgres.XXXXXX) || exit 1
        if [ "$(id -u)" = 0 ]; then
            chown postgres "$top"
            as="setpriv --reuid=postgres --regid=postgres --clear-groups"
        else
            as=
        fi
        server=
        trap 'test -z "$server" || { kill -QUIT "$server"; wait "$server"; } 2>/dev/null; rm -rf "$top"' EXIT
        cd "$top"
        printf keeptrusts > "$top/password"
        chmod 644 "$top/password"
        $as "$programs/initdb" -D "$top/data" -U keeptrusts -A scram-sha-256 --pwfile="$top/password" -E UTF8 \
            --locale=C.UTF-8 --no-sync > "$top/log" 2>&1 || { tail -n 1 "$top/log"; exit 1; }
        exec 3>&1 1>"$top/log" 2>&1
        $as "$programs/postgres" -D "$top/data" -k "$top" -p "$port" -c listen_addresses=127.0.0.1 -c fsync=off \
            -c full_page_writes=off -c synchronous_commit=off -c max_connections=500 -c shared_buffers=64MB &
        server=$!
        for i in $(seq 300); do
            kill -0 "$server" 2>/dev/null || { tail -n 1 "$top/log" >&3; exit 1; }
            "$programs/pg_isready" -q -h 127.0.0.1 -p "$port" && break
            sleep 0.1
        done
        echo ready >&3
        exec 3>&-
        while kill -0 "$watched" 2>/dev/null && kill -0 "$server" 2>/dev/null; do sleep 0.5; done
        """
}

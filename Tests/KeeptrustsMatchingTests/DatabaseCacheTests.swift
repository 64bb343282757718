import Foundation
import Testing

@testable import KeeptrustsMatching

struct DatabaseCacheTests {
    static let patterns = [Pattern(#"\d{4}-\d{4}"#), Pattern("needle")]
    static let text = "a needle, 1234-5678"

    @Test("A cached database is used again, and finds the same")
    func roundTrip() throws {
        try withDirectory { directory in
            let fresh = try PatternSet(Self.patterns, cacheDirectory: directory).spans(in: Self.text)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)

            #expect(files.count == 1)
            #expect(try PatternSet(Self.patterns, cacheDirectory: directory).spans(in: Self.text) == fresh)
            #expect(fresh == [[10..<19], [2..<8]])
        }
    }

    @Test(
        "A file that was cut or altered is passed over and written again",
        arguments: ["cut", "altered", "empty", "body"])
    func corrupt(how: String) throws {
        try withDirectory { directory in
            _ = try PatternSet(Self.patterns, cacheDirectory: directory)
            let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
            let file = URL(filePath: directory).appending(path: name)
            let sound = try Data(contentsOf: file)
            var broken = sound
            switch how {
            case "cut": broken = sound.prefix(sound.count / 2)
            case "empty": broken = Data()
            case "altered": broken[sound.count - 1] ^= 1
            default: broken[60] ^= 1
            }
            try broken.write(to: file)

            #expect(
                try PatternSet(Self.patterns, cacheDirectory: directory).spans(in: Self.text) == [[10..<19], [2..<8]])
            #expect(try Data(contentsOf: file) == sound)
        }
    }

    @Test("What is looked for has the same order and numbers in every process")
    func order() throws {
        let words = ["omega", "alpha", "kappa", "sigma", "delta", "gamma"]
        var plan = ScanPlan(patterns: 1)
        let pattern = Pattern("x?(?:\(words.joined(separator: "|")))")
        try plan.add(pattern, SyntaxReader.read(pattern.expression, ignoresCase: false), 0)
        _ = plan.vocabulary()

        let expected = words.flatMap { [$0, "x" + $0] }.sorted().map { word in
            word.unicodeScalars.map { "\\x{\(String($0.value, radix: 16))}" }.joined()
        }
        #expect(plan.entries[Gate.none.rawValue].map(\.expression) == expected)
        #expect(plan.entries[Gate.none.rawValue].map(\.id) == Array(64..<76))
    }

    @Test("Other patterns have another file")
    func names() throws {
        try withDirectory { directory in
            _ = try PatternSet(Self.patterns, cacheDirectory: directory)
            _ = try PatternSet(Self.patterns.reversed(), cacheDirectory: directory)

            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).count == 2)
        }
    }

    @Test("Databases of patterns that are no longer in use do not pile up")
    func pruning() throws {
        try withDirectory { directory in
            let files = FileManager.default
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            for number in 0..<DatabaseCache.mostFiles + 3 {
                #expect(files.createFile(atPath: "\(directory)/patterns-\(number).hsdb", contents: nil))
            }
            #expect(files.createFile(atPath: "\(directory)/notes.txt", contents: nil))
            _ = try PatternSet([Pattern("needle")], cacheDirectory: directory)

            let names = try files.contentsOfDirectory(atPath: directory)
            #expect(names.count { $0.hasSuffix(".hsdb") } == DatabaseCache.mostFiles)
            #expect(names.contains("notes.txt") && names.contains { $0.count > 64 })
        }
    }

    @Test("What is written is for this user alone, and nothing else is left")
    func modes() throws {
        try withDirectory { directory in
            _ = try PatternSet(Self.patterns, cacheDirectory: directory)
            let names = try FileManager.default.contentsOfDirectory(atPath: directory)

            #expect(names.count == 1)
            for path in [directory, "\(directory)/\(names[0])"] {
                let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
                #expect(mode == (path == directory ? 0o700 : 0o600), "\(path)")
            }
        }
    }

    @Test("A directory that cannot be made costs only the cache")
    func noDirectory() throws {
        let set = try PatternSet(Self.patterns, cacheDirectory: "/dev/null/keeptrusts")

        #expect(try set.spans(in: Self.text) == [[10..<19], [2..<8]])
    }

    /// Hands on a path at which nothing is yet.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "patterns-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.path())
    }
}

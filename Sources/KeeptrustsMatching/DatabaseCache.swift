import CHyperscan
import Crypto
import Foundation
import Glibc

/// Compiled databases on disk, so that a start need not compile them.
///
/// A file's name is a digest of all that the databases depend on, and the file begins with a digest of the rest of it: a
/// file that was cut, altered or made by another version is passed over and written again.
struct DatabaseCache {
    private let file: URL

    /// Files in the directory at most; the one that was written first goes first.
    static let mostFiles = 256
    private static let magic = Array("keeptrusts-patterns-2\n".utf8)

    init(directory: String, groups: [[HyperscanDatabase.Entry]]) {
        var hash = SHA256()
        hash.update(data: Self.magic)
        hash.update(data: Data(String(cString: hs_version()).utf8))
        var platform = hs_platform_info_t()
        hs_populate_platform(&platform)
        hash.update(data: Data("\(platform.tune) \(platform.cpu_features)".utf8))
        for group in groups {
            hash.update(data: Data("\ngroup \(group.count)\n".utf8))
            for entry in group {
                let text = "\(entry.id) \(entry.flags) \(entry.expression.utf8.count) \(entry.expression)\n"
                hash.update(data: Data(text.utf8))
            }
        }
        let name = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        file = URL(filePath: directory).appending(path: "patterns-\(name.joined()).hsdb")
    }

    /// The databases of all groups, in their order; nil when the file is not there or not sound.
    func load(count: Int) -> [HyperscanDatabase?]? {
        guard let data = try? Data(contentsOf: file) else { return nil }
        return data.withUnsafeBytes { bytes in
            let header = Self.magic.count + SHA256.byteCount
            guard bytes.count >= header, bytes.prefix(Self.magic.count).elementsEqual(Self.magic) else { return nil }
            let body = UnsafeRawBufferPointer(rebasing: bytes[header...])
            let digest = SHA256.hash(data: body)
            guard digest.elementsEqual(bytes[Self.magic.count..<header]) else { return nil }
            return databases(in: body, count: count)
        }
    }

    /// Reads each database after its length (8 bytes, little endian); length 0 stands for a group without patterns.
    private func databases(in body: UnsafeRawBufferPointer, count: Int) -> [HyperscanDatabase?]? {
        var rest = body
        var databases: [HyperscanDatabase?] = []
        for _ in 0..<count {
            guard rest.count >= 8 else { return nil }
            let length = UInt64(littleEndian: rest.loadUnaligned(as: UInt64.self))
            guard length <= UInt64(rest.count - 8) else { return nil }
            let bytes = UnsafeRawBufferPointer(rebasing: rest[8..<8 + Int(length)])
            rest = UnsafeRawBufferPointer(rebasing: rest[(8 + Int(length))...])
            guard length > 0 else {
                databases.append(nil)
                continue
            }
            guard let database = HyperscanDatabase(serialized: bytes) else { return nil }
            databases.append(database)
        }
        return rest.isEmpty ? databases : nil
    }

    /// Writes the databases; a failure only costs the next start its time.
    func store(_ databases: [HyperscanDatabase?]) {
        var body: [UInt8] = []
        for database in databases {
            let bytes = database?.serialized() ?? []
            withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { body.append(contentsOf: $0) }
            body.append(contentsOf: bytes)
        }
        var data = Data(Self.magic)
        data.append(contentsOf: SHA256.hash(data: body))
        data.append(contentsOf: body)
        let directory = file.deletingLastPathComponent()
        _ = mkdir(directory.path, 0o700)
        guard write(data, in: directory) else { return }
        prune(directory)
    }

    /// Writes the file anew, for this user alone; a reader sees the old or the new one, never half of one.
    private func write(_ data: Data, in directory: URL) -> Bool {
        let draft = directory.appending(path: "draft-\(UUID().uuidString).\(file.pathExtension)").path
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return false }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        let isWritten = (try? handle.write(contentsOf: data)) != nil && rename(draft, file.path) == 0
        if !isWritten { unlink(draft) }
        return isWritten
    }

    /// Removes the files of databases beyond ``mostFiles``, for each change of the patterns leaves one.
    private func prune(_ directory: URL) {
        let key = URLResourceKey.contentModificationDateKey
        let files =
            (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: [key])) ?? []
        let dated = files.filter {
            $0.pathExtension == file.pathExtension && $0.lastPathComponent != file.lastPathComponent
        }
        .map { ((try? $0.resourceValues(forKeys: [key]))?.contentModificationDate ?? .distantPast, $0) }
        .sorted { $0.0 > $1.0 }
        for (_, old) in dated.dropFirst(Self.mostFiles - 1) { try? FileManager.default.removeItem(at: old) }
    }
}

/// A type of documents, such as `image/png` (RFC 6838), by its usual name.
struct MediaType: Equatable {
    /// In lower case.
    let name: String

    /// All types of its kind, such as `image/*`.
    var family: String { "\(name.prefix { $0 != "/" })/*" }

    /// Reads a type, or a family, without parameters.
    ///
    /// - Parameter name: At most 127 bytes; nil comes of anything that is no type.
    init?(_ name: some StringProtocol) {
        let parts = name.lowercased().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, name.utf8.count <= 127, parts[0] != "*", parts.allSatisfy(Self.isToken) else {
            return nil
        }
        let lower = "\(parts[0])/\(parts[1])"
        self.name = Self.otherNames[lower] ?? lower
    }

    private init(known name: String) { self.name = name }

    private static func isToken(_ part: Substring) -> Bool {
        !part.isEmpty
            && part.utf8.allSatisfy { byte in
                byte &- 0x61 < 26 || byte &- 0x30 < 10 || "!#$&-^_.+*".utf8.contains(byte)
            }
    }

    /// What other programs call some types.
    private static let otherNames = [
        "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png",
        "image/x-ms-bmp": "image/bmp", "audio/wave": "audio/wav", "audio/x-wav": "audio/wav", "audio/mp3": "audio/mpeg",
        "audio/x-flac": "audio/flac", "application/x-zip-compressed": "application/zip", "text/xml": "application/xml",
        "application/x-gzip": "application/gzip", "text/rtf": "application/rtf", "application/x-pdf": "application/pdf",
        "image/heif": "image/heic", "text/json": "application/json",
    ]
}

// What the first bytes of a document say.
extension MediaType {
    /// The type of a document.
    ///
    /// Its own bytes count. Where they are plain text, or of no form that is known, the declared type does, unless it is
    /// one whose form is known: then the document is not what it says.
    ///
    /// - Parameters:
    ///   - head: The first bytes, as many as there are up to some KiB.
    ///   - declared: What the request says that it is.
    init?(of head: [UInt8], declared: MediaType?) {
        if let type = Self.marked(head, declared) {
            self.init(known: type)
        } else if Self.isText(head) {
            self.init(known: Self.textType(head, declared))
        } else {
            guard let declared, !Self.withMarks.contains(declared.name), !declared.isText else { return nil }
            self = declared
        }
    }

    /// The marks that stand at the beginning of a document.
    private static let marks: [(bytes: [UInt8], type: String)] = [
        (Array("%PDF-".utf8), "application/pdf"), ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"), (Array("GIF87a".utf8), "image/gif"), (Array("GIF89a".utf8), "image/gif"),
        ([0x49, 0x49, 0x2A, 0x00], "image/tiff"), ([0x4D, 0x4D, 0x00, 0x2A], "image/tiff"),
        ([0x1F, 0x8B], "application/gzip"), ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "application/x-7z-compressed"),
        (Array("Rar!\u{1A}\u{07}".utf8), "application/vnd.rar"), (Array("BZh".utf8), "application/x-bzip2"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "application/x-xz"), (Array("{\\rtf".utf8), "application/rtf"),
        (Array("ID3".utf8), "audio/mpeg"), ([0xFF, 0xFB], "audio/mpeg"), ([0xFF, 0xF3], "audio/mpeg"),
        ([0xFF, 0xF2], "audio/mpeg"), (Array("OggS".utf8), "audio/ogg"), (Array("fLaC".utf8), "audio/flac"),
        ([0x1A, 0x45, 0xDF, 0xA3], "video/webm"), ([0x7F, 0x45, 0x4C, 0x46], "application/x-elf"),
        ([0xCF, 0xFA, 0xED, 0xFE], "application/x-mach-binary"), ([0xCA, 0xFE, 0xBA, 0xBE], "application/java-vm"),
        (Array("#!".utf8), "text/x-shellscript"),
    ]

    private static let office = "application/vnd.openxmlformats-officedocument."
    private static let oldOffice = ["application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"]

    /// Types that a document has only where it is marked so.
    private static let withMarks = Set(
        marks.map(\.type) + oldOffice
            + [
                "image/webp", "audio/wav", "image/bmp", "image/heic", "image/avif", "audio/mp4", "video/quicktime",
                "video/mp4", "application/zip", "application/epub+zip", "application/x-ole-storage",
                "application/vnd.microsoft.portable-executable", "\(office)wordprocessingml.document",
                "\(office)spreadsheetml.sheet", "\(office)presentationml.presentation",
            ])

    private static func marked(_ head: [UInt8], _ declared: MediaType?) -> String? {
        if let mark = marks.first(where: { head.starts(with: $0.bytes) }) { return mark.type }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return archive(head) }
        if head.starts(with: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]) {
            return declared.map(\.name).flatMap { oldOffice.contains($0) ? $0 : nil } ?? "application/x-ole-storage"
        }
        if head.starts(with: "RIFF".utf8), head.count >= 12 {
            if head[8..<12].elementsEqual("WEBP".utf8) { return "image/webp" }
            if head[8..<12].elementsEqual("WAVE".utf8) { return "audio/wav" }
        }
        if head.starts(with: "BM".utf8), head.count >= 14, head[6..<10].allSatisfy({ $0 == 0 }) { return "image/bmp" }
        // The part that a program of old systems has is often cut off here, so two letters and a byte that no text has do.
        if head.starts(with: "MZ".utf8), head.contains(0) { return "application/vnd.microsoft.portable-executable" }
        if head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) { return film(head[8..<12]) }
        // A PDF may begin behind other bytes, as far as they are no other form.
        return head.prefix(1_024).firstRange(of: "%PDF-".utf8) == nil || isText(head) ? nil : "application/pdf"
    }

    private static func film(_ brand: ArraySlice<UInt8>) -> String {
        switch String(decoding: brand, as: UTF8.self) {
        case "heic", "heix", "heif", "mif1", "msf1": "image/heic"
        case "avif", "avis": "image/avif"
        case "M4A ", "M4B ": "audio/mp4"
        case "qt  ": "video/quicktime"
        default: "video/mp4"
        }
    }

    /// Documents of office programs are archives, and their folders tell which.
    private static func archive(_ head: [UInt8]) -> String {
        let folders = [
            ("word/", "\(office)wordprocessingml.document"), ("xl/", "\(office)spreadsheetml.sheet"),
            ("ppt/", "\(office)presentationml.presentation"), ("application/epub+zip", "application/epub+zip"),
        ]
        return folders.first { head.firstRange(of: $0.0.utf8) != nil }?.1 ?? "application/zip"
    }

    /// Whether there is nothing but text: UTF-8 without control characters, or UTF-16 with a mark of its order.
    private static func isText(_ head: [UInt8]) -> Bool {
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return true }
        guard head.allSatisfy({ $0 >= 0x20 || (0x09...0x0D).contains($0) || $0 == 0x1B }) else { return false }
        // The last character may be cut.
        return (0...3).contains { String(validating: head.dropLast($0), as: UTF8.self) != nil }
    }

    private static func textType(_ head: [UInt8], _ declared: MediaType?) -> String {
        let start = String(decoding: head.prefix(1_024), as: UTF8.self).lowercased()
            .drop { $0.isWhitespace || $0 == "\u{FEFF}" }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "text/html" }
        if start.hasPrefix("<svg") || (start.hasPrefix("<?xml") && start.contains("<svg")) { return "image/svg+xml" }
        if start.hasPrefix("<?xml") {
            return declared.map(\.name).flatMap { $0.hasSuffix("xml") ? $0 : nil } ?? "application/xml"
        }
        return declared.flatMap { $0.isText ? $0.name : nil } ?? "text/plain"
    }

    /// Whether documents of this type are text.
    private var isText: Bool {
        name.hasPrefix("text/") || name.hasSuffix("+json") || name.hasSuffix("+xml") || Self.texts.contains(name)
    }

    private static let texts: Set<String> = [
        "application/json", "application/x-ndjson", "application/yaml", "application/x-yaml", "application/javascript",
        "application/sql", "application/xml", "application/toml", "message/rfc822",
    ]
}

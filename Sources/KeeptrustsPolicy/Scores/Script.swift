/// The scripts that letters are told apart by.
enum Script: Int, Sendable, CaseIterable {
    case latin, greek, cyrillic, armenian, hebrew, arabic, devanagari, bengali, gurmukhi, gujarati, oriya, tamil, telugu
    case kannada, malayalam, sinhala, thai, lao, myanmar, georgian, ethiopic, khmer, hangul, kana, han

    /// The script that a table calls so.
    init?(name: String) {
        guard let script = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = script
    }

    /// The script of a letter or a mark; nil for what is none, such as digits and signs.
    init?(_ scalar: UInt32) {
        guard scalar >= 0x80 else {
            guard (scalar | 0x20) &- 0x61 < 26 else { return nil }
            self = .latin
            return
        }
        guard let range = Self.ranges.first(where: { scalar <= $0.last }), scalar >= range.first else { return nil }
        self = range.script
    }

    /// Letters by their places in Unicode (chapter "Code charts"), in their order; what is not listed is no letter.
    private static let ranges: [(first: UInt32, last: UInt32, script: Script)] = [
        (0xC0, 0xD6, .latin), (0xD8, 0xF6, .latin), (0xF8, 0x24F, .latin), (0x370, 0x373, .greek),
        (0x376, 0x377, .greek), (0x386, 0x386, .greek), (0x388, 0x3FF, .greek), (0x400, 0x481, .cyrillic),
        (0x48A, 0x52F, .cyrillic), (0x531, 0x556, .armenian), (0x561, 0x587, .armenian), (0x5D0, 0x5F2, .hebrew),
        (0x620, 0x65F, .arabic), (0x66E, 0x6D3, .arabic), (0x6D5, 0x6DC, .arabic), (0x6EE, 0x6EF, .arabic),
        (0x6FA, 0x6FF, .arabic), (0x750, 0x77F, .arabic), (0x900, 0x963, .devanagari), (0x971, 0x97F, .devanagari),
        (0x980, 0x9E3, .bengali), (0xA01, 0xA5E, .gurmukhi), (0xA70, 0xA75, .gurmukhi), (0xA81, 0xAE3, .gujarati),
        (0xB01, 0xB63, .oriya), (0xB82, 0xBD7, .tamil), (0xC00, 0xC63, .telugu), (0xC80, 0xCE3, .kannada),
        (0xD00, 0xD63, .malayalam), (0xD81, 0xDF3, .sinhala), (0xE01, 0xE4E, .thai), (0xE81, 0xECD, .lao),
        (0x1000, 0x103F, .myanmar), (0x10A0, 0x10FF, .georgian), (0x1100, 0x11FF, .hangul),
        (0x1200, 0x137C, .ethiopic), (0x1780, 0x17D3, .khmer), (0x1C90, 0x1CBF, .georgian), (0x1E00, 0x1EFF, .latin),
        (0x3040, 0x30FF, .kana), (0x3400, 0x4DBF, .han), (0x4E00, 0x9FFF, .han), (0xAC00, 0xD7A3, .hangul),
        (0xF900, 0xFAFF, .han), (0xFF66, 0xFF9D, .kana), (0x20000, 0x323AF, .han),
    ]

    /// A letter in lower case, as far as the words of the table need it.
    @inline(__always)
    static func lowered(_ scalar: UInt32) -> UInt32 {
        switch scalar {
        case 0x41...0x5A, 0xC0...0xD6, 0xD8...0xDE, 0x410...0x42F: scalar + 32
        case 0x130: 0x69
        case 0x139...0x148, 0x179...0x17E: scalar & 1 == 1 ? scalar + 1 : scalar
        case 0x178: 0xFF
        case 0x18F: 0x259
        case 0x1A0, 0x1AF: scalar + 1
        case 0x100...0x177, 0x218...0x21B, 0x460...0x481, 0x48A...0x4BF, 0x4D0...0x52F, 0x1E00...0x1E95,
            0x1EA0...0x1EFF:
            scalar | 1
        case 0x400...0x40F: scalar + 80
        default: scalar
        }
    }
}

/// What a model takes a character for: variants of letters and digits for the plain ones, and nothing for what does not
/// show.
enum Folding {
    enum Result: Equatable {
        case same, nothing
        case one(UInt8)
    }

    /// What `scalar` is read as.
    static func fold(_ scalar: Unicode.Scalar) -> Result {
        let value = scalar.value
        switch value {
        case 0x20...0x7E, 0x09, 0x0A, 0x0D: return .same
        // A vertical tab and a form feed part words, as the next line does.
        case 0x0B, 0x0C, 0x85: return .one(0x20)
        case ..<0xA0: return .nothing
        case 0xFF01...0xFF5E: return .one(UInt8(value - 0xFEE0))
        case 0x00A0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x2800, 0x3000: return .one(0x20)
        case 0x2010...0x2015, 0x2212, 0xFE58, 0xFE63: return .one(0x2D)
        case 0x2024, 0xFE52: return .one(0x2E)
        case 0xFE6B: return .one(0x40)
        case 0x1D400...0x1D6A3: return .one(letter((value - 0x1D400) % 52))
        case 0x1D7CE...0x1D7FF: return .one(0x30 + UInt8((value - 0x1D7CE) % 10))
        case 0x24B6...0x24CF: return .one(0x41 + UInt8(value - 0x24B6))
        case 0x24D0...0x24E9: return .one(0x61 + UInt8(value - 0x24D0))
        case 0x249C...0x24B5: return .one(0x61 + UInt8(value - 0x249C))
        case 0x1F110...0x1F129: return .one(0x41 + UInt8(value - 0x1F110))
        case 0x1F130...0x1F149: return .one(0x41 + UInt8(value - 0x1F130))
        case 0x1F150...0x1F169: return .one(0x41 + UInt8(value - 0x1F150))
        case 0x1F170...0x1F189: return .one(0x41 + UInt8(value - 0x1F170))
        case 0x2460...0x2468: return .one(0x31 + UInt8(value - 0x2460))
        case 0x24EA: return .one(0x30)
        case 0x2070, 0x2074...0x2079: return .one(0x30 + UInt8(value - 0x2070))
        case 0x2080...0x2089: return .one(0x30 + UInt8(value - 0x2080))
        case 0x00B9: return .one(0x31)
        case 0x00B2, 0x00B3: return .one(0x30 + UInt8(value - 0x00B0))
        case 0x017F: return .one(0x73)
        case 0x212A: return .one(0x4B)
        // What follows asks more of a character than most texts beyond ASCII are worth: European letters, quotation marks,
        // Chinese, Korean.
        case ..<0x0250 where value != 0x00AD: return .same
        case 0x2016...0x2023, 0x2025...0x2027, 0x2030...0x205E, 0x3400...0x9FFF, 0xAC00...0xD7A3: return .same
        default: break
        }
        if isInvisible(value) || isCombining(value) { return .nothing }
        if let letter = letterlike[value] { return .one(letter) }
        if scalar.properties.numericType == .decimal, let digit = scalar.properties.numericValue {
            return .one(0x30 + UInt8(digit))
        }
        return .same
    }

    private static func letter(_ index: UInt32) -> UInt8 { UInt8(index < 26 ? 0x41 + index : 0x61 + index - 26) }

    /// Format characters (Cf), variation selectors, fillers, tags, what is of private use, and no characters at all: nothing
    /// of them shows.
    private static func isInvisible(_ value: UInt32) -> Bool {
        switch value {
        case 0x00AD, 0x034F, 0x0600...0x0605, 0x061C, 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x115F, 0x1160, 0x17B4,
            0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0x3164, 0xE000...0xF8FF,
            0xFDD0...0xFDEF, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFF, 0x110BD, 0x110CD, 0x13430...0x1343F,
            0x1BCA0...0x1BCA3, 0x1D173...0x1D17A, 0xE0000...0x10FFFF:
            true
        default: value & 0xFFFE == 0xFFFE
        }
    }

    /// Marks that stand on the character before them.
    private static func isCombining(_ value: UInt32) -> Bool {
        switch value {
        case 0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F: true
        // Of Cyrillic, Hebrew, Arabic, Japanese and of notes: they stand on any letter that they are put behind.
        case 0x0483...0x0489, 0x0591...0x05BD, 0x064B...0x065F, 0x3099, 0x309A, 0x1D165...0x1D169, 0x1D16D...0x1D172:
            true
        default: false
        }
    }

    /// The mathematical letters that stand outside their block, letters above and below the line, small capitals, and
    /// Roman numerals of one letter.
    private static let letterlike = letters([
        "a": "ᵃₐᴀ", "b": "ᵇʙ", "c": "ᶜᴄⅽ", "d": "ᵈᴅⅆⅾ", "e": "ℯᵉₑᴇⅇ", "f": "ᶠꜰ", "g": "ℊᵍɢ", "h": "ℎʰₕʜ",
        "i": "ⁱᵢᶦɪℹⅈⅰ", "j": "ʲⱼᴊⅉ", "k": "ᵏₖᴋ", "l": "ˡₗʟℓⅼ", "m": "ᵐₘᴍⅿ", "n": "ⁿₙɴ", "o": "ℴᵒₒᴏ", "p": "ᵖₚᴘ",
        "q": "𐞥ꞯ", "r": "ʳᵣʀ", "s": "ˢₛꜱ", "t": "ᵗₜᴛ", "u": "ᵘᵤᴜ", "v": "ᵛᵥᴠⅴ", "w": "ʷᴡ", "x": "ˣₓⅹ", "y": "ʸʏ",
        "z": "ᶻᴢ", "A": "ᴬ", "B": "ℬᴮ", "C": "ℭℂⅭ", "D": "ᴰⅅⅮ", "E": "ℰᴱ", "F": "ℱ", "G": "ᴳ", "H": "ℋℌℍᴴ",
        "I": "ℐℑᴵⅠ", "J": "ᴶ", "K": "ᴷ", "L": "ℒᴸⅬ", "M": "ℳᴹⅯ", "N": "ℕᴺ", "O": "ᴼ", "P": "ℙᴾ", "Q": "ℚ",
        "R": "ℛℜℝᴿ", "T": "ᵀ", "U": "ᵁ", "V": "ⱽⅤ", "W": "ᵂ", "X": "Ⅹ", "Z": "ℨℤ",
    ])

    /// The Latin letter that a letter of another alphabet looks like.
    static func lookalike(_ scalar: Unicode.Scalar) -> UInt8? {
        // No letter of the table stands before the dotless i, nor among punctuation, Chinese and Korean.
        switch scalar.value {
        case ..<0x0131, 0x2000...0x214F, 0x3000...0x9FFF, 0xAC00...0xD7A3: nil
        default: lookalikes[scalar.value]
        }
    }

    /// Cyrillic, Greek, Armenian and Latin letters, after Unicode Technical Standard 39 (confusables).
    private static let lookalikes = letters([
        "a": "аɑα", "b": "ЬƄ", "c": "сϲ", "d": "ԁ", "e": "еєҽ", "f": "ƒ", "g": "ɡց", "h": "һհ", "i": "іıɩι",
        "j": "јϳ", "k": "κк", "l": "ӏ", "m": "м", "n": "ոпη", "o": "оοσօ", "p": "рρ", "q": "ԛգ", "r": "гᴦ",
        "s": "ѕ", "t": "тτ", "u": "υսʋ", "v": "νѵ", "w": "ԝωѡ", "x": "хχ", "y": "уγү", "A": "АΑ",
        "B": "ВΒ", "C": "СϹ", "E": "ЕΕ", "F": "Ϝ", "G": "Ԍ", "H": "НΗ", "I": "ІΙӀ", "J": "Ј", "K": "КΚ",
        "M": "МΜ", "N": "Ν", "O": "ОΟՕ", "P": "РΡ", "S": "ЅՏ", "T": "ТΤ", "U": "Ս", "X": "ХΧ", "Y": "ҮΥ", "Z": "Ζ",
    ])

    /// Of each character, the letter that it stands for.
    private static func letters(_ table: KeyValuePairs<String, String>) -> [UInt32: UInt8] {
        var letters: [UInt32: UInt8] = [:]
        for (latin, others) in table {
            guard let letter = latin.utf8.first else { continue }
            for scalar in others.unicodeScalars { letters[scalar.value] = letter }
        }
        return letters
    }
}

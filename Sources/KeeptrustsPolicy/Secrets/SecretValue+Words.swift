// What the words of a value tell: names consist of words, and what stands for a value of words that say so.
extension SecretValue {
    /// Whether it is words joined as programs and people join them, with few digits.
    var isName: Bool {
        var tiny = 0
        let isName = runs { run in
            // What has no digits is the name of a method only if it is a word.
            if hasDigit, SecretWords.techniques.contains(bytes, run) { return true }
            var numbers = 0
            return pieces(of: run) { piece in
                guard Self.isDigit(bytes[piece.lowerBound]) else {
                    if piece.count <= 2 { tiny += 1 }
                    return isWord(piece)
                }
                numbers += 1
                return numbers <= 2 && (piece.count <= 6 || piece == run)
            }
        }
        return isName && (tiny <= 3 || tiny * 4 <= count / 3)
    }

    /// Whether all its words are such as stand for a value.
    var isFiller: Bool {
        var words = 0
        let isFiller = runs { run in
            pieces(of: run) { piece in
                guard !Self.isDigit(bytes[piece.lowerBound]) else { return true }
                words += 1
                return fills(piece)
            }
        }
        return isFiller && words > 0
    }

    /// Whether one of its words is such as stands for a value, or consists of them.
    var hasFiller: Bool {
        !runs { run in
            pieces(of: run) { Self.isDigit(bytes[$0.lowerBound]) || $0.count <= 2 || !fills($0) }
        }
    }

    /// Whether all its letters and digits are names of methods, or have no digits.
    var isTechnique: Bool {
        runs { run in
            SecretWords.techniques.contains(bytes, run) || !bytes[run].contains(where: Self.isDigit)
        }
    }

    /// Whether it is the name of a constant: words in capitals, joined by underscores.
    var isConstant: Bool {
        guard hasUpper, !hasLower, bytes.contains(0x5F) else { return false }
        guard bytes.allSatisfy({ Self.isUpper($0) || Self.isDigit($0) || $0 == 0x5F }) else { return false }
        return Self.isUpper(bytes[0]) && isName
    }

    /// Asks for each row of letters and digits; ends with the first that is refused.
    private func runs(_ accept: (Range<Int>) -> Bool) -> Bool {
        var start = 0
        while start < count {
            guard Self.isAlphanumeric(bytes[start]) else {
                start += 1
                continue
            }
            var end = start + 1
            while end < count, Self.isAlphanumeric(bytes[end]) { end += 1 }
            guard accept(start..<end) else { return false }
            start = end
        }
        return true
    }

    /// Asks for each word and each number of a row, cut where digits begin or end and where a capital begins a word.
    private func pieces(of run: Range<Int>, _ accept: (Range<Int>) -> Bool) -> Bool {
        var start = run.lowerBound
        for place in run.dropFirst() {
            let (before, byte) = (bytes[place - 1], bytes[place])
            var end: Int?
            if Self.isDigit(before) != Self.isDigit(byte) || (Self.isUpper(byte) && Self.isLower(before)) {
                end = place
            } else if Self.isLower(byte), Self.isUpper(before), place - start > 1 {
                end = place - 1
            }
            guard let end else { continue }
            guard accept(start..<end) else { return false }
            start = end
        }
        return accept(start..<run.upperBound)
    }

    /// Whether letters read as a word: most pairs of them are such as words have.
    private func isWord(_ piece: Range<Int>) -> Bool {
        guard piece.count > 2 else { return true }
        var known = 0
        for place in piece.dropLast() {
            let (first, second) = ((bytes[place] | 0x20) - 0x61, (bytes[place + 1] | 0x20) - 0x61)
            if SecretWords.followers[Int(first)] >> UInt32(second) & 1 != 0 { known += 1 }
        }
        return known * 5 >= (piece.count - 1) * 4 || SecretWords.fillers.contains(bytes, piece)
    }

    /// The most letters of a row of words without anything between them.
    private static let longestFiller = 24

    /// Whether letters are one or several of the words that stand for a value.
    private func fills(_ piece: Range<Int>) -> Bool {
        guard piece.count <= Self.longestFiller else { return false }
        // Bit n says that the first n letters are such words.
        var reached: UInt32 = 1
        for end in 1...piece.count {
            for start in max(0, end - WordTable.longest)..<end where reached >> UInt32(start) & 1 != 0 {
                guard end - start > 1 || piece.count == 1 else { continue }
                let word = piece.lowerBound + start..<piece.lowerBound + end
                guard SecretWords.fillers.contains(bytes, word) else { continue }
                reached |= 1 << UInt32(end)
                break
            }
        }
        return reached >> UInt32(piece.count) & 1 != 0
    }
}

/// A source of an answer, or other text of its request, as claims are compared with it.
struct Passage {
    /// Its number, by which an answer cites it; nil for text that is no source.
    var number: Int?
    let text: WordedText

    private(set) var numbers: [Number] = []

    /// Where each word stands, by the hash of the word and by its stem.
    private let places: HashIndex
    private let stems: HashIndex
    private var beginnings: Set<UInt64> = []
    private var derivedBeginnings: Set<UInt64> = []
    private var initials: Set<UInt64> = []
    private var months: Set<Int> = []

    /// The parts of its sentences that commas and conjunctions separate.
    private(set) var clauses: [Clause] = []

    /// Of each word, the clause that it is part of.
    private var clauseOfWord: [Int32] = []

    /// A part of a sentence.
    struct Clause {
        var words: Range<Int>
        var isNegated = false

        /// A word of it may deny what it says.
        var isDoubtful = false
    }

    init(_ text: WordedText, number: Int?) {
        self.text = text
        self.number = number
        places = HashIndex(text.words.map(\.hash))
        stems = HashIndex(text.words.map(\.stem))
        for word in text.words { add(word) }
        addInitials()
        divide()
    }

    private mutating func add(_ word: Word) {
        if word.initial != nil, word.beginning != 0 {
            beginnings.insert(word.beginning)
            if word.isDerived { derivedBeginnings.insert(word.beginning) }
        }
        if let month = word.month { months.insert(month) }
        if case .number(let number) = word.kind { numbers.append(number) }
    }

    /// `European Central Bank` can be cited as ECB.
    private mutating func addInitials() {
        var run: [UInt8] = []
        var last = 0
        for word in text.words {
            let goesOn = word.span.lowerBound <= last + 1
            last = word.span.upperBound
            if let initial = word.initial, goesOn || run.isEmpty {
                run.append(initial)
            } else if goesOn, word.roles.contains(.stop), !run.isEmpty {
                continue
            } else {
                run = word.initial.map { [$0] } ?? []
            }
            for count in 2...6 where run.count >= count { initials.insert(WordHash.of(run.suffix(count))) }
        }
    }

    private mutating func divide() {
        var commas = text.commas[...]
        for sentence in text.sentences {
            var start = sentence.words.lowerBound
            for index in sentence.words {
                commas = commas.drop { $0 < index }
                let divides = commas.first == index || Self.conjunctions.contains(text.words[index].hash)
                if divides, index > start {
                    addClause(start..<index)
                    start = index
                }
            }
            addClause(start..<sentence.words.upperBound)
        }
    }

    private mutating func addClause(_ words: Range<Int>) {
        var clause = Clause(words: words)
        for word in text.words[words] {
            if word.roles.contains(.negation) { clause.isNegated.toggle() }
            if word.roles.contains(.doubt) { clause.isDoubtful = true }
        }
        while clauseOfWord.count < words.upperBound { clauseOfWord.append(Int32(clauses.count)) }
        clauses.append(clause)
    }

    private static let conjunctions = Set(
        ["and", "but", "although", "while", "whereas", "which", "who", "because", "however", "though"].map {
            WordHash.of($0.utf8)
        })
}

extension Passage {
    /// Where a word stands.
    func places(of hash: UInt64) -> ArraySlice<Int32> { places[hash] }

    /// The clauses in which a stem stands; no more than a number of them, for what is everywhere tells nothing.
    func clauses(with stem: UInt64) -> [Int32] {
        var last: Int32 = -1
        return stems[stem].prefix(Self.mostPlaces).compactMap { place in
            let clause = clauseOfWord[Int(place)]
            defer { last = clause }
            return clause == last ? nil : clause
        }
    }

    private static let mostPlaces = 64

    func has(_ word: Word) -> Bool { stems.contains(word.stem) || places.contains(word.hash) }

    /// Whether it has a name, or a word that is made of it or stands for it.
    func names(_ word: Word) -> Bool {
        if has(word) { return true }
        if let month = word.month, months.contains(month) || numbers.contains(where: { $0.value == Double(month) }) {
            return true
        }
        if word.isAcronym, initials.contains(word.hash) { return true }
        guard word.beginning != 0 else { return false }
        return derivedBeginnings.contains(word.beginning) || word.isDerived && beginnings.contains(word.beginning)
    }

    func says(_ number: Number) -> Bool { numbers.contains { number.isSaid(by: $0) } }
}

/// Where in a list each hash stands.
struct HashIndex {
    private let hashes: [UInt64]
    private let places: [Int32]

    init(_ list: [UInt64]) {
        let sorted = list.enumerated().map { (hash: $0.element, place: Int32($0.offset)) }.sorted { a, b in
            a.hash != b.hash ? a.hash < b.hash : a.place < b.place
        }
        hashes = sorted.map(\.hash)
        places = sorted.map(\.place)
    }

    func contains(_ hash: UInt64) -> Bool {
        let first = first(notBelow: hash)
        return first < hashes.count && hashes[first] == hash
    }

    /// The places of a hash, in order.
    subscript(hash: UInt64) -> ArraySlice<Int32> {
        let first = first(notBelow: hash)
        guard first < hashes.count, hashes[first] == hash else { return [] }
        return places[first..<(hash == .max ? hashes.count : self.first(notBelow: hash + 1))]
    }

    private func first(notBelow hash: UInt64) -> Int {
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

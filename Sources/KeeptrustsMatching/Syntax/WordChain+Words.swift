extension WordChain.Word {
    /// A piece of the word by which a scan for tokens finds it.
    struct Handle: Equatable {
        /// Bytes of the word before it.
        var offset: Int
        var token: String

        /// What follows it is no letter and no digit; else the token may go on in the text.
        var isWhole: Bool
    }

    /// The longest token of the word that is known to begin where a token of the text does.
    var handle: Handle? {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        var best: Handle?
        for start in bytes.indices where ByteSet.alphanumeric.contains(bytes[start]) {
            guard start == 0 ? startsToken : !ByteSet.alphanumeric.contains(bytes[start - 1]) else { continue }
            let token = bytes[start...].prefix { ByteSet.alphanumeric.contains($0) }
            let isWhole = token.endIndex < bytes.count || endsToken
            guard isWhole || token.count >= TokenTable.shortestPrefix else { continue }
            if token.count <= best?.token.utf8.count ?? 0 { continue }
            best = Handle(offset: start, token: String(decoding: token, as: UTF8.self), isWhole: isWhole)
        }
        return best
    }

    /// The word up to its last letter or digit.
    var withoutEnd: Self {
        guard let last = text.utf8.lastIndex(where: { $0 >= 0x80 || ByteSet.alphanumeric.contains($0) }) else {
            return self
        }
        let end = text.utf8.index(after: last)
        guard end < text.utf8.endIndex else { return self }
        return Self(text: String(text[..<end]), startsToken: startsToken, endsToken: true)
    }

    /// A scan for tokens finds it, or it is looked for in few texts only.
    var isCheap: Bool { handle != nil || text.utf8.contains { $0 >= 0x80 } }

    /// Long enough to be looked for; two bytes do when they are no letters.
    var isUseful: Bool {
        if handle != nil || text.utf8.count >= 3 { return true }
        return text.utf8.count == 2 && text.utf8.contains { !ByteSet.alphanumeric.contains($0) }
    }

    /// How many texts hold the word, by and large; it decides what is looked for, never what is found.
    var cost: Int {
        if Self.commonest.contains(text) { return Self.costOfIdle }
        return (Self.common.contains(text) ? Self.costOfCommon : 0) + (isCheap ? 0 : 100) + 10 - min(text.utf8.count, 9)
    }

    /// What a word of nearly every text costs.
    static let costOfIdle = 1_000

    /// What a word of many texts costs at least.
    static let costOfCommon = 500

    /// Words of nearly every text.
    private static let commonest: Set<String> = [
        "the", "and", "you", "your", "this", "that", "with", "for", "not", "are", "was", "have", "can", "will", "all",
        "any", "from", "but", "its", "to", "of", "in", "is", "it", "be", "by", "on", "or", "as", "at", "an", "a", "i",
        "if", "do", "no", "my", "we", "when", "about", "so", "who", "what",
    ]

    /// Words of many texts.
    private static let common: Set<String> = [
        "were", "has", "had", "now", "his", "her", "they", "out", "how", "set", "put", "must", "only", "new", "does",
        "here", "me", "user", "system", "order", "policy", "report", "request", "data", "use", "text", "list",
        "write", "show", "send", "tell", "model", "rest", "he", "she", "them", "their", "him", "us", "our", "these",
        "those", "there", "then", "than", "more", "most", "some", "other", "into", "over", "after", "before", "back",
        "down", "up", "off", "also", "just", "even", "well", "still", "much", "many", "very", "such", "own", "same",
        "through", "during", "each", "between", "both", "while", "because", "since", "until", "again", "where", "why",
        "which", "go", "goes", "going", "get", "gets", "getting", "got", "give", "gives", "given", "giving", "make",
        "makes", "making", "made", "take", "takes", "taken", "taking", "come", "comes", "coming", "see", "seen",
        "know", "known", "knows", "say", "says", "said", "ask", "asked", "asks", "need", "needs", "needed", "want",
        "wants", "wanted", "like", "likes", "look", "looks", "looking", "find", "found", "help", "helps", "keep",
        "keeps", "kept", "let", "lets", "leave", "left", "turn", "turned", "work", "works", "working", "start",
        "started", "stop", "stops", "open", "opened", "close", "closed", "change", "changes", "changed", "check",
        "read", "run", "runs", "call", "calls", "called", "pay", "paid", "buy", "sell", "move", "hold", "play", "try",
        "trying", "think", "feel", "bring", "add", "plan", "build", "hand", "sign", "point", "state", "note",
        "answer", "question", "would", "could", "should", "may", "might", "shall", "cannot", "time", "times", "day",
        "days", "week", "weeks", "month", "months", "year", "years", "today", "tomorrow", "people", "person", "man",
        "woman", "men", "women", "child", "children", "family", "friend", "team", "company", "business", "office",
        "customer", "customers", "account", "accounts", "client", "orders", "price", "cost", "costs", "number",
        "numbers", "name", "names", "date", "page", "file", "files", "line", "word", "words", "part", "place", "home",
        "house", "school", "world", "country", "law", "case", "group", "board", "member", "members", "staff",
        "manager", "service", "services", "product", "products", "market", "money", "bank", "card", "sales",
        "results", "meeting", "project", "program", "process", "rules", "rule", "terms", "information", "message",
        "email", "letter", "phone", "book", "story", "test", "level", "area", "side", "end", "first", "last", "next",
        "long", "little", "great", "good", "best", "better", "high", "low", "old", "young", "big", "small", "large",
        "public", "private", "full", "free", "short", "early", "late", "right", "one", "two", "three", "four", "five",
        "six", "seven", "eight", "nine", "ten", "another", "every", "nothing", "something", "anything", "someone",
        "everyone", "yes", "please", "thank", "thanks",
    ]
}

/// Judges SQL by its words: what it destroys, what it opens, and what was put into it.
struct SQLThreats {
    private let tokens: [Token]

    private typealias Token = SQLReader.Token

    static let mostBytes = 65_536
    private static let mostTokens = 8_192

    /// What is wrong with a query that a tool is to run.
    static func threat(in query: String) -> ToolThreat? {
        guard let reader = SQLThreats(query) else { return ToolThreat(category: .unreadable) }
        return reader.statementThreat() ?? reader.injection()
    }

    /// What is wrong with a value that may become part of a query: only what no honest value holds.
    static func injection(in value: String) -> ToolThreat? {
        guard value.utf8.count <= 2_048, value.utf8.contains(where: { "'\";-=(/".utf8.contains($0) }) else {
            return nil
        }
        // A value that breaks out of quotes has been in them.
        for opening in ["", "'", "\""] {
            if let threat = SQLThreats(opening + value)?.injection() { return threat }
        }
        // `'; DROP TABLE x; --` and the same without a quote.
        guard let cut = value.firstIndex(where: { $0 == "'" || $0 == "\"" || $0 == ";" }) else { return nil }
        let rest = String(value[value.index(after: cut)...])
        guard rest.contains(";") || value[cut] == ";", let tail = SQLThreats(rest), tail.beginsStatement else {
            return nil
        }
        return tail.statementThreat()
            ?? (tail.tokens.contains { $0.kind == .comment } ? ToolThreat(category: .sqlInjection) : nil)
    }

    private init?(_ query: String) {
        guard query.utf8.count <= Self.mostBytes, let tokens = Self.read(Array(query.utf8)) else { return nil }
        self.tokens = tokens
    }

    private var words: [String] { tokens.filter { $0.kind == .word }.map(\.value) }

    private var beginsStatement: Bool {
        let verbs: Set = [
            "select", "insert", "update", "delete", "drop", "alter", "create", "truncate", "exec", "execute", "grant",
            "union", "shutdown", "declare", "waitfor", "copy", "merge",
        ]
        guard let first = tokens.first(where: { $0 != Token(kind: .sign, value: ";") && $0.kind != .comment }) else {
            return false
        }
        return first.kind == .word && verbs.contains(first.value)
    }

    /// The tokens of a query; nil when there are too many.
    private static func read(_ text: [UInt8]) -> [Token]? {
        var reader = SQLReader(text)
        var tokens: [Token] = []
        while let token = reader.next() {
            guard tokens.count < mostTokens else { return nil }
            tokens.append(token)
        }
        return tokens
    }
}

extension SQLThreats {
    /// The statements, by the semicolons that divide them.
    private var statements: [ArraySlice<Token>] { tokens.split { $0.kind == .sign && $0.value == ";" }.map { $0 } }

    private func statementThreat() -> ToolThreat? {
        for statement in statements {
            if let threat = threat(inStatement: statement.filter { $0.kind != .comment }) { return threat }
        }
        return nil
    }

    private func threat(inStatement tokens: [Token]) -> ToolThreat? {
        let words = tokens.filter { $0.kind == .word }.map(\.value)
        let all = Set(words)
        guard let verb = words.first(where: { $0 != "explain" && $0 != "analyze" && $0 != "begin" }) else { return nil }
        let second = words.drop { $0 != verb }.dropFirst().first ?? ""
        switch verb {
        case "drop": return all.isSubset(of: ["drop", "index"]) ? nil : ToolThreat(category: .sqlInjection)
        case "truncate", "shutdown", "dbcc", "flush", "purge", "detach", "reset", "kill":
            return ToolThreat(category: .sqlInjection)
        case "delete" where second == "from" || words.count == 2, "update" where all.contains("set"):
            return isUnbounded(tokens, all) ? ToolThreat(category: .sqlInjection) : nil
        case "delete": return isUnbounded(tokens, all) && words.count <= 4 ? ToolThreat(category: .sqlInjection) : nil
        case "alter":
            let harmful: Set = [
                "drop", "disable", "password", "identified", "superuser", "login", "owner", "system", "sysadmin",
                "role", "user",
            ]
            return all.isDisjoint(with: harmful) ? nil : ToolThreat(category: .sqlInjection)
        case "grant", "revoke", "create", "set", "insert", "replace", "merge":
            return rights(tokens, words, all, verb, second)
        default: return programs(tokens, words, all, verb) ?? reading(tokens, words, all)
        }
    }

    /// Statements that give rights, or take them.
    private func rights(
        _ tokens: [Token], _ words: [String], _ all: Set<String>, _ verb: String, _ second: String
    ) -> ToolThreat? {
        switch verb {
        case "grant", "revoke":
            let wide: Set = [
                "all", "super", "superuser", "dba", "admin", "public", "sysdba", "sysadmin", "file", "owner", "create",
                "drop", "pg_read_all_data", "pg_execute_server_program",
            ]
            let isWide =
                !all.isDisjoint(with: wide) || tokens.contains { $0.value == "*" }
                || all.contains("with") && all.contains("option")
            return isWide || verb == "revoke" && all.contains("all") ? ToolThreat(category: .privilege) : nil
        case "create"
        where ["user", "role", "login", "trigger", "function", "procedure", "extension", "server"].contains(second):
            let powers: Set = [
                "superuser", "admin", "sysadmin", "createrole", "identified", "password", "plpythonu", "plperlu", "c",
                "soname", "dblink", "postgres_fdw", "external", "sys_exec", "sys_eval", "program",
            ]
            return ["user", "role", "login"].contains(second) || !all.isDisjoint(with: powers)
                ? ToolThreat(category: .privilege) : nil
        case "set" where all.contains("password") || all.contains("global") || all.contains("role"):
            return ToolThreat(category: .privilege)
        case "insert", "replace", "merge":
            let isAdmin = words.contains { ["mysql", "pg_authid", "sudoers"].contains($0) }
            return isAdmin ? ToolThreat(category: .privilege) : nil
        default: return nil
        }
    }

    /// Statements that run programs, or write and read files.
    private func programs(_ tokens: [Token], _ words: [String], _ all: Set<String>, _ verb: String) -> ToolThreat? {
        switch verb {
        case "exec", "execute", "call", "declare":
            return words.contains {
                $0.hasPrefix("xp_") || $0.hasPrefix("sp_") && !$0.hasPrefix("sp_help") || $0 == "sys"
                    || $0.hasPrefix("dbms_") || $0.hasPrefix("utl_") || $0 == "immediate"
            } ? ToolThreat(category: .sqlInjection) : nil
        case "copy"
        where all.contains("program")
            || all.contains("to") && tokens.contains { $0.kind == .text && $0.value.hasPrefix("/") }:
            return ToolThreat(category: .sqlInjection)
        case "load" where all.contains("infile") || all.contains("data"): return ToolThreat(category: .sqlInjection)
        case "attach" where tokens.contains { $0.kind == .text && $0.value.contains("/") }:
            return ToolThreat(category: .sqlInjection)
        case "backup" where all.contains("disk"): return ToolThreat(category: .exfiltration)
        default: return nil
        }
    }

    /// Whether a change is of every row.
    private func isUnbounded(_ tokens: [Token], _ words: Set<String>) -> Bool {
        guard let place = tokens.firstIndex(where: { $0.kind == .word && $0.value == "where" }) else {
            return !words.contains("limit") && !words.contains("join") && !words.contains("using")
        }
        return Self.isAlwaysTrue(tokens[(place + 1)...])
    }

    /// What a query reads that is no row of a table.
    private func reading(_ tokens: [Token], _ words: [String], _ all: Set<String>) -> ToolThreat? {
        let calls: Set = [
            "pg_read_file", "pg_read_binary_file", "pg_ls_dir", "pg_stat_file", "lo_import", "lo_export", "load_file",
            "load_extension", "xp_cmdshell", "xp_dirtree", "xp_regread", "openrowset", "opendatasource", "openquery",
            "utl_http", "utl_file", "dbms_scheduler", "httpuritype", "sys_eval", "sys_exec", "dblink", "pg_sleep",
            "sleep", "benchmark", "waitfor", "pg_terminate_backend", "readfile", "writefile", "edit", "system", "url",
            "file", "s3", "pg_reload_conf", "set_config", "randomblob", "extractvalue", "updatexml",
        ]
        for (index, token) in tokens.enumerated() where token.kind == .word {
            let isCall = index + 1 < tokens.count && tokens[index + 1].value == "("
            guard calls.contains(token.value) || token.value.hasPrefix("xp_"),
                isCall || token.value.hasPrefix("xp_") || token.value == "waitfor"
            else { continue }
            return ToolThreat(category: .sqlInjection)
        }
        if all.contains("into"), all.contains("outfile") || all.contains("dumpfile") {
            return ToolThreat(category: .exfiltration)
        }
        let secretTables: Set = [
            "pg_shadow", "pg_authid", "mysql.user", "sys.sql_logins", "syslogins", "sys.user$", "dba_users",
            "v$session", "pg_hba_file_rules", "sysxlogins",
        ]
        if !all.isDisjoint(with: secretTables) { return ToolThreat(category: .credentialAccess) }
        let qualified = zip(words, words.dropFirst()).contains { pair in
            ["mysql.user", "sys.sql_logins", "sys.syslogins", "master.sys"].contains("\(pair.0).\(pair.1)")
        }
        if qualified { return ToolThreat(category: .credentialAccess) }
        let secretColumn = words.contains { word in
            [
                "password", "passwords", "passwd", "password_hash", "pwd_hash", "hashed_password", "api_key", "apikey",
                "secret_key", "private_key", "ssn", "card_number", "credit_card", "cvv", "credentials", "mfa_secret",
                "session_token", "access_token", "refresh_token",
            ].contains(word)
        }
        if secretColumn, words.first == "select", !all.contains("where") {
            return ToolThreat(category: .credentialAccess, confidence: 0.7)
        }
        return nil
    }

    /// Whether what follows `UNION` was put there: honest ones have sources on both sides; others have numbers, nulls or the
    /// catalogue.
    private func isInjectedUnion(_ rest: ArraySlice<Token>) -> Bool {
        guard let next = rest.first(where: { !["all", "distinct", "("].contains($0.value) }), next.value == "select"
        else {
            return false
        }
        let head = rest.prefix(24)
        let isFiller = head.dropFirst().prefix(3).contains {
            $0.kind == .number || $0.value == "null" || $0.value.hasPrefix("@@")
        }
        let isCatalogue = head.contains { Self.catalogue.contains($0.value) }
        return isFiller || isCatalogue || tokens.contains { $0.kind == .comment }
    }

    private static let catalogue: Set = [
        "information_schema", "sqlite_master", "pg_catalog", "users", "password", "passwd", "credentials", "sysobjects",
        "all_tables", "user", "version", "admin", "secrets",
    ]

    /// Signs that a value broke out of its quotes.
    private func injection() -> ToolThreat? {
        for (index, token) in tokens.enumerated() where token.kind == .word {
            let rest = tokens[(index + 1)...]
            if token.value == "union", isInjectedUnion(rest) { return ToolThreat(category: .sqlInjection) }
            if token.value == "or" || token.value == "and" || token.value == "having" || token.value == "||",
                Self.isAlwaysTrue(rest.prefix(8))
            {
                return ToolThreat(category: .sqlInjection)
            }
            if ["sleep", "benchmark", "pg_sleep", "waitfor", "extractvalue", "updatexml", "load_file", "xp_cmdshell"]
                .contains(token.value),
                rest.first?.value == "(" || token.value == "waitfor" || token.value == "xp_cmdshell"
            {
                return ToolThreat(category: .sqlInjection)
            }
        }
        // `admin'--`: the rest of the query is made a comment.
        if let last = tokens.last, last.kind == .comment, last.value.count <= 4, tokens.dropLast().last?.kind == .text,
            tokens.count <= 4
        {
            return ToolThreat(category: .sqlInjection)
        }
        return nil
    }

    /// Whether a condition begins that every row meets: `1=1`, `'a'='a'`, `true`.
    private static func isAlwaysTrue(_ tokens: ArraySlice<Token>) -> Bool {
        let plain = tokens.filter { $0.kind != .sign || $0.value != "(" }
        guard let first = plain.first else { return false }
        if first.value == "true" || first.kind == .number && first.value != "0" && plain.count == 1 { return true }
        guard plain.count >= 3, plain[1].kind == .sign else {
            // `OR 'a'` and no more; or an open quote: `'x' OR '1'='1`.
            return false
        }
        guard ["=", ">=", "<=", "<>", "!=", ">", "<"].contains(plain[1].value) || plain[1].value == "like" else {
            return false
        }
        guard first.kind == plain[2].kind, first.kind == .number || first.kind == .text else { return false }
        let isSame = first.value == plain[2].value
        return plain[1].value == "=" || plain[1].value.hasSuffix("=") && plain[1].value != "!=" ? isSame : !isSame
    }
}

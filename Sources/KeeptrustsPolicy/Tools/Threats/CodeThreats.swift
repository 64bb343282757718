/// Judges program text that an interpreter is given on its line.
enum CodeThreats {
    static func threat(in code: String, _ terms: ThreatTerms, depth: Int = 0) -> ToolThreat? {
        guard code.utf8.count <= ShellReader.mostBytes else { return ToolThreat(category: .unreadable) }
        let small = code.lowercased()
        func has(_ words: [String]) -> Bool { words.contains { small.contains($0) } }
        let fetches = has([
            "urlopen", "urlretrieve", "requests.get", "requests.post", "http.get", "https.get", "fetch(", "net/http",
            "lwp::", "file_get_contents(\"http", "file_get_contents('http", "open-uri", "downloadstring",
            "downloadfile", "httpx.get", "curl_exec", "webclient",
        ])
        let runs = has([
            "exec(", "eval(", "os.system", "subprocess", "popen", "system(", "child_process", "shell_exec", "passthru",
            "iex", "invoke-expression", "marshal.loads", "pickle.loads", "ctypes", "__import__",
        ])
        if fetches, runs { return ToolThreat(category: .remoteCode) }
        if has(["socket"]), has(["dup2", "pty.spawn", "/bin/sh", "/bin/bash", "cmd.exe", "exec", "subprocess"]) {
            return ToolThreat(category: .remoteCode)
        }
        if has(["fsockopen", "tcpsocket", "net.connect", "net.socket"]), has(["sh", "exec", "popen", "cmd"]) {
            return ToolThreat(category: .remoteCode)
        }
        if has(["base64"]), has(["exec(", "eval("]) { return ToolThreat(category: .remoteCode) }
        let wipes = [
            "rmtree(\"/", "rmtree('/", "rmtree('~", "rmtree(os.path.expanduser", "rm_rf('/", "rm_rf(\"/", "rmsync('/",
            "rmsync(\"/", "deltree", "unlink('/etc", "os.remove('/etc", "remove('/etc", "drop database",
        ]
        if has(wipes) { return ToolThreat(category: .destruction) }
        if fetches, has(["os.environ", "process.env", "getenv", "environ", "open("]), has(["post", "data=", "?"]) {
            return ToolThreat(category: .exfiltration)
        }
        for text in literals(code) {
            if let path = PathForm(text), PathThreats.isCredential(path, terms) {
                return ToolThreat(category: .credentialAccess)
            }
            guard runs, text.contains(" ") || text.contains("/") else { continue }
            if let threat = ShellThreats.threat(in: text, terms, depth: depth + 1) { return threat }
        }
        return nil
    }

    /// The texts in quotation marks, a bounded number of them.
    private static func literals(_ code: String) -> [String] {
        var literals: [String] = []
        var open: UInt8?
        var text: [UInt8] = []
        for byte in code.utf8 where literals.count < 64 {
            if let mark = open {
                if byte == mark {
                    literals.append(String(decoding: text, as: UTF8.self))
                    open = nil
                } else {
                    text.append(byte)
                }
            } else if [0x22, 0x27, 0x60].contains(byte) {
                open = byte
                text = []
            }
        }
        return literals
    }
}

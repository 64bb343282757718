extension ConfigNode {
    /// A text for people: not empty, no control characters.
    public func label(upTo limit: Int, allowingLines: Bool = false) throws(ConfigError) -> String {
        let text = try string()
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.generalCategory != .control || allowingLines && (scalar == "\n" || scalar == "\t")
        }
        guard isClean, !text.isEmpty, text.count <= limit else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) must be 1 to \(limit) characters, none of them control characters.")
        }
        return text
    }

    /// The name of something that other parts of the document, metrics and records refer to.
    public func identifier() throws(ConfigError) -> String {
        let text = try string()
        let isClean = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "-_.".utf8.contains(byte)
        }
        guard isClean, (1...64).contains(text.utf8.count) else {
            throw ConfigError(
                .outOfRange, at: location,
                "\(name) is \(quoted(text)); it must be 1 to 64 letters, digits, '-', '_' or '.'.")
        }
        return text
    }

    /// The name of an environment variable; what is written is not repeated, for it may be the secret itself.
    public func variable() throws(ConfigError) -> String {
        let text = try string()
        let isClean = text.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard isClean, (1...128).contains(text.utf8.count), text.first?.isNumber == false else {
            throw ConfigError(
                .outOfRange, at: location, "\(name) is not the name of an environment variable.",
                hint:
                    "write the variable's name here, such as OPENAI_API_KEY; the secret itself stays in the environment"
            )
        }
        return text
    }
}

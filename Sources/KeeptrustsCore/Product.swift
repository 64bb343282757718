/// The product as it names itself.
public enum Product {
    /// The version of all its parts (SemVer 2.0).
    public static let version = "0.1.0"
}

/// What a chain demands of the records of its exchanges; the control plane keeps it.
public struct RecordKeeping: Sendable, Equatable {
    /// How long, from a record's arrival at the control plane on (1...36500).
    public var days: Int

    /// Whether a record is removed after these days; else it stays until somebody removes it.
    public var endsAfterDays: Bool

    /// Whether nothing may change or remove a record within these days.
    public var isImmutable: Bool

    /// Whether exchanges in which nothing happened are recorded in full, too.
    public var logsAllAccess: Bool

    /// The stricter of two demands, in each respect.
    func joined(with other: Self) -> Self {
        Self(
            days: max(days, other.days), endsAfterDays: endsAfterDays && other.endsAfterDays,
            isImmutable: isImmutable || other.isImmutable, logsAllAccess: logsAllAccess || other.logsAllAccess)
    }
}

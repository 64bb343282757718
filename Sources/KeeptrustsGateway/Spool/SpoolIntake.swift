import NIOCore

/// One event loop's way into the spool: all records of a loop's turn go to the kernel in one write.
///
/// What waits for a record (the end of an answer) is told after the write, and in `strict` mode after the sync.
final class SpoolIntake {
    private let segments: Segments
    private let sync: SpoolSync
    private let eventLoop: any EventLoop
    private let isStrict: () -> Bool
    private var records: [ByteBuffer] = []
    private var waiting: [CallerHandler] = []

    init(_ segments: Segments, sync: SpoolSync, eventLoop: any EventLoop, isStrict: @escaping () -> Bool) {
        self.segments = segments
        self.sync = sync
        self.eventLoop = eventLoop
        self.isStrict = isStrict
    }

    /// What one exchange may need (bytes); most records take a fifth of it.
    static let reservedBytes = 4_096

    /// Takes a record; `caller` hears at the end of the turn whether it is recorded.
    func append(_ record: ByteBuffer, for caller: CallerHandler) {
        records.append(record)
        waiting.append(caller)
        guard records.count == 1 else { return }
        eventLoop.assumeIsolated().execute { self.write() }
    }

    private func write() {
        let (records, waiting) = (self.records, self.waiting)
        self.records.removeAll(keepingCapacity: true)
        self.waiting.removeAll(keepingCapacity: true)
        do throws(SpoolError) {
            try segments.append(records)
        } catch {
            sync.report(error, on: eventLoop)
            for caller in waiting { caller.recorded(false) }
            return
        }
        if !segments.hasSpare { sync.mend(on: eventLoop) }
        guard isStrict() else {
            sync.note(on: eventLoop)
            for caller in waiting { caller.recorded(true) }
            return
        }
        let notify = NIOLoopBound(waiting, eventLoop: eventLoop)
        sync.whenDurable { [eventLoop] isDurable in
            eventLoop.execute { for caller in notify.value { caller.recorded(isDurable) } }
        }
    }
}

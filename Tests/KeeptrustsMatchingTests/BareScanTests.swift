import KeeptrustsMatching
import Testing

struct BareScanTests {
    @Test(
        "A scan gets to the end of any text", arguments: ["", "a", "jane@example.com", "\u{1F600} 4111 1111 1111 1111"])
    func scans(text: String) throws {
        let bare = try #require(BareScan())

        #expect(Array(text.utf8).withUnsafeBytes { bare.scan($0) })
    }
}

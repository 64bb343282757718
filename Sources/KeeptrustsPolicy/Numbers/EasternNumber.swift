/// A number that a state of Asia, Africa or Oceania gives to a person.
enum EasternNumber: String, Sendable, CaseIterable {
    /// India: Aadhaar, and permanent account number.
    case aadhaar, pan

    /// China: resident identity card. Hong Kong: identity card. Taiwan: national identification card.
    case resident, hkid
    case taiwanID = "taiwan-id"

    /// Japan: individual number, My Number. Korea: resident registration number.
    case myNumber = "my-number"
    case rrn

    /// Singapore: NRIC and FIN. Malaysia: MyKad. Thailand: national identity number. Indonesia: NIK.
    case nric, mykad, tnin, nik

    /// Australia: tax file number, and Medicare number. New Zealand: IRD number.
    case tfn, medicare, ird

    /// Israel: teudat zehut. United Arab Emirates: Emirates ID. Saudi Arabia: national ID and iqama.
    case teudatZehut = "teudat-zehut"
    case emirates
    case saudiID = "saudi-id"

    /// South Africa: identity number. Egypt: national ID. Pakistan: CNIC.
    case southAfricanID = "south-african-id"
    case egyptianID = "egyptian-id"
    case cnic

    func accepts(_ number: Numeral) -> Bool {
        switch self {
        case .aadhaar: Self.isAadhaar(number)
        case .pan: Self.isPAN(number)
        case .resident: Self.isResident(number)
        case .hkid: Self.isHKID(number)
        case .taiwanID: Self.isTaiwanID(number)
        case .myNumber: Self.isMyNumber(number)
        case .rrn: Self.isRRN(number)
        case .nric: Self.isNRIC(number)
        case .mykad: Self.isMyKad(number)
        case .tnin: Self.isTNIN(number)
        case .nik: Self.isNIK(number)
        case .tfn: Self.isTFN(number)
        case .medicare: Self.isMedicare(number)
        case .ird: Self.isIRD(number)
        case .teudatZehut: number.digits(9).map(EuropeanNumber.isLuhn) ?? false
        case .emirates: Self.isEmirates(number)
        case .saudiID: Self.isSaudiID(number)
        case .southAfricanID: Self.isSouthAfricanID(number)
        case .egyptianID: Self.isEgyptianID(number)
        case .cnic: Self.isCNIC(number)
        }
    }
}

import KeeptrustsMatching

/// A number that a state of Europe gives to a person.
enum EuropeanNumber: String, Sendable, CaseIterable {
    /// United Kingdom: National Health Service number, and National Insurance number.
    case nhs, nino

    /// Germany: Steuer-Identifikationsnummer.
    case steuerID = "steuer-id"

    /// France: numéro d'inscription au répertoire, the number of social security.
    case nir

    /// Spain: documento nacional de identidad, and número de identidad de extranjero.
    case dni

    /// Italy: codice fiscale.
    case codiceFiscale = "codice-fiscale"

    /// Poland: PESEL.
    case pesel

    /// Netherlands: burgerservicenummer.
    case bsn

    /// Belgium: rijksregisternummer.
    case rijksregister

    /// Portugal: número de identificação fiscal.
    case nif

    /// Ireland: Personal Public Service number.
    case pps

    /// Switzerland: AHV number.
    case ahv

    /// Austria: Sozialversicherungsnummer.
    case svnr

    /// Sweden: personnummer. Norway: fødselsnummer. Denmark: CPR. Finland: henkilötunnus.
    case personnummer, fodselsnummer, cpr, hetu

    /// Czechia and Slovakia: rodné číslo.
    case rodneCislo = "rodne-cislo"

    /// Romania: CNP. Bulgaria: EGN. Croatia: OIB. Greece: AMKA.
    case cnp, egn, oib, amka

    /// Serbia and its neighbours: JMBG; Slovenia calls it EMŠO.
    case jmbg

    /// Estonia and Lithuania: isikukood, asmens kodas.
    case isikukood

    /// Hungary: TAJ.
    case taj

    /// Russia: SNILS and INN. Turkey: T.C. kimlik numarası.
    case snils, inn, tckn

    func accepts(_ number: Numeral) -> Bool {
        switch self {
        case .nhs: Self.isNHS(number)
        case .nino: Self.isNINO(number)
        case .steuerID: Self.isSteuerID(number)
        case .nir: Self.isNIR(number)
        case .dni: Self.isDNI(number)
        case .codiceFiscale: Self.isCodiceFiscale(number)
        case .pesel: Self.isPESEL(number)
        case .bsn: Self.isBSN(number)
        case .rijksregister: Self.isRijksregister(number)
        case .nif: Self.isNIF(number)
        case .pps: Self.isPPS(number)
        case .ahv: Self.isAHV(number)
        case .svnr: Self.isSVNR(number)
        case .personnummer: Self.isPersonnummer(number)
        case .fodselsnummer: Self.isFodselsnummer(number)
        case .cpr: number.count == 10 && number.digits != nil && number.isDate(dayAt: 0)
        case .hetu: Self.isHETU(number)
        case .rodneCislo: Self.isRodneCislo(number)
        case .cnp: Self.isCNP(number)
        case .egn: Self.isEGN(number)
        case .oib: number.digits(11).map(Checksums.mod11and10) ?? false
        case .amka: Self.isAMKA(number)
        case .jmbg: Self.isJMBG(number)
        case .isikukood: Self.isIsikukood(number)
        case .taj: Self.isTAJ(number)
        case .snils: Self.isSNILS(number)
        case .inn: Self.isINN(number)
        case .tckn: Self.isTCKN(number)
        }
    }
}

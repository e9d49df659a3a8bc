//! INF text: encodings, line rules, strings. The expectations are Microsoft's documented rules.

use imgsvc::formats::inf::{CodePage, Encoding, Inf, ParseOptions, Position};
use proptest::prelude::*;

fn parse(text: &str) -> Inf {
    Inf::parse(text.as_bytes()).unwrap()
}

fn fields(text: &str) -> Vec<String> {
    let inf = parse(&format!("[S]\n{text}"));
    let line = inf.section("s").unwrap().lines.first().unwrap().clone();
    line.fields().map(str::to_owned).collect()
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

const SAMPLE: &str = "[Version]\r\nSignature=\"$Windows NT$\"\r\nProvider=Ger\u{E4}te\r\n";

#[test]
fn every_encoding_gives_the_same_text() {
    let ansi: Vec<u8> = SAMPLE.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    let cases = [
        (Encoding::Ansi, ansi),
        (Encoding::Utf8, [&[0xEF, 0xBB, 0xBF], SAMPLE.as_bytes()].concat()),
        (Encoding::Utf16Le, [vec![0xFF, 0xFE], utf16(SAMPLE, u16::to_le_bytes)].concat()),
        (Encoding::Utf16Be, [vec![0xFE, 0xFF], utf16(SAMPLE, u16::to_be_bytes)].concat()),
        (Encoding::Utf16Le, utf16(SAMPLE, u16::to_le_bytes)),
    ];
    for (encoding, bytes) in cases {
        let inf = Inf::parse(&bytes).unwrap();
        assert_eq!(inf.encoding(), encoding);
        assert_eq!(inf.value("version", "PROVIDER").unwrap().text, "Ger\u{E4}te", "{encoding:?}");
    }
    assert_eq!(parse("[A]\n").encoding(), Encoding::Ascii);
}

#[test]
fn a_windows_1252_character_that_latin_1_lacks_is_read() {
    let inf = Inf::parse(b"[S]\nName=A\x99").unwrap();
    assert_eq!(inf.value("S", "Name").unwrap().text, "A\u{2122}");
}

#[test]
fn line_ends_may_be_mixed_and_are_counted_once() {
    let inf = parse("[A]\r\na=1\rb=2\nc=3\r\n\r\nd=4");
    let lines: Vec<_> = inf.section("A").unwrap().lines.iter().map(|line| line.number).collect();
    assert_eq!(lines, [2, 3, 4, 6]);
}

#[test]
fn comments_end_lines_but_not_in_quotes_or_tokens() {
    assert_eq!(fields("a = b ; c, d"), ["b"]);
    assert_eq!(fields("a = \"b ; c\", d;e"), ["b ; c", "d"]);
    assert_eq!(fields("a = %x;y%, d"), ["%x;y%", "d"]);
    assert_eq!(fields("a = 50%;y"), ["50%"]);
    assert_eq!(fields("a = %x%;y%,z"), ["%x%"], "the end of one token is not the beginning of the next");
    assert_eq!(fields("a = %x y%;y%,z"), ["%x y%"]);
}

#[test]
fn a_backslash_at_the_end_continues_the_line() {
    assert_eq!(fields("a = 1,\\\n 2,\\ ; remark\r\n\t3"), ["1", "2", "3"]);
    // Microsoft: "Windows ignores the first backslash and interprets the second as a line continuator".
    assert_eq!(fields("CopyFiles = SomeDirectory\\\\\n,SomeFile"), ["SomeDirectory", "SomeFile"]);
    assert_eq!(
        fields("CopyFiles = \"SomeDirectory\\\"\\ ; comment\n,SomeFile"),
        ["SomeDirectory\\", "SomeFile"]
    );
    assert_eq!(fields("a = x\\y\\ z"), ["x\\y\\ z"]);
}

#[test]
fn lines_after_a_continued_one_keep_their_numbers() {
    let inf = parse("[A]\na=1,\\\n2\nb=3");
    let lines: Vec<_> = inf.section("A").unwrap().lines.iter().map(|line| line.number).collect();
    assert_eq!(lines, [2, 4]);
}

#[test]
fn quotes_keep_spaces_and_double_quotes_are_one() {
    assert_eq!(
        fields("a = \"  b \" , \"Display an \"\"example\"\" string\""),
        ["  b ", "Display an \"example\" string"]
    );
    assert_eq!(fields("a = b\" \"c  , \"open"), ["b c", "open"]);
}

#[test]
fn empty_fields_keep_their_places() {
    assert_eq!(fields("HKR,,Name,,\"x\""), ["HKR", "", "Name", "", "x"]);
    assert_eq!(fields("a = 1,,"), ["1", "", ""]);
    assert_eq!(fields("a ="), [""]);
}

#[test]
fn only_the_first_equals_sign_makes_a_key() {
    let inf = parse("[A]\nk = a=b\nHKR,x=y\n");
    let lines = &inf.section("A").unwrap().lines;
    assert_eq!((lines[0].key(), lines[0].field(0)), (Some("k"), Some("a=b")));
    assert_eq!((lines[1].key(), lines[1].field(1)), (None, Some("x=y")));
}

#[test]
fn sections_of_one_name_are_merged_whatever_the_case() {
    let inf = parse("[Abc] ; one\na=1\n[x]\n[aBC]\nA=2\n");
    let values: Vec<_> = inf.entries("ABC", "a").filter_map(|line| line.field(0)).collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(inf.sections().len(), 2);
}

#[test]
fn text_before_the_first_section_and_after_control_z_is_ignored() {
    let inf = parse("/*++\nCopyright\n[A]\na=1\n\u{1A}\n[B]\nb=1\n");
    assert!(inf.value("A", "a").is_some() && inf.section("B").is_none());
    assert!(parse("[A]\na=1\n\0\0\0").value("A", "a").is_some());
}

#[test]
fn a_section_name_without_its_bracket_is_refused_with_its_line() {
    let message = Inf::parse(b"[A]\n\n[Broken\na=1").unwrap_err().to_string();
    assert_eq!(
        message,
        "damaged INF at line 3, column 1: expected ']' after the section's name, found the end of the line"
    );
}

#[test]
fn tokens_are_replaced_and_percent_signs_escaped() {
    let inf =
        parse("[A]\na=%Mfg% & %mfg%,%%SystemRoot%%\\x,%12%\\d.sys,%None%,100%\n[Strings]\nMFG=\"ACME\"\n");
    let line = &inf.section("A").unwrap().lines[0];
    let texts: Vec<_> = line.fields().map(|raw| inf.expand(raw)).collect();
    assert_eq!(texts, ["ACME & ACME", "%SystemRoot%\\x", "%12%\\d.sys", "%None%", "100%"]);
    assert_eq!(inf.text("%Mfg%").token(), Some("Mfg"));
}

#[test]
fn strings_are_taken_from_the_language_that_fits_best() {
    let text = b"[Strings]\nA=neutral\nB=common\n[Strings.0009]\nA=english\n[Strings.0409]\nA=american\n[Strings.0407]\nA=deutsch\n";
    let string = |language| {
        let inf =
            Inf::parse_with(text, &ParseOptions { languages: vec![language], ..ParseOptions::default() })
                .unwrap();
        (inf.expand("%A%"), inf.expand("%B%"))
    };
    assert_eq!(string(0x0409), ("american".into(), "common".into()));
    assert_eq!(string(0x0809), ("english".into(), "common".into()));
    assert_eq!(string(0x0C07), ("deutsch".into(), "common".into()));
    assert_eq!(string(0x040C), ("neutral".into(), "common".into()));
}

#[test]
fn strings_that_multiply_are_refused() {
    let bomb = format!("[A]\n{}[Strings]\nx={}\n", "%x%,%x%,%x%,%x%\n".repeat(20_000), "y".repeat(2_000));
    let message = Inf::parse(bomb.as_bytes()).unwrap_err().to_string();
    assert!(message.contains("strings expand to"), "{message}");
}

#[test]
fn sizes_no_driver_has_are_refused() {
    assert!(Inf::parse(&vec![b' '; (16 << 20) + 1]).is_err());
    assert!(Inf::parse(format!("[A]\n{}", ",".repeat(3_000_000)).as_bytes()).is_err());
    assert!(Inf::parse(format!("[A]\n{}", "x".repeat(100_000)).as_bytes()).is_err());
    assert!(Inf::parse(format!("[A]\n{}x", "\\ ".repeat(4_000_000)).as_bytes()).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = Inf::parse(&bytes);
    }

    #[test]
    fn any_inf_like_text_gives_an_answer(text in "([\\[\\]=,;\"%\\\\ \r\n]|[a-c]|HKR|Strings|0x1|\u{1A}?){0,400}") {
        let inf = Inf::parse(text.as_bytes());
        if let Ok(inf) = inf {
            for section in inf.sections() {
                for line in &section.lines {
                    for field in line.fields() {
                        let _ = inf.expand(field);
                    }
                }
            }
        }
    }

    /// What is written with every special character quoted is read back as it was.
    #[test]
    fn quoted_fields_are_read_back(values in proptest::collection::vec("[ -~\u{E0}-\u{FF}]{0,30}", 1..8)) {
        let quoted: Vec<_> = values.iter().map(|value| format!("\"{}\"", value.replace('"', "\"\""))).collect();
        let inf = Inf::parse(&[&[0xEF, 0xBB, 0xBF], format!("[S]\nk = {}\n", quoted.join(" , ")).as_bytes()].concat()).unwrap();
        let line = &inf.section("S").unwrap().lines[0];
        prop_assert_eq!(line.fields().collect::<Vec<_>>(), values);
    }
}

#[test]
fn eight_bit_text_is_read_in_the_code_page_of_the_image() {
    let read = |page: u16, bytes: &[u8]| {
        let text = [b"[S]\nName=".as_slice(), bytes].concat();
        let options = ParseOptions { code_page: CodePage(page), ..ParseOptions::default() };
        Inf::parse_with(&text, &options).map(|inf| inf.value("S", "Name").unwrap().text)
    };
    // From the tables of unicode.org (VENDORS/MICSFT/WINDOWS).
    let cases: [(u16, &[u8], &str); 10] = [
        (874, b"\xA1", "\u{E01}"),
        (932, b"\x93\xFA", "\u{65E5}"),
        (936, b"\xD6\xD0", "\u{4E2D}"),
        (949, b"\xC7\xD1", "\u{D55C}"),
        (950, b"\xA4\xA4", "\u{4E2D}"),
        (1250, b"\xB3", "\u{142}"),
        (1251, b"\xC6", "\u{416}"),
        (1253, b"\xC1", "\u{391}"),
        (1255, b"\xE0", "\u{5D0}"),
        (65001, b"\xC3\xA4", "\u{E4}"),
    ];
    for (page, bytes, expected) in cases {
        assert_eq!(read(page, bytes).unwrap(), expected, "{page}");
    }
    assert!(read(437, b"\x84").unwrap_err().to_string().contains("437"));
    assert_eq!(read(437, b"plain").unwrap(), "plain", "ASCII needs no code page");
}

#[test]
fn places_are_counted_in_lines_and_characters() {
    let inf = parse("\u{FEFF};x\n  [A]\n  k\u{E4}y = one , \\\n   \"two\",,\\x\r\n\tlast");
    let section = inf.section("A").unwrap();
    assert_eq!(section.position(), Position { line: 2, column: 3 });
    let places: Vec<_> = (0..4).map(|field| section.lines[0].field_position(field)).collect();
    let at = |line, column| Position { line, column };
    assert_eq!(section.lines[0].position(), at(3, 3));
    assert_eq!(places, [at(3, 9), at(4, 4), at(4, 10), at(4, 11)]);
    assert_eq!(section.lines[1].field_position(0), at(5, 2));
}

#[test]
fn the_first_definition_of_a_token_counts() {
    let inf = parse("[S]\na=%x%\n[Strings]\nx=first\nX=second");
    assert_eq!(inf.value("S", "a").unwrap().text, "first");
}

#[test]
fn the_preferred_language_that_the_inf_has_is_taken() {
    let text = b"[S]\na=%x%\n[Strings]\nx=n\n[Strings.0407]\nx=d\n[Strings.0411]\nx=j";
    let read = |languages: &[u16]| {
        let options = ParseOptions { languages: languages.to_vec(), ..ParseOptions::default() };
        Inf::parse_with(text, &options).unwrap().value("S", "a").unwrap().text
    };
    assert_eq!(
        [read(&[0x40C, 0x411, 0x407]), read(&[0x807]), read(&[0x40C]), read(&[])],
        ["j", "d", "n", "n"]
    );
}

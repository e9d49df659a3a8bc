//! Registration files: what regedit takes and refuses, round trips, real files, and other programs.

use crate::support::hives;
use imgsvc::error::Error;
use imgsvc::formats::reg::{CodePage, Complaint, Item, Operation, Parser, Version, Writer};
use imgsvc::formats::regf::*;
use proptest::prelude::*;
use std::process::Command;

const V5: &str = "Windows Registry Editor Version 5.00\n\n";
const V4: &str = "REGEDIT4\n\n";
const KEY: &str = "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Test]\n";

fn units(text: &str) -> Vec<u16> {
    text.encode_utf16().collect()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn items(bytes: &[u8]) -> Vec<Item> {
    let mut parser = Parser::open(bytes, CodePage::default()).unwrap();
    let mut items = Vec::new();
    while let Some(item) = parser.next_item().unwrap() {
        items.push(item);
    }
    items
}

/// The operations of a file without faults.
fn operations(bytes: &[u8]) -> Vec<Operation> {
    let operation = |item| match item {
        Item::Operation { operation, .. } => operation,
        Item::Malformed(complaint) => panic!("{}", complaint.into_error()),
    };
    items(bytes).into_iter().map(operation).collect()
}

/// The value that a line below a key sets, or what is wrong with it.
fn value(header: &str, line: &str) -> Result<(u32, Vec<u8>), Complaint> {
    let items = items(format!("{header}{KEY}{line}").as_bytes());
    match items.into_iter().nth(1).unwrap() {
        Item::Operation { operation: Operation::SetValue { kind, data, .. }, .. } => Ok((kind, data)),
        Item::Operation { operation, .. } => panic!("{operation:?}"),
        Item::Malformed(complaint) => Err(complaint),
    }
}

fn write(operations: &[Operation], version: Version) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), version, CodePage::default()).unwrap();
    operations.iter().for_each(|operation| writer.write(operation).unwrap());
    writer.finish().unwrap()
}

/// Does to a hive what a file says; the first two names of each key are the hive.
fn apply(operations: &[Operation], hive: &mut Hive) {
    let mut key = hive.root();
    for operation in operations {
        let below = |name: &[u16]| {
            let text = String::from_utf16(name).unwrap();
            text.splitn(3, '\\').nth(2).unwrap_or_default().to_owned()
        };
        match operation {
            Operation::CreateKey(name) => key = hive.create_key(hive.root(), &below(name)).unwrap(),
            Operation::DeleteKey(name) => {
                if let Some(key) = hive.find(hive.root(), &below(name)).unwrap() {
                    hive.delete_key(key, true).unwrap();
                }
            }
            Operation::SetValue { name, kind, data } => hive.set_value_of(key, name, *kind, data).unwrap(),
            Operation::DeleteValue(name) => {
                hive.delete_value_of(key, name).unwrap();
            }
        }
    }
}

#[test]
fn what_windows_accepts_gives_what_windows_sets() {
    // Cases that Wine's tests show on Windows 7 to 10, in version 5 for bytes.
    let line = [0x4c, 0x69, 0x6e, 0x65, 0x20, 0x63].to_vec();
    for (text, expected) in [
        ("\"a\"=dword:00000782", (REG_DWORD, dword(0x782))),
        ("\"a\"=dword:1", (REG_DWORD, dword(1))),
        ("\"a\"=dword:4444", (REG_DWORD, dword(0x4444))),
        ("\"a\"=dword:1234;5678", (REG_DWORD, dword(0x1234))),
        ("\"a\"=dword:1234 ;5678", (REG_DWORD, dword(0x1234))),
        ("\"a\"=\"Value 2\";comment", (REG_SZ, sz("Value 2"))),
        ("\"a\"=\"Value 2\"\t\t;comment", (REG_SZ, sz("Value 2"))),
        ("\"a\" \t= \t\"Value;2\"", (REG_SZ, sz("Value;2"))),
        ("\"a\"=\"\"", (REG_SZ, sz(""))),
        (r#""a"="valid \"or\" \\not""#, (REG_SZ, sz(r#"valid "or" \not"#))),
        ("\"a\"=hex(3):4c,69,6e,65,20,\\\n  63", (REG_BINARY, line.clone())),
        ("\"a\"=hex(3):4c,69,6e,65,20,  \\\r\n  63\r\n", (REG_BINARY, line.clone())),
        ("\"a\"=hex:4c,69,6e,\\;comment\n  65,20,\\  ;comment\n  63", (REG_BINARY, line.clone())),
        ("\"a\"=hex:4c,69,6e,\\\n\n \n;comment\n\t\n  65,20,63,\n", (REG_BINARY, line.clone())),
        ("\"a\"=hex:4c,69,6e,65,20,63,\\", (REG_BINARY, line.clone())),
        ("\"a\"=hex:\\\n  4c,69,6e,65,20,63  ;comment", (REG_BINARY, line)),
        ("\"a\"=hex(0):", (REG_NONE, Vec::new())),
        ("\"a\"=hex(4):", (REG_DWORD, Vec::new())),
        ("\"a\"=hex(abcd):1,2", (0xabcd, vec![1, 2])),
        ("\"a\"=hex(ffffffff):56", (0xffff_ffff, vec![0x56])),
        ("\"a\"=hex(b):01,00,00,00,00,00,00,00", (REG_QWORD, qword(1))),
    ] {
        assert_eq!(value(V5, text).map_err(Complaint::into_error).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_windows_skips_is_a_complaint_with_its_place() {
    for (text, line, column) in [
        ("\"a\"=dword:", 4, 11),
        ("\"a\"=dword:hello", 4, 11),
        ("\"a\"=dword:123456789", 4, 11),
        ("\"a\"=dword:000000001", 4, 11),
        ("\"a\"=dword:0x123", 4, 12),
        ("\"a\"=dword:123 456", 4, 15),
        ("\"a\"=dword:1234#5678", 4, 15),
        ("\"a\"=\"Value 1\"#comment", 4, 14),
        ("\"a\"=\"foo\"bar\"", 4, 10),
        (r#""a"="Value1\0""#, 4, 12),
        ("\"a\"=\"Asdffdsa", 4, 14),
        ("\"a\"=Asdffdsa\"", 4, 5),
        ("\"a\"=;\"Value\"", 4, 5),
        ("\"a=\"Asdffdsa\"", 4, 5),
        ("a=\"Asdffdsa\"", 4, 1),
        ("\"a\"=-\"Test\"", 4, 6),
        ("\"a\"=hex(100000000):56", 4, 9),
        ("\"a\"=hex(0x2):56", 4, 10),
        ("\"a\"=hex(x2):56", 4, 9),
        ("\"a\"=hex(2):25,50,100,54", 4, 18),
        ("\"a\"=hex(2):25,48\\,4f", 4, 17),
        ("\"a\"=hex(2):25,48\\\n  4f", 4, 17),
        ("\"a\"=hex(2):25,48,\\4f", 4, 19),
        ("\"a\"=hex(2):,\\\n  25", 4, 12),
        ("\"a\"=hex(2):25,50,\\\n  41,,54", 5, 6),
        ("\"a\"=hex(2):25,50,\\\n\"b\"=\"text\"", 5, 1),
        ("\"a\"=hex(2):25,50,\\\n  #comment", 5, 3),
        ("@=hex:25,\\\n  \\\\\n  44", 5, 4),
        ("[ HKEY_LOCAL_MACHINE\\A]", 4, 2),
        ("[- HKEY_LOCAL_MACHINE\\A]", 4, 3),
        ("[HKEY_LOCAL_MACHINE\\A", 4, 2),
        ("[]", 4, 2),
        ("HKEY_LOCAL_MACHINE\\A]", 4, 1),
    ] {
        let complaint = match items(format!("{V5}{KEY}{text}").as_bytes()).into_iter().nth(1).unwrap() {
            Item::Malformed(complaint) => complaint,
            Item::Operation { operation, .. } => panic!("{text}: {operation:?}"),
        };
        assert_eq!((complaint.line, complaint.column), (line, column), "{text}: {complaint:?}");
    }
}

#[test]
fn a_complaint_reads_as_an_error_with_its_place() {
    let complaint = value(V5, "\"a\"=dword:hello").unwrap_err();
    assert_eq!(
        complaint.into_error().to_string(),
        "damaged registration file (.reg) at line 4, column 11: \
         expected one to eight hexadecimal digits, found 'hello'"
    );
}

#[test]
fn after_a_bad_line_the_parser_goes_on() {
    let text = format!("{V5}{KEY}\"a\"=\"open\n\"b\"=dword:1\nrubbish\n[-HKEY_USERS\\A]\n\"c\"=\"lost\"\n");
    let items = items(text.as_bytes());
    let lines: Vec<(u64, bool)> = items
        .iter()
        .map(|item| match item {
            Item::Operation { line, .. } => (*line, true),
            Item::Malformed(complaint) => (complaint.line, false),
        })
        .collect();
    assert_eq!(lines, [(3, true), (4, false), (5, true), (6, false), (7, true), (8, false)]);
}

#[test]
fn a_text_may_have_line_ends_in_it() {
    let expected = (REG_SZ, sz("first\r\nsecond"));
    assert_eq!(value(V5, "\"a\"=\"first\r\nsecond\" ;comment").unwrap(), expected);
}

#[test]
fn names_of_keys_and_values_may_have_brackets_equals_signs_and_quotes() {
    let text = format!("{V5}[HKEY_LOCAL_MACHINE\\a]b=\"c[d]\\e/f ] ;comment\n\"g=\\\"h\\\\i]\"=-\n@=-\n");
    assert_eq!(
        operations(text.as_bytes()),
        [
            Operation::CreateKey(units("HKEY_LOCAL_MACHINE\\a]b=\"c[d]\\e/f ")),
            Operation::DeleteValue(units("g=\"h\\i]")),
            Operation::DeleteValue(Vec::new()),
        ]
    );
}

#[test]
fn a_file_of_any_encoding_says_the_same() {
    let text = format!("{V5}[HKEY_USERS\\Grüße]\r\n\"ключ\"=\"日本\u{1F600}\"\r\n");
    let expected = [
        Operation::CreateKey(units("HKEY_USERS\\Grüße")),
        Operation::SetValue { name: units("ключ"), kind: REG_SZ, data: sz("日本\u{1F600}") },
    ];
    let little = utf16(&text);
    let big: Vec<u8> = little.chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let utf_8 = format!("\u{FEFF}{text}");
    for bytes in [little.as_slice(), big.as_slice(), utf_8.as_bytes()] {
        assert_eq!(operations(bytes), expected);
    }
    let headerless = text.trim_start_matches(V5);
    assert_eq!(operations(headerless.as_bytes()), expected, "hivexregedit writes UTF-8");
}

#[test]
fn version_4_has_text_in_a_code_page() {
    let cases: [(u32, &[u8], &str); 4] =
        [(1252, b"\x80", "€"), (1251, b"\xCA", "К"), (932, b"\x93\xFA", "日"), (936, b"\xC4\xE3", "你")];
    for (number, bytes, text) in cases {
        let mut file = format!("{V4}[HKEY_USERS\\").into_bytes();
        file.extend_from_slice(bytes);
        let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:x}")).collect();
        file.extend(format!("]\n\"a\"=hex(2):{},00\n\"b\"=hex:{0}\n", hex.join(",")).bytes());
        let mut parser = Parser::open(file.as_slice(), CodePage::from_number(number).unwrap()).unwrap();
        assert_eq!(parser.version(), Version::V4);
        let mut next = || match parser.next_item().unwrap().unwrap() {
            Item::Operation { operation, .. } => operation,
            Item::Malformed(complaint) => panic!("{complaint:?}"),
        };
        assert_eq!(next(), Operation::CreateKey(units(&format!("HKEY_USERS\\{text}"))));
        assert_eq!(next(), Operation::SetValue { name: units("a"), kind: REG_EXPAND_SZ, data: sz(text) });
        assert_eq!(next(), Operation::SetValue { name: units("b"), kind: REG_BINARY, data: bytes.to_vec() });
    }
}

#[test]
fn a_file_without_a_known_header_is_refused() {
    for text in
        ["regedit4\n", "REGEDIT\n", "REGEDIT5\n", "REGEDIT4FOO\n", "Windows Registry Editor Version 4.00\n"]
    {
        let error = Parser::open(text.as_bytes(), CodePage::default()).unwrap_err();
        assert!(
            matches!(error, Error::Malformed { ref place, .. } if place == "line 1, column 1"),
            "{error}"
        );
    }
    for text in ["\t REGEDIT4 ", " Windows Registry Editor Version 5.00\r\n"] {
        Parser::open(text.as_bytes(), CodePage::default()).unwrap();
    }
}

/// Gives one byte at a time.
struct Slowly<'a>(&'a [u8]);

impl std::io::Read for Slowly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = buffer.len().min(1);
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn parts_of_a_file_that_are_read_apart_say_the_same() {
    let lines: String = (0..4000).map(|number| format!("\"v{number}\"=\"日本 {number}\"\r\n")).collect();
    let text = format!("\u{FEFF}{V5}{KEY}{lines}");
    for bytes in [text.clone().into_bytes(), utf16(&text[3..])] {
        let mut parser = Parser::open(Slowly(&bytes), CodePage::default()).unwrap();
        let mut count = 0;
        while let Some(item) = parser.next_item().unwrap() {
            assert!(matches!(item, Item::Operation { .. }), "{item:?}");
            count += 1;
        }
        assert_eq!(count, 4001);
        assert_eq!(operations(&bytes).len(), 4001);
    }
}

#[test]
fn lines_and_values_without_an_end_are_refused() {
    let endless = |start: &str, part: &'static [u8]| {
        let source = std::io::Cursor::new(format!("{V5}{KEY}{start}").into_bytes());
        let parts = std::iter::repeat_n(part, 1 << 30).flatten().copied();
        let source = std::io::Read::chain(source, Endless(Box::new(parts)));
        let mut parser = Parser::open(source, CodePage::default()).unwrap();
        parser.next_item().unwrap();
        parser.next_item().unwrap_err()
    };
    assert!(matches!(endless("\"a\"=\"", b"x"), Error::LimitExceeded { .. }));
    assert!(matches!(endless("\"a\"=\"", b"xxxxxxxxxxxxxxx\n"), Error::LimitExceeded { .. }));
    assert!(matches!(endless("\"a\"=hex:00,\\\n", b"11,22,33,44,55,66,\\\n"), Error::LimitExceeded { .. }));
}

struct Endless(Box<dyn Iterator<Item = u8>>);

impl std::io::Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        buffer.iter_mut().zip(&mut self.0).for_each(|(place, byte)| *place = byte);
        Ok(buffer.len())
    }
}

#[test]
fn what_regedit_exported_is_written_again_byte_for_byte() {
    let Some(folder) = hives::testdata("reg/lumia") else { return };
    let mut files = 0;
    for (name, bytes) in hives::files(&folder) {
        assert_eq!(write(&operations(&bytes), Version::V5), bytes, "{name}");
        files += 1;
    }
    assert!(files >= 16, "{files}");
}

#[test]
fn every_real_file_is_read_and_means_the_same_after_writing() {
    let Some(folder) = hives::testdata("reg") else { return };
    for (name, bytes) in hives::files(&folder).into_iter().filter(|(name, _)| name.ends_with(".reg")) {
        let mut complaints = Vec::new();
        let mut read = Vec::new();
        for item in items(&bytes) {
            match item {
                Item::Operation { operation, .. } => read.push(operation),
                Item::Malformed(Complaint { line, column, .. }) => complaints.push((line, column)),
            }
        }
        // One has a quotation mark too many, for which regedit skips the line.
        let faults: &[(u64, u64)] = if name.contains("Sytem") { &[(52, 33)] } else { &[] };
        assert_eq!(complaints, faults, "{name}");
        assert!(!read.is_empty(), "{name}");
        assert_eq!(operations(&write(&read, Version::V5)), read, "{name}");
        if !name.contains("Sytem") {
            // That one has Chinese names, which the code page lacks.
            assert_eq!(operations(&write(&read, Version::V4)), read, "{name}");
        }
        let mut hive = Hive::new("ROOT", 5, None).unwrap();
        apply(&read, &mut hive);
        hive.check().unwrap();
    }
}

/// Whether a program is there; says so if not.
fn has(program: &str) -> bool {
    let found = Command::new(program).arg("--help").output().is_ok();
    if !found {
        eprintln!("SKIPPED: {program} is not installed");
    }
    found
}

/// What hivexregedit makes of a file in a hive.
fn merged_by_hivexregedit(hive: &mut Hive, prefix: &str, file: &[u8]) -> Vec<u8> {
    let hive = hives::write_temporary(&hive.finish(1).unwrap().bytes);
    let file = hives::write_temporary(file);
    let mut command = Command::new("hivexregedit");
    command.args(["--merge", "--prefix", prefix]).arg(hive.path()).arg(file.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(hive.path()).unwrap()
}

fn sample() -> Vec<Operation> {
    let set = |name: &str, kind, data: Vec<u8>| Operation::SetValue { name: units(name), kind, data };
    vec![
        Operation::CreateKey(units(r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso")),
        set("", REG_SZ, sz("default")),
        set("quoted \"name\"=x", REG_SZ, sz(r#"C:\Windows "x""#)),
        set("number", REG_DWORD, dword(0xDEAD_BEEF)),
        set("odd number", REG_DWORD, vec![1, 2, 3]),
        set("long", REG_QWORD, qword(u64::MAX)),
        set("bytes", REG_BINARY, (0..=255).collect()),
        set("none", REG_NONE, Vec::new()),
        set("path", REG_EXPAND_SZ, sz("%SystemRoot%\\x")),
        set("list", REG_MULTI_SZ, multi_sz(["one", "two"])),
        set("lines", REG_SZ, sz("one\r\ntwo")),
        set("unterminated", REG_SZ, b"a\0b\0".to_vec()),
        set("twice", REG_SZ, b"a\0\0\0".to_vec()),
        set("empty", REG_SZ, Vec::new()),
        set("other", 0x0012_FFFF, vec![7]),
        Operation::CreateKey(units(r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\a]b")),
    ]
}

#[test]
fn hivexregedit_reads_what_is_written() {
    if !has("hivexregedit") || !hives::has_hivex() {
        return;
    }
    let mut ours = Hive::new("ROOT", 5, None).unwrap();
    apply(&sample(), &mut ours);
    // It wants UTF-8 or the like, and no file mark.
    let utf16 = write(&sample(), Version::V5);
    let units: Vec<u16> =
        utf16.chunks(2).skip(1).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).unwrap();
    let mut empty = Hive::new("ROOT", 5, None).unwrap();
    let merged = merged_by_hivexregedit(&mut empty, r"HKEY_LOCAL_MACHINE\SOFTWARE", text.as_bytes());
    assert_eq!(hives::dump_without_times(&Hive::open(merged).unwrap()), hives::dump_without_times(&ours));
}

#[test]
fn hivexregedit_finds_the_same_in_real_files() {
    let Some(folder) = hives::testdata("reg") else { return };
    if !has("hivexregedit") || !hives::has_hivex() {
        return;
    }
    let mut judged = 0;
    for (name, bytes) in hives::files(&folder) {
        if !name.ends_with(".reg") || name.contains("firpe") {
            continue; // Those delete keys that are not there, at which hivexregedit stops.
        }
        let read = operations(&bytes);
        let mut ours = Hive::new("ROOT", 5, None).unwrap();
        apply(&read, &mut ours);
        // It does not create the keys above a key.
        let keys: Vec<Operation> =
            read.into_iter().filter(|operation| matches!(operation, Operation::CreateKey(_))).collect();
        let mut theirs = Hive::new("ROOT", 5, None).unwrap();
        apply(&keys, &mut theirs);
        let Operation::CreateKey(first) = &keys[0] else { unreachable!() };
        let prefix: Vec<String> =
            String::from_utf16(first).unwrap().split('\\').take(2).map(str::to_owned).collect();
        let text = match bytes.strip_prefix(&[0xFF, 0xFE]) {
            None => bytes,
            Some(rest) => {
                let units: Vec<u16> =
                    rest.chunks(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
                String::from_utf16(&units).unwrap().into_bytes()
            }
        };
        let merged = merged_by_hivexregedit(&mut theirs, &prefix.join("\\"), &text);
        let merged = Hive::open(merged).unwrap();
        assert_eq!(hives::dump_without_times(&merged), hives::dump_without_times(&ours), "{name}");
        judged += 1;
    }
    assert!(judged >= 20, "{judged}");
}

#[test]
fn what_hivexregedit_exports_is_read() {
    if !has("hivexregedit") {
        return;
    }
    let mut hive = Hive::new("ROOT", 5, None).unwrap();
    apply(&sample(), &mut hive);
    let file = hives::write_temporary(&hive.finish(1).unwrap().bytes);
    for option in [&[][..], &["--unsafe-printable-strings"][..]] {
        let mut command = Command::new("hivexregedit");
        command.args(["--export", "--prefix", r"HKEY_LOCAL_MACHINE\SOFTWARE"]).args(option);
        let output = command.arg(file.path()).arg(r"\").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut read = Hive::new("ROOT", 5, None).unwrap();
        apply(&operations(&output.stdout), &mut read);
        if option.is_empty() {
            assert_eq!(hives::dump_without_times(&read), hives::dump_without_times(&hive));
        }
    }
}

/// Names that a file can hold: any units but NUL and line ends.
fn name() -> impl Strategy<Value = Vec<u16>> {
    let unit = prop_oneof![
        any::<u16>(),
        0x20..0x7F_u16,
        prop::sample::select(r#"\"[]=;-@#"#.encode_utf16().collect::<Vec<u16>>())
    ];
    let unit = unit.prop_filter("no file can hold these", |unit| !matches!(unit, 0 | 10 | 13));
    prop::collection::vec(unit, 0..24)
}

fn operation() -> impl Strategy<Value = Vec<Operation>> {
    let data = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80),
        "\\PC{0,30}".prop_map(|text| sz(&text)),
        any::<u32>().prop_map(dword)
    ];
    let kind = prop_oneof![0..12_u32, any::<u32>()];
    let value = prop_oneof![
        (name(), kind, data).prop_map(|(name, kind, data)| Operation::SetValue { name, kind, data }),
        name().prop_map(Operation::DeleteValue)
    ];
    let key = name().prop_map(|name| [units("HKEY_LOCAL_MACHINE\\"), name].concat()).boxed();
    prop_oneof![
        (key.clone(), prop::collection::vec(value, 0..5))
            .prop_map(|(key, values)| { std::iter::once(Operation::CreateKey(key)).chain(values).collect() }),
        key.prop_map(|key| vec![Operation::DeleteKey(key)])
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(parts in prop::collection::vec(operation(), 0..6)) {
        let written = parts.concat();
        let file = write(&written, Version::V5);
        prop_assert_eq!(operations(&file), written);
        for line in file.chunks(2).skip(1).map(|pair| pair.to_vec()).collect::<Vec<_>>().split(|unit| *unit == [10, 0]) {
            let is_wrapped = line.len() > 2 && line[line.len() - 2] == [b'\\', 0] && line[0] == [b' ', 0];
            prop_assert!(!is_wrapped || line.len() <= 81);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), start in 0..4_usize) {
        let text = [V5, V4, "", "\u{FEFF}REGEDIT4\n[HKLM\\a]\n\"a\"=hex:"][start];
        let bytes = [text.as_bytes(), &bytes].concat();
        if let Ok(mut parser) = Parser::open(bytes.as_slice(), CodePage::default()) {
            while parser.next_item().unwrap().is_some() {}
        }
    }

    #[test]
    fn version_4_brings_back_what_its_code_page_has(text in "[ -~é€ß]{0,40}", list in prop::collection::vec("[a-zé]{1,9}", 0..4)) {
        let written = vec![
            Operation::CreateKey(units(&format!("HKEY_USERS\\{text}"))),
            Operation::SetValue { name: units(&text), kind: REG_SZ, data: sz(&text) },
            Operation::SetValue { name: Vec::new(), kind: REG_EXPAND_SZ, data: sz(&text) },
            Operation::SetValue { name: units("x"), kind: REG_MULTI_SZ, data: multi_sz(&list) },
        ];
        prop_assert_eq!(operations(&write(&written, Version::V4)), written);
    }
}

#[test]
fn what_no_file_can_hold_is_refused_and_leaves_the_file_whole() {
    let mut writer = Writer::new(Vec::new(), Version::V4, CodePage::default()).unwrap();
    writer.write(&Operation::CreateKey(units("HKEY_USERS\\A"))).unwrap();
    for refused in [
        Operation::CreateKey(units("HKEY_USERS\\a\nb")),
        Operation::DeleteValue(units("a\0b")),
        Operation::CreateKey(units("HKEY_USERS\\日")),
        Operation::SetValue { name: units("a"), kind: REG_EXPAND_SZ, data: sz("日") },
        Operation::SetValue { name: units("a"), kind: REG_SZ, data: vec![0x41] },
    ] {
        assert!(matches!(writer.write(&refused), Err(Error::Unsupported { .. })), "{refused:?}");
    }
    let file = writer.finish().unwrap();
    assert_eq!(file, b"REGEDIT4\r\n\r\n[HKEY_USERS\\A]\r\n\r\n");
}

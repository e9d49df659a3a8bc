//! Documents that are made to do harm: each is refused with its place, in time, or read without loss.

use crate::documents::{paths, read, SMALL};
use imgsvc::error::Error;
use imgsvc::formats::unattend::{compare, merge, AnswerFile, Prefer, SetOptions, SettingPath};
use imgsvc::formats::xml::Limits;
use imgsvc::servicing::unattend;
use std::time::Instant;

const LIMITS: Limits = Limits::ANSWER_FILE;

fn inside(content: &str) -> String {
    format!("<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n{content}\n</unattend>")
}

fn component(content: &str) -> String {
    format!("<unattend xmlns='u'><settings pass='specialize'><component name='c' processorArchitecture='x86'>{content}</component></settings></unattend>")
}

fn wide(text: &str, big_endian: bool) -> Vec<u8> {
    let bytes = if big_endian { u16::to_be_bytes } else { u16::to_le_bytes };
    text.encode_utf16().flat_map(bytes).collect()
}

/// The place of the error that reading the bytes gives.
fn place(what: &str, bytes: &[u8]) -> String {
    match AnswerFile::parse(bytes) {
        Err(Error::Malformed { place, .. }) => place,
        other => panic!("{what}: {:?}", other.map(|file| file.text().to_owned())),
    }
}

#[test]
fn hostile_documents_are_refused_with_their_line_and_column() {
    let laughs: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">\n", format!("&l{};", n - 1).repeat(10))).collect();
    let malformed = [
        (
            "a billion laughs",
            format!("<!DOCTYPE u [\n<!ENTITY l0 \"l\">\n{laughs}]>\n{}", inside("&l9;")),
            "line 1,",
        ),
        (
            "a quadratic bomb",
            format!(
                "<!DOCTYPE u [<!ENTITY a \"{}\">]>\n{}",
                "a".repeat(50_000),
                inside(&"&a;".repeat(50_000))
            ),
            "line 1,",
        ),
        ("a bomb", format!("<!DOCTYPE a [\n<!ENTITY b \"bb\">\n]>{}", inside("&b;")), "line 1,"),
        (
            "a parameter entity",
            format!("<!DOCTYPE a [<!ENTITY % p SYSTEM 'x'>%p;]>{}", inside("")),
            "line 1,",
        ),
        ("a document type", format!("\n\n <!DOCTYPE unattend>{}", inside("")), "line 3, column 2"),
        (
            "a remote document type",
            format!("<!DOCTYPE a PUBLIC 'a' 'http://b/c.dtd'>{}", inside("")),
            "line 1,",
        ),
        ("an entity", inside("<settings>&b;</settings>"), "line 2, column 11"),
        ("an entity in an attribute", inside("<a b='&c;'/>"), "line 2, column 7"),
        ("an external entity", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_owned(), "line 1,"),
        ("a NUL", inside("a\0b"), "line 2, column 2"),
        ("a control character", inside("<a b='\u{1}'/>"), "line 2, column 7"),
        ("U+FFFF", inside("<!-- \u{FFFF} -->"), "line 2, column 6"),
        ("a reference to NUL", inside("&#0;"), "line 2, column 1"),
        ("a reference to half a character", inside("&#xD800;"), "line 2, column 1"),
        ("a reference beyond Unicode", inside("&#x110000;"), "line 2, column 1"),
        ("a reference with a sign", inside("&#+65;"), "line 2, column 1"),
        ("a lone ampersand", inside("a & b"), "line 2, column 3"),
        ("an end of CDATA in text", inside("a]]>b"), "line 2, column 2"),
        ("CDATA without end", inside("<![CDATA[ a"), "line 3, column 12"),
        ("an instruction whose name goes on", inside("<?a&b ?>"), "line 2, column 4"),
        ("a comment in a comment", inside("<!-- a -- b -->"), "line 2, column 8"),
        ("a tag that is not closed", inside("<a>"), "line 3,"),
        ("a tag that is not opened", inside("</a>"), "line 2,"),
        ("tags that cross", inside("<a><b></a></b>"), "line 2, column 7"),
        ("an attribute twice", inside("<a b='1' b='2'/>"), "line 2, column 10"),
        ("attributes that touch", inside("<a b='1'c='2'/>"), "line 2, column 9"),
        ("an attribute without quotes", inside("<a b=1/>"), "line 2, column 6"),
        ("a tag in an attribute", inside("<a b='<'/>"), "line 2, column"),
        ("two roots", "<unattend/>\n<unattend/>".to_owned(), "line 2,"),
        ("text behind the root", "<unattend/>\nx".to_owned(), "line 2,"),
        ("no root", "\n".to_owned(), "the end"),
        ("nothing", String::new(), "the end"),
        ("an open start tag", "<unattend a='1'".to_owned(), "the end"),
        ("a late declaration", "<!-- -->\n<?xml version=\"1.0\"?><unattend/>".to_owned(), "line 2,"),
        ("another root", "<a/>".to_owned(), "line 1, column 1"),
        (
            "a million levels",
            ["<unattend>\n".to_owned(), "<a>".repeat(1_000_000)].concat(),
            "line 2, column 766",
        ),
        ("too many elements", inside(&"<a/>".repeat(LIMITS.nodes)), "line 2, column "),
        (
            "too many attributes",
            inside(&format!("<a {}/>", (0..300).map(|n| format!("a{n}='' ")).collect::<String>())),
            "line 2, column ",
        ),
        ("a byte order mark twice", format!("\u{FEFF}\u{FEFF}{}", inside("")), "line 1, column 1"),
    ];
    for (what, text, expected) in malformed {
        for bytes in [text.as_bytes().to_vec(), wide(&format!("\u{FEFF}{text}"), false)] {
            let found = place(what, &bytes);
            // A mark that is doubled is one mark behind the one that UTF-16 begins with here.
            assert!(found.starts_with(expected), "{what}: {found}");
        }
    }
    let limits = [
        vec![b' '; LIMITS.size + 1],
        // A few long names around many elements: a list of settings would be gigabytes.
        component(&format!("<{0}>{1}</{0}>", "n".repeat(100_000), "<a/>".repeat(10_000))).into_bytes(),
    ];
    for bytes in limits {
        assert!(matches!(AnswerFile::parse(&bytes), Err(Error::LimitExceeded { .. })));
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    let declared = |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?>\n{}", inside("ä"));
    let behind = |bytes: &[u8]| [b"<unattend>\n  ", bytes, b"</unattend>"].concat();
    let cases: [(&str, Vec<u8>, &str); 18] = [
        ("a byte of no character", behind(b"\xFF"), "line 2, column 3"),
        ("an overlong slash", behind(b"\xC0\xAF"), "line 2, column 3"),
        ("an overlong NUL", behind(b"\xE0\x80\x80"), "line 2, column 3"),
        ("a surrogate in UTF-8", behind(b"\xED\xA0\x80"), "line 2, column 3"),
        ("beyond Unicode", behind(b"\xF4\x90\x80\x80"), "line 2, column 3"),
        ("a character cut off", b"<unattend>\n  \xE2\x82".to_vec(), "line 2, column 3"),
        (
            "half a character",
            [wide("\u{FEFF}<unattend>\n </unattend>", false), vec![0x20]].concat(),
            "line 2, column 13",
        ),
        ("a lone surrogate", [wide("\u{FEFF}<a>\n", false), vec![0x00, 0xD8]].concat(), "line 2, column 1"),
        (
            "surrogates in the wrong order",
            [wide("\u{FEFF}<a>\n", true), vec![0xDC, 0, 0xD8, 0]].concat(),
            "line 2, column 1",
        ),
        ("UTF-32", [&[0xFF, 0xFE, 0, 0][..], b"<\0\0\0"].concat(), "line 1, column 1"),
        ("UTF-16 that says UTF-8", wide(&format!("\u{FEFF}{}", declared("utf-8")), false), "line 1, "),
        ("UTF-8 that says UTF-16", declared("utf-16").into_bytes(), "line 1, "),
        (
            "a mark of UTF-8 that says Latin-1",
            format!("\u{FEFF}{}", declared("iso-8859-1")).into_bytes(),
            "line 1, ",
        ),
        ("UTF-7", declared("utf-7").into_bytes(), "line 1, "),
        ("an unknown encoding", declared("x-nothing").into_bytes(), "line 1, "),
        ("EBCDIC", b"\x4C\xA4\x95\x6E".to_vec(), "line 1, column 2"),
        (
            "a byte of no character in Shift JIS",
            b"<?xml version='1.0' encoding='shift_jis'?>\n<unattend/>\n\xFF".to_vec(),
            "line 3, column 1",
        ),
        ("a stream of zeros", vec![0; 100], "line 1, column 1"),
    ];
    for (what, bytes, expected) in cases {
        let found = place(what, &bytes);
        assert!(found.starts_with(expected), "{what}: {found}");
    }
}

#[test]
fn what_is_unusual_but_xml_comes_out_as_it_went_in() {
    let name = "ComputerName";
    let unusual = [
        format!("<{name}><![CDATA[a<b&c]]>]]&gt;</{name}>"),
        format!("<{name} xml:space='preserve'>  a\r\n\tb </{name}>"),
        format!("<q:{name} q:a='1' r:a='2'>x</q:{name}>"),
        format!("<{name}><?php x ?>a<!-- b -->c</{name} >"),
        format!("<{name} a='&lt;&quot;&#10;>'\n\tb=\"'\"/>"),
        format!("<{name}>\u{10FFFD}\u{FEFF}&#x10FFFF;</{name}>"),
        "<a.b-c_d·é/><élan/>".to_owned(),
    ];
    for content in unusual {
        let text = SMALL.replace("<ComputerName>PC-1</ComputerName>", &content);
        let utf16 = text.replace("utf-8", "utf-16");
        for bytes in [text.into_bytes(), wide(&format!("\u{FEFF}{utf16}"), false), wide(&utf16, true)] {
            let mut file = AnswerFile::parse(&bytes).expect(&content);
            assert_eq!(file.to_bytes(), bytes, "{content}");
            // An edit elsewhere leaves it alone.
            file.set(
                "specialize/*shell*/TimeZone".replace("*shell*", "Microsoft-Windows-Shell-Setup").as_str(),
                "UTC",
                &SetOptions::default(),
            )
            .unwrap();
            assert!(file.text().contains(&content), "{content}");
        }
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let text = SMALL.trim_end();
    let utf16 = wide(&format!("\u{FEFF}{}", text.replace("utf-8", "utf-16")), false);
    for bytes in [text.as_bytes(), &utf16] {
        for length in 0..bytes.len() {
            let found = place("cut off", &bytes[..length]);
            assert!(found.starts_with("line ") || found == "the end", "{length}: {found}");
        }
    }
}

#[test]
fn hostile_files_of_the_host_are_refused_by_name_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (path, good) = (folder.path().join("evil.xml"), folder.path().join("good.xml"));
    std::fs::write(&good, SMALL).unwrap();
    let documents = [
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>\n<unattend>&b;</unattend>".to_vec(),
        "<unattend>".repeat(100_000).into_bytes(),
        wide("\u{FEFF}<unattend>\u{0}</unattend>", false),
        vec![b'<'; LIMITS.size + 1],
    ];
    for bytes in documents {
        std::fs::write(&path, &bytes).unwrap();
        let target = folder.path().join("new.xml");
        let name = "specialize/Microsoft-Windows-Shell-Setup/ComputerName";
        let merged = |base, other: &std::path::PathBuf| {
            unattend::merge(base, std::slice::from_ref(other), &target, &unattend::MergeOptions::default())
        };
        let errors = [
            unattend::list(&path, None, false).unwrap_err(),
            unattend::set(&path, name, "x", &SetOptions::default(), false).unwrap_err(),
            unattend::remove(&path, name, true).unwrap_err(),
            unattend::to_json(&path).unwrap_err(),
            unattend::compare(&path, &good, false).unwrap_err(),
            unattend::compare(&good, &path, false).unwrap_err(),
            merged(&path, &good).unwrap_err(),
            merged(&good, &path).unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().contains("evil.xml"), "{error}");
        }
        match unattend::test(&path, None, &mut imgsvc::progress::unobserved) {
            Ok(report) => assert!(report.findings.iter().any(|finding| finding.line > 0), "{report:?}"),
            Err(error) => assert!(error.to_string().contains("evil.xml"), "{error}"),
        }
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert!(!target.exists());
    }
}

#[test]
fn hostile_json_is_refused_in_time() {
    let start = Instant::now();
    let settings = |members: &str| {
        format!(
            "{{\"passes\": [{{\"pass\": \"specialize\", \"components\": [{{\"name\": \"c\", \
             \"processorArchitecture\": \"x86\", \"settings\": {{{members}}}}}]}}]}}"
        )
    };
    assert!(AnswerFile::from_json(&settings("\"a\": 1")).is_ok());
    let refused = [
        format!("{}1{}", "[".repeat(1_000_000), "]".repeat(1_000_000)),
        settings(&format!("{}1{}", "\"a\": {".repeat(100_000), "}".repeat(100_000))),
        settings("\"a\": 1, \"a\": 2"),
        settings("\"a\": \"\\u0000\""),
        settings("\"a\": \"\\ud800\""),
        settings("\"a b\": 1"),
        settings("\"<a>\": 1"),
        settings("\"a\": {\"@x y\": \"1\", \"#text\": \"2\"}"),
        settings("\"a\": 1e999"),
        settings(&format!("\"a\": [{}1]", "1,".repeat(LIMITS.nodes))),
        format!("{{\"passes\": [{}]}}", "{\"pass\":\"specialize\"},".repeat(100)),
        " ".repeat(LIMITS.size + 1),
        // Elements that are indented deeply are more text than they were.
        settings(&format!("{}\"b\": [{}1]{}", "\"a\": {".repeat(100), "1,".repeat(150_000), "}".repeat(100))),
    ];
    for json in refused {
        let shown: String = json.chars().take(150).collect();
        assert!(AnswerFile::from_json(&json).is_err(), "{shown}");
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn many_and_deep_elements_are_read_in_time() {
    let start = Instant::now();
    let many = read(&component(&"<a>1</a>".repeat(60_000)));
    assert_eq!(paths(&many, "**/a").len(), 60_000);
    let depth = LIMITS.depth - 3;
    let deep = read(&component(&format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth))));
    assert_eq!(paths(&deep, "**/a/**/a/**/a").len(), 1);
    let wide: String = (0..200).map(|n| format!(" xmlns:p{n}='{n}'")).collect();
    let prefixes = read(&component(&format!("{}{}", format!("<a{wide}>").repeat(200), "</a>".repeat(200))));
    assert_eq!(prefixes.components().count(), 1);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn many_settings_are_merged_compared_and_removed_in_time() {
    let start = Instant::now();
    const COUNT: usize = 20_000;
    // On one line, where a search for line ends finds none.
    let list = |value: &str| {
        let item = |n| {
            format!("<I wcm:action='add' xmlns:wcm='http://schemas.microsoft.com/WMIConfig/2002/State'><Order>{n}</Order><P>{value}</P></I>")
        };
        component(&(0..COUNT / 2).map(item).collect::<String>())
    };
    let (one, two) = (read(&list("1")), read(&list("2")));
    let made = merge(&AnswerFile::new().unwrap(), std::slice::from_ref(&one), None).unwrap();
    assert_eq!((made.added, compare(&one, &made.file).len()), (COUNT, 0));
    let changed = merge(&one, std::slice::from_ref(&two), Some(Prefer::Other)).unwrap();
    assert_eq!((changed.changed, changed.file.text() == two.text()), (COUNT / 2, true));
    assert_eq!(compare(&one, &two).len(), COUNT / 2);
    let mut less = made.file.clone();
    assert_eq!(less.remove(&SettingPath::parse("**/Order").unwrap(), true).unwrap().len(), COUNT / 2);
    assert_eq!(paths(&less, "*").len(), COUNT / 2);
    assert_eq!(less.remove(&SettingPath::parse("**/P").unwrap(), true).unwrap().len(), COUNT / 2);
    assert_eq!(less.passes().count(), 0);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

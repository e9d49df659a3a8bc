//! Documents that are made to do harm.

use crate::documents::{paths, read};
use imgsvc::error::Error;
use imgsvc::formats::unattend::AnswerFile;
use imgsvc::formats::xml::{MAX_DEPTH, MAX_NODES, MAX_SIZE};

#[test]
fn hostile_documents_are_refused_with_their_line() {
    let inside = |content: &str| {
        format!("<unattend xmlns=\"urn:schemas-microsoft-com:unattend\">\n{content}\n</unattend>")
    };
    let malformed = [
        ("a bomb", format!("<!DOCTYPE a [\n<!ENTITY b \"bb\">\n]>{}", inside("&b;")), "line 1,"),
        ("an entity", inside("<settings>&b;</settings>"), "line 2, column 11"),
        ("an external entity", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>".to_owned(), "line 1,"),
        ("a NUL", inside("a\0b"), "line 2, column 2"),
        ("a reference to NUL", inside("&#0;"), "line 2, column 1"),
        ("a reference beyond Unicode", inside("&#x110000;"), "line 2, column 1"),
        ("a reference with a sign", inside("&#+65;"), "line 2, column 1"),
        ("a lone ampersand", inside("a & b"), "line 2, column 3"),
        ("a tag that is not closed", inside("<a>"), "line 3,"),
        ("a tag that is not opened", inside("</a>"), "line 2,"),
        ("tags that cross", inside("<a><b></a></b>"), "line 2, column 7"),
        ("an attribute twice", inside("<a b='1' b='2'/>"), "line 2, column 10"),
        ("attributes that touch", inside("<a b='1'c='2'/>"), "line 2, column 9"),
        ("two roots", "<unattend/>\n<unattend/>".to_owned(), "line 2,"),
        ("text behind the root", "<unattend/>\nx".to_owned(), "line 2,"),
        ("no root", "\n".to_owned(), "the end"),
        ("nothing", String::new(), "the end"),
        ("an open start tag", "<unattend a='1'".to_owned(), "the end"),
        ("a late declaration", "<!-- -->\n<?xml version=\"1.0\"?><unattend/>".to_owned(), "line 2,"),
        ("another root", "<a/>".to_owned(), "line 1, column 1"),
    ];
    for (what, text, place) in malformed {
        match AnswerFile::parse(text.as_bytes()) {
            Err(Error::Malformed { place: found, .. }) => {
                assert!(found.starts_with(place), "{what}: {found}")
            }
            other => panic!("{what}: {other:?}"),
        }
    }
    let bytes = [inside("a").as_bytes(), b"<!-- \n\xFF -->"].concat();
    assert!(matches!(AnswerFile::parse(&bytes), Err(Error::Malformed { place, .. }) if place == "line 4"));
    let surrogate: Vec<u8> = "<a>\n".encode_utf16().chain([0xD800]).flat_map(u16::to_le_bytes).collect();
    assert!(
        matches!(AnswerFile::parse(&surrogate), Err(Error::Malformed { place, .. }) if place == "line 2")
    );

    let limits = [
        vec![b' '; MAX_SIZE + 1],
        ["<unattend>".to_owned(), "<a>".repeat(MAX_DEPTH)].concat().into_bytes(),
        inside(&"<a/>".repeat(MAX_NODES)).into_bytes(),
        inside(&format!("<a {}/>", (0..300).map(|n| format!("a{n}='' ")).collect::<String>())).into_bytes(),
    ];
    for bytes in limits {
        assert!(matches!(AnswerFile::parse(&bytes), Err(Error::LimitExceeded { .. })));
    }
}

#[test]
fn many_and_deep_elements_are_read_in_time() {
    let start = std::time::Instant::now();
    let component = |content: &str| {
        format!("<unattend xmlns='u'><settings pass='specialize'><component name='c'>{content}</component></settings></unattend>")
    };
    let many = read(&component(&"<a>1</a>".repeat(60_000)));
    assert_eq!(paths(&many, "**/a").len(), 60_000);
    let depth = MAX_DEPTH - 3;
    let deep = read(&component(&format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth))));
    assert_eq!(paths(&deep, "**/a/**/a/**/a").len(), 1);
    let wide: String = (0..200).map(|n| format!(" xmlns:p{n}='{n}'")).collect();
    let prefixes = read(&component(&format!("{}{}", format!("<a{wide}>").repeat(200), "</a>".repeat(200))));
    assert_eq!(prefixes.components().count(), 1);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

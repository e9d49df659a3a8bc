//! Answer files that chance edits or damages, against expat.

use crate::documents::{corpus, SMALL};
use crate::expat::expat;
use imgsvc::formats::unattend::{AnswerFile, SetOptions, SettingPath};
use imgsvc::formats::xml::{Element, Position};
use imgsvc::servicing::unattend::check::check;
use serde_json::{json, Value};

/// Numbers that are the same in each run.
struct Chance(u64);

impl Chance {
    /// Those of `IMGSVC_SEED`, to try others.
    fn new() -> Self {
        let seed = std::env::var("IMGSVC_SEED").ok().and_then(|seed| seed.parse().ok());
        Self(seed.unwrap_or(1_u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }
}

/// An element as expat tells of it, and where it is.
#[derive(Clone)]
struct Row {
    position: Position,
    depth: usize,
    shown: Value,
}

fn rows(file: &AnswerFile) -> Vec<Row> {
    fn visit(element: Element<'_>, depth: usize, rows: &mut Vec<Row>) {
        let attributes = element.attributes();
        let attributes: Vec<String> =
            attributes.flat_map(|found| [found.qualified_name().to_owned(), found.value()]).collect();
        let shown = json!([element.qualified_name(), attributes, without_layout(&element.text())]);
        rows.push(Row { position: element.position(), depth, shown });
        element.elements().for_each(|child| visit(child, depth + 1, rows));
    }
    let mut found = Vec::new();
    visit(file.root(), 0, &mut found);
    found
}

/// White space with a line end in it, as edits of other lines may leave it.
fn without_layout(text: &str) -> String {
    match text.contains('\n') {
        true => text.split_whitespace().collect::<Vec<_>>().join(" "),
        false => text.to_owned(),
    }
}

fn without_line(theirs: &str) -> Value {
    let theirs: Value = serde_json::from_str(theirs).unwrap();
    json!([theirs[1], theirs[2], without_layout(theirs[3].as_str().unwrap())])
}

#[test]
fn any_edits_of_a_real_file_change_these_settings_and_nothing_else() {
    const VALUES: [&str; 8] = ["", "x", " a ", "<&>\"'", "ä€😀", "a]]>b", "tab\tand\nline", "%COMPUTERNAME%"];
    let mut chance = Chance::new();
    let (mut files, mut expected) = (Vec::new(), Vec::new());
    let corpus = corpus();
    for round in 0..40 {
        let Some((name, bytes)) = corpus.get(round * 3) else { break };
        let Ok(mut file) = AnswerFile::parse(bytes) else { continue };
        let mut tree: Vec<Value> = rows(&file).into_iter().map(|row| row.shown).collect();
        for edit in 0..6 {
            let all = file.settings(&SettingPath::parse("*").unwrap());
            let now = rows(&file);
            let place_of = |position| now.iter().position(|row| row.position == position).unwrap();
            let setting = chance.of(&all);
            let (path, place) = (setting.path.clone(), place_of(setting.position));
            match chance.below(3) {
                0 => {
                    let value = *chance.of(&VALUES);
                    file.set(&path, value, &SetOptions::default()).unwrap();
                    tree[place][2] = without_layout(value).into();
                }
                1 if all.len() > 1 => {
                    file.remove(&SettingPath::parse(&path).unwrap(), false).unwrap();
                    tree.remove(place);
                }
                _ => {
                    let component = setting.component.unwrap();
                    let outer = place_of(component.element.position());
                    let inside =
                        now[outer + 1..].iter().take_while(|row| row.depth > now[outer].depth).count();
                    let parts: Vec<&str> = path.splitn(3, '/').collect();
                    let new = format!("{}/{}/New{edit}", parts[0], parts[1]);
                    let prefix =
                        component.element.qualified_name().strip_suffix("component").unwrap().to_owned();
                    file.set(&new, "new", &SetOptions::default()).unwrap();
                    tree.insert(outer + 1 + inside, json!([format!("{prefix}New{edit}"), [], "new"]));
                }
            }
        }
        assert_eq!(AnswerFile::parse(&file.to_bytes()).unwrap().text(), file.text(), "{name}");
        files.push(file.to_bytes());
        expected.push((name, tree));
    }
    let Some(expat) = expat(&files) else { return };
    for ((name, tree), theirs) in expected.iter().zip(&expat) {
        let theirs: Vec<Value> = theirs.as_ref().expect(name).iter().map(|row| without_line(row)).collect();
        assert_eq!(tree, &theirs, "{name}");
    }
}

#[test]
fn what_chance_damages_is_read_as_expat_reads_it_or_refused_as_expat_does() {
    const PIECES: [&str; 40] = [
        "<",
        ">",
        "</",
        "/>",
        "<a>",
        "</a>",
        "<a/>",
        "<a b='1'/>",
        "<b:c xmlns:b=''/>",
        "\"",
        "'",
        "=",
        "&",
        "&amp;",
        "&#65;",
        "&#x0;",
        "&lt",
        ";",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "--",
        "<?",
        "?>",
        "<?xml version='1.0'?>",
        "<!DOCTYPE a>",
        "<!ENTITY",
        "\0",
        "\u{1}",
        "\u{FFFE}",
        "\u{FEFF}",
        "é",
        "😀",
        ":",
        "::",
        "xmlns",
        "xml:space='x'",
        " ",
        "\r",
    ];
    let mut chance = Chance::new();
    let mut documents = Vec::new();
    for _ in 0..3000 {
        let mut text: Vec<char> = SMALL.chars().collect();
        for _ in 0..=chance.below(3) {
            let (at, other) = (chance.below(text.len()), chance.below(text.len()));
            let (first, last) = (at.min(other), at.max(other).min(at.min(other) + 80));
            match chance.below(4) {
                0 => drop(text.drain(first..last)),
                1 => {
                    let copy: Vec<char> = text[first..last].to_vec();
                    text.splice(other..other, copy);
                }
                _ => drop(text.splice(at..at, chance.of(&PIECES).chars()).collect::<Vec<_>>()),
            }
        }
        let mut bytes = text.into_iter().collect::<String>().into_bytes();
        if chance.below(8) == 0 {
            let at = chance.below(bytes.len());
            bytes[at] ^= 1 << chance.below(8);
        }
        documents.push(bytes);
    }
    let expat = expat(&documents);
    for (number, bytes) in documents.iter().enumerate() {
        let shown = String::from_utf8_lossy(bytes);
        let theirs = expat.as_ref().map(|answers| &answers[number]);
        match AnswerFile::parse(bytes) {
            Ok(file) => {
                assert_eq!(&file.to_bytes(), bytes);
                let json = file.to_json().unwrap();
                let _ = (AnswerFile::from_json(&json), check(bytes, None));
                if let Some(theirs) = theirs {
                    let Ok(theirs) = theirs else {
                        // Names have more characters since the fifth edition of XML, which expat does not know.
                        assert!(shown.contains(['\u{1F600}', '\u{FEFF}']), "expat refuses {shown}");
                        continue;
                    };
                    let theirs: Vec<Value> = theirs.iter().map(|row| without_line(row)).collect();
                    let ours: Vec<Value> = rows(&file).into_iter().map(|row| row.shown).collect();
                    assert_eq!(ours, theirs, "{shown}");
                }
            }
            Err(error) => {
                let ours = error.to_string();
                // What Setup would not take as an answer file is refused though it is XML, and names that
                // are none where there are namespaces.
                let stricter = [
                    "the root element",
                    "document type",
                    "encoding",
                    "second byte order",
                    "name token",
                    "XML declaration",
                ];
                if let Some(Ok(_)) = theirs {
                    assert!(stricter.iter().any(|known| ours.contains(known)), "{ours} in {shown}");
                }
            }
        }
    }
}

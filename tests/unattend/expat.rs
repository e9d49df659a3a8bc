//! What expat reads in documents, and the same from the model.

use crate::support::python::python;
use imgsvc::formats::unattend::AnswerFile;
use imgsvc::formats::xml::Element;

/// What expat reads in documents: a line for each element, in order: line, name, attributes, its text; or
/// the line of the error. `None` without Python.
pub fn expat(documents: &[Vec<u8>]) -> Option<Vec<Result<Vec<String>, u64>>> {
    const SCRIPT: &str = r#"
import sys, json, struct, xml.parsers.expat
out = []
while True:
    head = sys.stdin.buffer.read(8)
    if not head: break
    data = sys.stdin.buffer.read(struct.unpack('<Q', head)[0])
    rows, stack = [], []
    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = True
    def start(name, attributes):
        row = [parser.CurrentLineNumber, name, attributes, '']
        rows.append(row); stack.append(row)
    def end(name): stack.pop()
    def text(data):
        if stack: stack[-1][3] += data
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(data, True)
        out.append({'rows': [json.dumps(row) for row in rows]})
    except xml.parsers.expat.ExpatError as error:
        out.append({'error': error.lineno})
    except (LookupError, ValueError):
        # An encoding that Python does not know.
        out.append({'error': 1})
print(json.dumps(out))
"#;
    let data: Vec<u8> =
        documents.iter().flat_map(|data| [&(data.len() as u64).to_le_bytes()[..], data].concat()).collect();
    let answers: Vec<serde_json::Value> = serde_json::from_str(&python(SCRIPT, &data)?).unwrap();
    let rows = |answer: &serde_json::Value| match &answer["rows"] {
        serde_json::Value::Array(rows) => {
            Ok(rows.iter().map(|row| row.as_str().unwrap().to_owned()).collect())
        }
        _ => Err(answer["error"].as_u64().unwrap()),
    };
    Some(answers.iter().map(rows).collect())
}

/// The same rows from the model.
pub fn rows(file: &AnswerFile) -> Vec<serde_json::Value> {
    fn visit(element: Element<'_>, rows: &mut Vec<serde_json::Value>) {
        let attributes: Vec<String> = element
            .attributes()
            .flat_map(|found| [found.qualified_name().to_owned(), found.value()])
            .collect();
        let text = element.text();
        rows.push(serde_json::json!([element.position().line, element.qualified_name(), attributes, text]));
        element.elements().for_each(|child| visit(child, rows));
    }
    let mut found = Vec::new();
    visit(file.root(), &mut found);
    found
}

pub fn same_tree(name: &str, ours: &[serde_json::Value], theirs: &[String]) {
    assert_eq!(ours.len(), theirs.len(), "{name}");
    for (ours, theirs) in ours.iter().zip(theirs) {
        let mut theirs: serde_json::Value = serde_json::from_str(theirs).unwrap();
        let text = theirs[3].as_str().unwrap();
        if text.contains('\n') && text.trim().is_empty() {
            theirs[3] = "".into();
        }
        assert_eq!(ours, &theirs, "{name}");
    }
}

//! Packages made to do harm: answered or refused in bounded time and memory, and no name leaves its place.

use imgsvc::error::{Error, Result};
use imgsvc::formats::inf::{Architecture, Code, Environment, Evaluation, Inf, Severity, Strictness, Target};
use proptest::prelude::*;
use std::fmt::Write;
use std::time::{Duration, Instant};

/// More than anything below takes, even in a debug build on a busy machine.
const TIME_LIMIT: Duration = Duration::from_secs(30);

const HEAD: &str =
    "[Version]\nSignature=\"$Windows NT$\"\n[Manufacturer]\nM=M,NTamd64\n[M.NTamd64]\nD=I,ID\n";

fn environment(strictness: Strictness) -> Environment<'static> {
    let target = Target::new(Architecture::Amd64, 10, 0, 26100);
    Environment { strictness, ..Environment::new(target) }
}

fn evaluate(text: &str, strictness: Strictness) -> Result<Evaluation> {
    let start = Instant::now();
    let answer = Inf::parse(text.as_bytes())
        .and_then(|inf| inf.evaluate(&environment(strictness), &mut |_: &str| Ok(None)));
    assert!(start.elapsed() < TIME_LIMIT, "{:?}", start.elapsed());
    answer
}

#[test]
fn names_that_are_no_files_of_the_package_are_refused_wherever_they_stand() {
    let names = [
        r"..\x.sys",
        r"a\..\..\x.sys",
        r"C:\x.sys",
        "C:x.sys",
        "x.sys:stream",
        "x.sys::$DATA",
        "CON",
        "con.sys",
        "NUL.sys",
        "AUX",
        r"sub\PRN",
        "COM1",
        "LPT9.txt",
        "CONIN$",
        "x.sys.",
        "\"x.sys \"",
        "x?.sys",
        "x*.sys",
        "x|y",
        r"\\server\share\x.sys\..\..\..\y",
        r"\\?\C:\x.sys",
        "a/../../x.sys",
        "\u{1}x.sys",
        "COM\u{B9}",
    ];
    let places: [&dyn Fn(&str) -> String; 7] = [
        &|name| format!("[SourceDisksFiles]\n{name}=1\n"),
        &|name| format!("[SourceDisksFiles]\na.sys=1,{name}\n"),
        &|name| format!("[SourceDisksFiles]\na.sys=1\n[SourceDisksNames]\n1=d,,,{name}\n"),
        &|name| format!("[I]\nCopyFiles=@{name}\n"),
        &|name| format!("[I]\nCopyFiles=L\n[L]\n{name}\n"),
        &|name| format!("[I]\nCopyFiles=L\n[L]\nx.sys\n[DestinationDirs]\nL=12,{name}\n"),
        &|name| format!("[I]\nDelFiles=L\n[L]\n{name}\n"),
    ];
    for name in names {
        for (number, place) in places.iter().enumerate() {
            let text = format!("{HEAD}{}", place(name));
            // White space around a directory is dropped, and a trailing one is none.
            let strict = evaluate(&text, Strictness::Refuse);
            let evaluation = evaluate(&text, Strictness::Report).unwrap();
            let reported =
                evaluation.errors().any(|found| matches!(found.code, Code::Path | Code::Directive));
            assert_eq!(strict.is_err(), reported, "{name} in {number}");
            let paths = evaluation.files.iter().map(|file| file.path.as_str());
            let copies = evaluation.configurations.iter().flat_map(|found| &found.install.copy_files);
            let copies =
                copies.flat_map(|copy| [&copy.source, &copy.subdirectory, &copy.name]).map(String::as_str);
            for path in paths.chain(copies) {
                let harmless = |part: &str| {
                    let stem = part.split('.').next().unwrap_or_default().to_uppercase();
                    part != ".." && !["CON", "NUL", "AUX", "PRN", "COM1", "LPT9"].contains(&stem.as_str())
                };
                assert!(!path.contains([':', '/', '?', '*']) && !path.starts_with('\\'), "{path}");
                assert!(path.split('\\').all(harmless), "{name} in {number}: {path}");
            }
        }
    }
}

#[test]
fn sections_that_need_each_other_end() {
    let mut text = HEAD.to_owned();
    writeln!(text, "[I]\nNeeds=S0,S1,S2").unwrap();
    for number in 0..900 {
        writeln!(text, "[S{number}]\nNeeds=S{},S{},I", number + 1, number / 2).unwrap();
    }
    let evaluation = evaluate(&text, Strictness::Report).unwrap();
    assert!(evaluation.findings.iter().any(|found| found.code == Code::NeedsCycle));
    for number in 900..2000 {
        writeln!(text, "[S{number}]\nNeeds=S{},S{}", number + 1, number / 2).unwrap();
    }
    let error = evaluate(&text, Strictness::Report).unwrap_err();
    assert!(matches!(error.root(), Error::LimitExceeded { .. }), "{error}");
}

#[test]
fn inf_files_that_include_each_other_for_ever_end() {
    let inf = Inf::parse(format!("{HEAD}[I]\nInclude=0.inf\nNeeds=N\n").as_bytes()).unwrap();
    let mut read = 0_u32;
    let mut endless = |name: &str| {
        read += 1;
        let number: u32 = name.trim_end_matches(".inf").parse().unwrap();
        Inf::parse(
            format!("[N]\nInclude={}.inf, 0.inf\nNeeds=N{}\n[N{number}]\nNeeds=N\n", number + 1, number + 1)
                .as_bytes(),
        )
        .map(Some)
    };
    inf.evaluate(&environment(Strictness::Report), &mut endless).unwrap();
    assert!(read <= 64, "{read}");
    let many: String = (0..500).map(|number| format!("Include={number}.inf\n")).collect();
    let inf = Inf::parse(format!("{HEAD}[I]\n{many}").as_bytes()).unwrap();
    let mut read = 0;
    inf.evaluate(&environment(Strictness::Refuse), &mut |_: &str| {
        read += 1;
        Ok(None)
    })
    .unwrap();
    assert_eq!(read, 64);
}

#[test]
fn a_million_lines_are_read_or_refused() {
    let lines = |line: &str, count: usize| format!("{HEAD}{}", line.repeat(count));
    // Within the size of an INF; more than any install section may lead to.
    let cases = [
        lines("[I]\nx=1\n", 500_000),
        format!("{HEAD}[I]\nAddReg=R\n[R]\n{}", "HKR,,,\n".repeat(1_000_000)),
        format!("{HEAD}[I]\n{}[R]\n{}", "AddReg=R\n".repeat(500_000), "HKR,,a\n".repeat(1000)),
        format!("{HEAD}[I]\n{}[L]\nx\n", "CopyFiles=L\n".repeat(1_000_000)),
        format!("{HEAD}[I.Services]\n{}[S]\n{}", "AddService=s,,S\n".repeat(10_000), "a=1\n".repeat(10_000)),
        format!(
            "{HEAD}[I.Events]\n{}[P]\n{}",
            "AddEventProvider=x,P\n".repeat(10_000),
            "AddChannel=c,1,P\n".repeat(50)
        ),
        format!(
            "{HEAD}[I.Interfaces]\n{}[F]\nAddReg=R\n[R]\n{}",
            "AddInterface={ad498944-762f-11d0-8dca-00c04fc3358c},,F\n".repeat(10_000),
            "HKR,,a\n".repeat(10_000)
        ),
        format!("{HEAD}{}", "D=I,ID\n".repeat(1_000_000)),
        format!(
            "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\n{}[M]\n{}",
            "M=M,NTamd64\n".repeat(100_000),
            "D=I,ID\n".repeat(100_000)
        ),
        format!("{HEAD}[I]\nx={}", ",".repeat(3_000_000)),
        format!("{HEAD}[I]\nx={}", "y".repeat(3_000_000)),
        format!("{HEAD}[I]\nx=\\\n{}", "y,\\\n".repeat(1_000_000)),
        format!("{HEAD}[I]\n{}[Strings]\nt={}", "x=%t%%t%%t%\n".repeat(100_000), "y".repeat(60_000)),
        format!("{HEAD}[I]\n{}", "%".repeat(8_000_000)),
        format!("{HEAD}[I]\n{}", "\"".repeat(8_000_000)),
        format!("{HEAD}[I]\n{}", "\\".repeat(8_000_000)),
        format!("{HEAD}{}", "[".repeat(8_000_000)),
        format!("{HEAD}{}", "[x]\n".repeat(1_000_000)),
    ];
    assert_bounded(&cases);
}

#[test]
fn a_section_that_many_use_is_not_multiplied_beyond_memory() {
    let models = |text: &str, count: usize| -> String {
        (0..count).map(|number| format!("{text}=I{number},ID\n")).collect()
    };
    let sections = |entry: &str, count: usize| -> String {
        (0..count).map(|number| format!("[I{number}]\n{entry}\n")).collect()
    };
    let long = "y".repeat(60_000);
    let head = "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\nM=M,NTamd64\n";
    let shared = |entry: &str, section: &str| {
        format!("{head}[M.NTamd64]\n{}{}{section}", models("D", 3000), sections(entry, 3000))
    };
    let manufacturers: String = (0..2000).map(|number| format!("M{number}=M,NTamd64\n")).collect();
    let cases = [
        shared("AddReg=R", &format!("[R]\n{}", "HKR,,a\n".repeat(100_000))),
        shared("AddReg=R", &format!("[R]\n{}", format!("HKR,,a,,{long}\n").repeat(200))),
        shared("AddReg=R", &format!("[R]\n{}[R.Security]\n{long}\n", "HKR,,a\n".repeat(1000))),
        shared("AddReg=R", &format!("[R]\n{}[Strings]\nt={long}\n", "HKR,,a,,%t%\n".repeat(200))),
        shared("CopyFiles=R", &format!("[R]\n{}[R.Security]\n{long}\n", "a\n".repeat(1000))),
        shared("x=1", "").replace("M=M", &format!("{long}=M")),
        format!(
            "[Version]\nSignature=$CHICAGO$\n[Manufacturer]\n{manufacturers}[M.NTamd64]\n{}",
            format!("{long}=I,ID\n").repeat(200)
        ),
        format!("{head}[M.NTamd64]\nD=I,ID\n[I]\n{}", format!("Needs={long}\n").repeat(200)),
    ];
    assert_bounded(&cases);
}

fn assert_bounded(cases: &[String]) {
    for (number, text) in cases.iter().enumerate() {
        for strictness in [Strictness::Refuse, Strictness::Report] {
            match evaluate(text, strictness) {
                Ok(evaluation) => assert!(evaluation.findings.len() <= 10_001, "case {number}"),
                Err(error) => {
                    let root = error.root();
                    let named = matches!(root, Error::LimitExceeded { .. } | Error::Malformed { .. });
                    assert!(named, "case {number}: {error}");
                }
            }
        }
    }
}

/// Pieces of INFs, of which the strategy below makes files.
const PIECES: [&str; 40] = [
    "[",
    "]",
    "=",
    ",",
    ";",
    "%",
    "%%",
    "\"",
    "\\",
    "\n",
    "\r\n",
    " ",
    "I",
    "M",
    "NTamd64",
    ".Services",
    "[I]\n",
    "[S]\n",
    "[R]\n",
    "AddReg=R\n",
    "AddService=x,2,S\n",
    "CopyFiles=R\n",
    "Needs=S\n",
    "Needs=I\n",
    "Include=a.inf\n",
    "HKR,,a,1,0\n",
    "HKLM,x,y,0x10000,%t%\n",
    "[Strings]\n",
    "t=x\n",
    "12",
    "-1",
    "%12%\\x.sys",
    "[DestinationDirs]\n",
    "DefaultDestDir=12\n",
    "[SourceDisksFiles]\n",
    "ServiceBinary=",
    "AddProperty=R\n",
    "AddInterface=",
    "{c22189e4-8bf3-4e6d-8467-8dc6d95e2a7e}",
    "[I.HW]\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_evaluated_and_a_mistake_refuses_exactly_when_it_is_reported(
        pieces in proptest::collection::vec(proptest::sample::select(PIECES.as_slice()), 0..120),
    ) {
        let text = format!("{HEAD}{}", pieces.concat());
        let Ok(reported) = evaluate(&text, Strictness::Report) else { return Ok(()) };
        let strict = evaluate(&text, Strictness::Refuse);
        prop_assert_eq!(strict.is_err(), reported.errors().next().is_some(), "{}", text);
        if let Ok(strict) = strict {
            prop_assert_eq!(strict.configurations, reported.configurations);
        }
        let lines = u32::try_from(text.split(['\r', '\n']).count()).unwrap();
        for found in &reported.findings {
            prop_assert!(found.line <= lines && found.severity <= Severity::Error);
        }
    }

    #[test]
    fn what_is_written_as_sections_keys_and_fields_is_read_back(
        sections in proptest::collection::vec(
            ("[A-Za-z][A-Za-z0-9._ -]{0,12}", proptest::collection::vec(
                (proptest::option::of("[^%\\p{Cc}]{1,12}"), proptest::collection::vec("[^%\\p{Cc}]{0,16}", 1..5)),
                0..6,
            )),
            1..5,
        ),
        line_end in proptest::sample::select(["\n", "\r\n", "\r"].as_slice()),
        continued in proptest::bool::ANY,
    ) {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = String::new();
        for (name, lines) in &sections {
            write!(text, "[{name}]{line_end}").unwrap();
            for (key, fields) in lines {
                let between = if continued { format!(" , \\ ; more{line_end}\t") } else { ",".to_owned() };
                let fields = fields.iter().map(|field| quote(field)).collect::<Vec<_>>().join(&between);
                let key = key.as_ref().map_or_else(String::new, |key| format!("{} = ", quote(key)));
                write!(text, "{key}{fields}{line_end}").unwrap();
            }
        }
        let bytes: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let inf = Inf::parse(&bytes).unwrap();
        for (name, _) in &sections {
            let same = |other: &str| other.to_lowercase() == name.to_lowercase();
            let wanted: Vec<_> = sections.iter().filter(|(other, _)| same(other)).flat_map(|(_, lines)| lines)
                .map(|(key, fields)| (key.as_deref(), fields.iter().map(String::as_str).collect::<Vec<_>>()))
                .collect();
            let found: Vec<_> = inf.section(name).unwrap().lines.iter()
                .map(|line| (line.key(), line.fields().collect::<Vec<_>>()))
                .collect();
            prop_assert_eq!(found, wanted, "{}", text);
        }
    }
}

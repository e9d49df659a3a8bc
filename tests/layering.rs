//! The architecture's rules, checked on the sources: a lower layer never names a higher one, only the
//! layers that may touch the host do, `unsafe` stays in the C ABI, files stay small, no foreign
//! binary is in the repository, and what documents name is there. ARCHITECTURE.md has the reasons.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::as_conversions)]

use std::fs;
use std::path::{Path, PathBuf};

/// A file above this is worth splitting; it is only mentioned.
const LONG_FILE: usize = 400;
/// A file above this fails the test.
const TOO_LONG_FILE: usize = 500;
/// Larger than every text of ours, smaller than most things that should not be here.
const LARGE_FILE: u64 = 200_000;

/// Where `unsafe` may stand.
const UNSAFE_ALLOWED: &[&str] = &["src/ffi/"];

/// What the Rust files under a path may not name.
struct RustRule {
    below: &'static str,
    never: &'static [&'static str],
}

const RUST_RULES: &[RustRule] = &[
    RustRule {
        below: "src/error.rs",
        never: &["crate::progress", "crate::formats", "crate::image", "crate::servicing", "crate::ffi"],
    },
    RustRule {
        below: "src/progress.rs",
        never: &["crate::formats", "crate::image", "crate::servicing", "crate::ffi"],
    },
    RustRule {
        below: "src/formats/",
        never: &[
            "crate::image",
            "crate::servicing",
            "crate::ffi",
            "std::env",
            "std::fs",
            "std::net",
            "std::os",
            "std::path",
            "std::process",
            "std::thread",
            "std::time",
        ],
    },
    RustRule { below: "src/image/", never: &["crate::servicing", "crate::ffi"] },
    RustRule { below: "src/servicing/", never: &["crate::ffi", "std::fs", "std::thread", "std::process"] },
];

/// What the C# files under a path may not name.
const CSHARP_RULES: &[(&str, &[&str])] = &[
    (
        "PSModule/src/Native/",
        &["System.Management.Automation", "ImageServicing.Interop", "ImageServicing.Cmdlets", "public class"],
    ),
    ("PSModule/src/Interop/", &["System.Management.Automation", "ImageServicing.Cmdlets", "[DllImport"]),
    // The flags of the ABI are enums of Native, and may be named; nothing of Native may be called.
    ("PSModule/src/Cmdlets/", &["NativeMethods", "[DllImport", "SafeHandle", "SessionHandle"]),
];

#[test]
fn no_layer_names_a_higher_one() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src", "rs") {
        wrong.extend(wrong_arrows(&path, &text));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_csharp_layer_names_a_higher_one() {
    let mut wrong = Vec::new();
    for (path, text) in sources("PSModule/src", "cs") {
        wrong.extend(wrong_csharp(&path, &text));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn unsafe_code_is_only_in_the_c_abi() {
    let allowed = |path: &str| UNSAFE_ALLOWED.iter().any(|place| path.starts_with(place));
    let found: Vec<_> = sources("src", "rs")
        .into_iter()
        .filter(|(path, text)| !allowed(path) && names_unsafe(text))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn no_source_file_is_too_long() {
    let mut too_long = Vec::new();
    for (path, text) in sources("src", "rs").into_iter().chain(sources("PSModule/src", "cs")) {
        let lines = text.lines().count();
        if lines > TOO_LONG_FILE {
            too_long.push(format!("{path}: {lines} lines"));
        } else if lines > LONG_FILE {
            eprintln!("{path} has {lines} lines: is it more than one concept?");
        }
    }
    assert_eq!(too_long, Vec::<String>::new());
}

#[test]
fn no_foreign_binary_is_in_the_repository() {
    let Some(files) = tracked_files() else {
        eprintln!("SKIPPED: this is not a git work tree, so what is tracked is not known");
        return;
    };
    let mut wrong = Vec::new();
    for path in files {
        let Ok(bytes) = fs::read(root().join(&path)) else { continue };
        if bytes.len() as u64 > LARGE_FILE {
            wrong.push(format!("{path}: {} bytes", bytes.len()));
        }
        for magic in [&b"MZ"[..], b"regf", b"MSWIM\0\0\0", b"MSCF", b"SignedImage "] {
            if bytes.starts_with(magic) {
                wrong.push(format!("{path}: starts like {}", String::from_utf8_lossy(magic)));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn documents_and_comments_name_files_that_exist() {
    let mut missing = Vec::new();
    let texts = [("docs", "md"), ("src", "rs"), ("tests", "rs"), ("PSModule/src", "cs"), ("data", "tsv")];
    let texts = texts.iter().flat_map(|(folder, extension)| sources(folder, extension));
    let pages =
        ["README.md", "ARCHITECTURE.md"].map(|page| (page.to_owned(), fs::read_to_string(root().join(page))));
    let pages = pages.into_iter().map(|(page, text)| (page, text.expect("pages are UTF-8")));
    for (path, text) in texts.chain(pages) {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-./*".contains(c)));
        // A name with `*` fails, too: the folder says the same, and does not go out of date unseen.
        let is_ours = |word: &&str| {
            ["docs/", "tests/", "data/", "pester/"].iter().any(|folder| word.starts_with(folder))
                && [".md", ".rs", ".tsv", ".py", ".ps1"].iter().any(|end| word.ends_with(end))
        };
        let named = words.map(|word| word.trim_end_matches('.')).filter(is_ours);
        missing.extend(
            named.filter(|word| !root().join(word).is_file()).map(|word| format!("{path} names {word}")),
        );
    }
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn a_wrong_arrow_is_detected_however_it_is_written() {
    for text in [
        "use crate::image::Session;",
        "use crate::{error::Result, image::{Session, Tree}};",
        "pub(crate) use super::super::super::image as place;",
        "fn f() { crate::image::open(); }",
        "fn f() { std::fs::read(\"x\"); }",
        "use std::{io, fs::File};",
        "fn f(p: &std::path::Path) {}",
    ] {
        assert_ne!(wrong_arrows("src/formats/wim/header.rs", text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(wrong_arrows("src/servicing/drivers/mod.rs", "use crate::ffi::text;").len(), 1);
    assert_eq!(wrong_arrows("src/image/mod.rs", "use crate::servicing;").len(), 1);
    assert_eq!(wrong_csharp("PSModule/src/Cmdlets/X.cs", "NativeMethods.imgsvc_x();").len(), 1);
    assert_eq!(wrong_csharp("PSModule/src/Interop/X.cs", "using System.Management.Automation;").len(), 1);
    assert!(names_unsafe("fn f() { unsafe { g() } }"));
}

#[test]
fn a_right_arrow_a_comment_and_a_string_are_no_violation() {
    for text in [
        "use crate::error::Result; use super::ReadAt; use std::io::Read;",
        "// std::fs is not used here, nor crate::image",
        "/// See [`crate::image::Session`].\nfn f() {}",
        "fn f() -> &'static str { \"crate::image::Session\" }",
        "fn f() { let image = 1; image::x(); }",
    ] {
        assert_eq!(wrong_arrows("src/formats/wim/header.rs", text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(
        wrong_arrows("src/image/mod.rs", "use std::fs; use crate::formats::wim;"),
        Vec::<String>::new()
    );
    assert!(!names_unsafe("#![forbid(unsafe_code)] // unsafe"));
}

fn wrong_arrows(path: &str, text: &str) -> Vec<String> {
    let code = code_only(text);
    let module = module_of(path);
    let mut wrong = Vec::new();
    for rule in RUST_RULES.iter().filter(|rule| path.starts_with(rule.below)) {
        for named in named_paths(&code, &module) {
            let is_below = |never: &&&str| named == **never || named.starts_with(&format!("{never}::"));
            if let Some(never) = rule.never.iter().find(is_below) {
                wrong.push(format!("{path} names {named}, and may not name {never}"));
            }
        }
    }
    wrong
}

fn wrong_csharp(path: &str, text: &str) -> Vec<String> {
    let code = code_only(text);
    let rules = CSHARP_RULES.iter().filter(|(below, _)| path.starts_with(below));
    rules
        .flat_map(|(_, never)| never.iter())
        .filter(|never| code.contains(**never))
        .map(|never| format!("{path} has '{never}'"))
        .collect()
}

fn names_unsafe(text: &str) -> bool {
    let code = code_only(text);
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

/// The text without line comments, string literals and the unit tests at its end.
fn code_only(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or(text);
    let mut code = String::new();
    for line in text.lines() {
        let mut inside = false;
        let mut previous = ' ';
        for character in line.chars() {
            if character == '"' && previous != '\\' && previous != '\'' {
                inside = !inside;
            } else if character == '/' && previous == '/' && !inside {
                code.pop();
                break;
            } else if !inside {
                code.push(character);
            }
            previous = character;
        }
        code.push('\n');
    }
    code
}

/// Every path the code names with at least two segments, from the crate's root or from `std`.
fn named_paths(code: &str, module: &[String]) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some(start) = rest.find(|c: char| c.is_alphabetic() || c == '_') {
        rest = &rest[start..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        if matches!(word, "crate" | "super" | "self" | "std" | "core") && after.trim_start().starts_with("::")
        {
            let length = expand(after, &resolve(word, module), module, &mut paths);
            rest = &after[length..];
        }
    }
    paths
}

fn resolve(word: &str, module: &[String]) -> Vec<String> {
    match word {
        "self" => module.to_vec(),
        "super" => module[..module.len().saturating_sub(1)].to_vec(),
        root => vec![root.to_string()],
    }
}

/// Follows `::a::{b, c::d}` after `prefix`, adds the full paths, and returns how much text that took.
fn expand(text: &str, prefix: &[String], module: &[String], paths: &mut Vec<String>) -> usize {
    let trimmed = text.trim_start();
    let skipped = text.len() - trimmed.len();
    let Some(after) = trimmed.strip_prefix("::") else {
        paths.push(prefix.join("::"));
        return 0;
    };
    let name = after.trim_start();
    let consumed = skipped + 2 + (after.len() - name.len());
    if let Some(group) = name.strip_prefix('{') {
        let mut used = 0;
        loop {
            let entry = group[used..].trim_start_matches([' ', '\n', ',', '\t']);
            used = group.len() - entry.len();
            if entry.is_empty() || entry.starts_with('}') {
                return consumed + 1 + used + usize::from(!entry.is_empty());
            }
            let before = used;
            used += segment(entry, prefix, module, paths);
            if used == before {
                used += entry.chars().next().map_or(1, char::len_utf8); // `*` and `as` renames
            }
        }
    }
    consumed + segment(name, prefix, module, paths)
}

fn segment(text: &str, prefix: &[String], module: &[String], paths: &mut Vec<String>) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let word = &text[..end];
    let path = match word {
        "super" => prefix[..prefix.len().saturating_sub(1)].to_vec(),
        "self" | "" => prefix.to_vec(),
        name => [prefix, &[name.to_string()]].concat(),
    };
    end + expand(&text[end..], &path, module, paths)
}

/// `src/formats/wim/header.rs` is the module `crate::formats::wim::header`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let names = inside.split('/').filter(|name| *name != "mod" && *name != "lib");
    std::iter::once("crate").chain(names).map(str::to_string).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` with this extension: path relative to the root, and text.
fn sources(folder: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                if !matches!(path.file_name().and_then(|name| name.to_str()), Some("bin" | "obj")) {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push((relative(&path), fs::read_to_string(&path).expect("sources are UTF-8")));
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/")
}

fn tracked_files() -> Option<Vec<String>> {
    let listing = std::process::Command::new("git").arg("ls-files").current_dir(root()).output().ok()?;
    listing
        .status
        .success()
        .then(|| String::from_utf8_lossy(&listing.stdout).lines().map(str::to_string).collect())
}

//! The C ABI as C programs see it: the header compiles, and a real program works under sanitizers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const STRICT: [&str; 4] = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs a compiler; `None`, with the reason printed, when it is not installed.
fn compile(compiler: &str, arguments: &[&str]) -> Option<Output> {
    match Command::new(compiler).current_dir(root()).args(arguments).output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("SKIPPED: {compiler} is needed to check the header: {error}");
            None
        }
    }
}

#[test]
fn the_header_is_clean_c11_and_cpp() {
    let cases = [("gcc", ["-x", "c", "-std=c11"]), ("g++", ["-x", "c++", "-std=c++17"])];
    for (compiler, language) in cases {
        let mut arguments = language.to_vec();
        arguments.extend(STRICT);
        arguments.extend(["-fsyntax-only", "-include", "include/imgsvc.h", "include/imgsvc.h"]);
        let Some(output) = compile(compiler, &arguments) else { continue };
        assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The folder `cargo test` builds into.
fn build_folder() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    folder
}

/// The folder of the library that belongs to this test.
fn library_folder() -> PathBuf {
    let name = format!("{}imgsvc{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let candidates = [build_folder().join("deps"), build_folder()];
    candidates.into_iter().find(|folder| folder.join(&name).exists()).expect("cargo builds the library")
}

/// The sample image and driver packages, made by the example.
fn sample(folder: &Path) {
    // A run of this test alone does not build the examples.
    let cargo = Command::new(root().join("build/cargo"))
        .args(["build", "--quiet", "--example", "make-sample"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let output = Command::new(build_folder().join("examples/make-sample")).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Compiles `tests/abi/service.c` as `language` with sanitizers; `None` when that cannot be done here.
fn service(folder: &Path, compiler: &str, standard: &[&str]) -> Option<PathBuf> {
    let program = folder.join(format!("service-{compiler}"));
    let library = library_folder();
    let mut arguments = standard.to_vec();
    arguments.extend(STRICT);
    arguments.extend(["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    let (library, output) = (library.to_str().unwrap(), program.to_str().unwrap());
    let rpath = format!("-Wl,-rpath,{library}");
    arguments.extend([
        "-I",
        "include",
        "tests/abi/service.c",
        "-L",
        library,
        "-limgsvc",
        &rpath,
        "-o",
        output,
    ]);
    let made = compile(compiler, &arguments)?;
    assert!(made.status.success(), "{compiler}: {}", String::from_utf8_lossy(&made.stderr));
    Some(program)
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> Output {
    Command::new(program)
        .current_dir(folder)
        .env("IMGSVC_STATE_DIR", folder.join("state"))
        .env("ASAN_OPTIONS", "detect_leaks=1")
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn a_c_program_mounts_adds_a_driver_and_saves_under_sanitizers() {
    let compilers: [(&str, &[&str]); 2] = [("gcc", &["-std=c11"]), ("g++", &["-x", "c++", "-std=c++17"])];
    for (compiler, standard) in compilers {
        let folder = tempfile::tempdir().unwrap();
        let Some(program) = service(folder.path(), compiler, standard) else { continue };
        sample(folder.path());
        let output = run(&program, folder.path(), &["install.wim", "1", "drivers/good1"]);
        let (told, complaints) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{compiler}: {told}{complaints}");
        let added = told.lines().find_map(|line| line.strip_prefix("add ")).unwrap();
        let added: serde_json::Value = serde_json::from_str(added).unwrap();
        assert_eq!(added["drivers"][0]["status"], "Added", "{added}");
        assert_eq!(added["drivers"][0]["driver"], "oem0.inf");
        let set = told.lines().find_map(|line| line.strip_prefix("set value ")).unwrap();
        let set: serde_json::Value = serde_json::from_str(set).unwrap();
        assert_eq!(set["value"]["key"], r"HKEY_LOCAL_MACHINE\SOFTWARE\Contoso\Service", "{set}");
        assert_eq!(set["value"]["value"], 5);
        assert_eq!(set["recoveries"], serde_json::json!([]));
        let saved = told.lines().find_map(|line| line.strip_prefix("save ")).unwrap();
        let saved: serde_json::Value = serde_json::from_str(saved).unwrap();
        assert_eq!(saved["saved"], true);
        wimlib_finds(&folder.path().join("install.wim"), "/Windows/INF/oem0.inf");
    }
}

/// Asks wimlib whether the file is whole and holds `path` in its first image.
fn wimlib_finds(image: &Path, path: &str) {
    let ask = |arguments: &[&str]| Command::new("wimlib-imagex").args(arguments).arg(image).output();
    match ask(&["verify"]) {
        Err(error) => println!("SKIPPED: wimlib-imagex is needed to judge the saved file: {error}"),
        Ok(verified) => {
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
            let listed = Command::new("wimlib-imagex").arg("dir").arg(image).arg("1").output().unwrap();
            assert!(String::from_utf8_lossy(&listed.stdout).lines().any(|line| line == path));
        }
    }
}

#[test]
fn a_c_program_gets_a_whole_error_object() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = service(folder.path(), "gcc", &["-std=c11"]) else { return };
    std::fs::write(folder.path().join("install.wim"), b"not an image").unwrap();
    let output = run(&program, folder.path(), &["install.wim", "1", "drivers"]);
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(imgsvc::ffi::IMGSVC_STATUS_MALFORMED), "{complaints}");
    assert!(complaints.contains("id      InvalidData"), "{complaints}");
    assert!(complaints.contains("install.wim"), "{complaints}");
}

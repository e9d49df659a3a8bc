//! Finds libwim with pkg-config. On Windows the symbols come from `libwim-15.dll` by raw-dylib.

fn main() {
    let windows = std::env::var("CARGO_CFG_WINDOWS").is_ok();
    if windows {
        return;
    }
    if let Err(error) = pkg_config::Config::new().atleast_version("1.13").probe("wimlib") {
        println!("cargo:warning=libwim was not found ({error}); on Debian install libwim-dev");
        std::process::exit(1);
    }
}

//! Choosing packages of an image by name.

use crate::error::Result;
use crate::image::{ImagePath, Pattern};
use crate::servicing::drivers::report::DriverInfo;

/// The packages that any of `names` means, each once, in the order of the list; and the names without
/// wildcards that mean none.
///
/// A name is a published name (`oem3.inf`), the name of an INF (`netkvm.inf`), or the path of an INF in
/// the driver store, with wildcards if need be; see [`Pattern`].
///
/// # Errors
/// [`Error::InvalidName`](crate::error::Error::InvalidName) for what cannot be a name.
pub fn select(drivers: Vec<DriverInfo>, names: &[String]) -> Result<(Vec<DriverInfo>, Vec<String>)> {
    let patterns = names.iter().map(|name| Pattern::parse(name)).collect::<Result<Vec<_>>>()?;
    let mut used = vec![false; patterns.len()];
    let mut chosen = Vec::new();
    for driver in drivers {
        let full = ImagePath::parse(&driver.original_file_name)?;
        let inf = driver.original_file_name.rsplit('\\').next().unwrap_or_default();
        let forms = [ImagePath::parse(&driver.driver)?, ImagePath::parse(inf)?, full];
        let mut wanted = false;
        for (pattern, used) in patterns.iter().zip(&mut used) {
            if forms.iter().any(|form| pattern.matches(form)) {
                (wanted, *used) = (true, true);
            }
        }
        if wanted {
            chosen.push(driver);
        }
    }
    let unused = names.iter().zip(&patterns).zip(used);
    let missing = unused.filter(|((_, pattern), used)| !used && !pattern.has_wildcards());
    let missing = missing.map(|((name, _), _)| name.clone()).collect();
    Ok((chosen, missing))
}

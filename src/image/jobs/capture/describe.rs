//! What the XML document says of a captured image.

use super::options::CaptureOptions;
use crate::error::Result;
use crate::formats::wim::tree::Tree;
use crate::formats::wim::xml::Element;
use crate::image::identity::{self, OpenContent};

/// The `IMAGE` element of a captured image without its counts, and what there is to say about the
/// Windows in it.
///
/// # Errors
/// [`Error::InvalidArgument`](crate::error::Error::InvalidArgument) for text that XML cannot hold.
pub(super) fn element(
    options: &CaptureOptions,
    name: &str,
    time: u64,
    tree: &Tree,
    open: OpenContent<'_>,
) -> Result<(Element, Vec<String>)> {
    let mut image = Element::new("IMAGE");
    image.replace(Element::with_time("CREATIONTIME", time));
    image.replace(Element::with_time("LASTMODIFICATIONTIME", time));
    let notes = identity::update_xml(&mut image, tree, None, open);
    for (element, text) in [
        ("NAME", name),
        ("DESCRIPTION", &options.description),
        ("DISPLAYNAME", &options.display_name),
        ("DISPLAYDESCRIPTION", &options.display_description),
    ] {
        image.set_text(element, text)?;
    }
    if let Some(flags) = &options.flags {
        image.set_text("FLAGS", flags)?;
    }
    Ok((image, notes))
}

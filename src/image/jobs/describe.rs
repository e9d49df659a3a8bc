//! Changing what an image file says about an image.

use super::optimize::image_file;
use crate::error::{Error, InFile, Result};
use crate::image::container::{AppendOptions, ContainerWriter};
use crate::image::file::ImageFile;
use crate::image::info::ImageDetails;
use crate::progress::unobserved;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What is changed; `None` leaves a property as it is, and an empty text removes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DescribeOptions {
    /// `NAME`, which no other image of the file may have.
    pub name: Option<String>,
    /// `DESCRIPTION`.
    pub description: Option<String>,
    /// `DISPLAYNAME`.
    pub display_name: Option<String>,
    /// `DISPLAYDESCRIPTION`.
    pub display_description: Option<String>,
    /// `FLAGS`.
    pub flags: Option<String>,
    /// Texts by their path in the `IMAGE` element, such as `WINDOWS/EDITIONID`.
    pub properties: BTreeMap<String, String>,
    /// Whether the image is the one that setup boots.
    pub bootable: Option<bool>,
    /// Whether the file has an integrity table.
    pub integrity_table: Option<bool>,
}

/// Elements that say what the image holds; nobody may claim something else.
const COMPUTED: [&str; 4] = ["DIRCOUNT", "FILECOUNT", "TOTALBYTES", "HARDLINKBYTES"];

/// Changes what an image file says about image `index` (from 1). Only the XML document, and an
/// integrity table if there is one, are written; then the header. Sessions go on.
///
/// # Errors
/// [`Error::ImageNameExists`], [`Error::IndexNotFound`], [`Error::InvalidArgument`] for a path or
/// a text that XML cannot hold; [`Error::SplitNotWritable`], [`Error::ImageFileReadOnly`].
pub fn describe(image: &Path, index: u32, options: &DescribeOptions) -> Result<ImageDetails> {
    let file = image_file(image)?;
    let name = file.path().display().to_string();
    let count = file.archive().header().image_count;
    if index == 0 || index > count {
        return Err(Error::IndexNotFound { index, count }).in_file(name);
    }
    let append = AppendOptions { integrity_table: options.integrity_table, ..AppendOptions::default() };
    let mut writer = ContainerWriter::append(&file, &append)?;
    change(&mut writer, index, options).in_file(&name)?;
    match options.bootable {
        Some(true) => writer.set_boot_index(Some(index))?,
        Some(false) if file.archive().boot_index() == Some(index) => writer.set_boot_index(None)?,
        _ => {}
    }
    writer.finish(&mut unobserved)?;
    let changed = ImageFile::open(file.path())?;
    changed.image_details(index).ok_or(Error::IndexNotFound { index, count })
}

fn change(writer: &mut ContainerWriter, index: u32, options: &DescribeOptions) -> Result<()> {
    let named = [
        ("NAME", &options.name),
        ("DESCRIPTION", &options.description),
        ("DISPLAYNAME", &options.display_name),
        ("DISPLAYDESCRIPTION", &options.display_description),
        ("FLAGS", &options.flags),
    ];
    let named = named.into_iter().filter_map(|(path, text)| Some((path, text.as_deref()?)));
    let others = options.properties.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    for (path, text) in named.chain(others) {
        match path {
            "NAME" | "NAME[1]" => writer.check_name(text, Some(index))?,
            path if COMPUTED.contains(&path) => {
                let reason = format!("{path} says what is in the image and cannot be chosen");
                return Err(Error::InvalidArgument { parameter: "properties", reason });
            }
            _ => {}
        }
        if let Some(element) = writer.xml_mut().image_mut(index) {
            element.set_text(path, text)?;
        }
    }
    Ok(())
}

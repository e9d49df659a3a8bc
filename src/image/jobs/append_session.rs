//! A session's state as a further image of its file.

use crate::error::{InFile, Result};
use crate::formats::wim::xml::Element;
use crate::formats::wim::{Hash, ResourceHeader};
use crate::image::container::{AppendOptions, ContainerWriter, ImageMetadata};
use crate::image::content::{staged_header, ContentStore};
use crate::image::identity;
use crate::image::info::host_path;
use crate::image::session::{Loaded, Session};
use crate::progress::Observer;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// What the further image is called.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AppendSessionOptions {
    /// Its name, which no other image of the file may have.
    pub name: String,
    /// `DESCRIPTION`; `None`: that of the session's image.
    pub description: Option<String>,
    /// `DISPLAYNAME`; `None`: as the name if the session's image has one.
    pub display_name: Option<String>,
    /// `DISPLAYDESCRIPTION`; `None`: that of the session's image.
    pub display_description: Option<String>,
    /// `FLAGS`; `None`: those of the session's image.
    pub flags: Option<String>,
    /// The new image is the one that setup boots.
    pub bootable: bool,
    /// Give the file an integrity table if it has none.
    pub integrity_table: bool,
    /// libwim's compression level for metadata; 0 for its default.
    pub level: u32,
}

/// What was added.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppendReport {
    /// The session's public name.
    #[serde(serialize_with = "host_path")]
    pub path: PathBuf,
    /// The image file.
    #[serde(serialize_with = "host_path")]
    pub image_path: PathBuf,
    /// The new image's index, from 1.
    pub image_index: u32,
    /// Its name.
    pub image_name: String,
    /// Contents that were not in the file before.
    pub blobs_added: u64,
    /// Bytes written to the image file.
    pub bytes_written: u64,
    /// Bytes of the image file.
    pub file_size: u64,
}

impl Session {
    /// Adds the session's state to its file as a further image. The session goes on as it was: on
    /// its own image, which is not changed, and with its work still to be saved or discarded.
    ///
    /// # Errors
    /// [`Error::ImageNameExists`](crate::error::Error), and those of [`Session::save`]; the file is
    /// then as it was.
    pub fn append(&mut self, options: &AppendSessionOptions, observer: Observer<'_>) -> Result<AppendReport> {
        self.require_writable()?;
        let lock = self.lock()?;
        let image = self.image_file()?;
        let append = AppendOptions {
            level: options.level,
            solid: None,
            integrity_table: options.integrity_table.then_some(true),
        };
        let mut writer = ContainerWriter::append_in(self.state.clone(), &image, &append)?;
        let xml = image.archive().xml().image(self.record.image_index).cloned().unwrap_or_default();
        let loaded = self.load(observer)?;
        let xml = described(xml, options, loaded).in_file(self.image_name())?;
        writer.check_name(&options.name, None).in_file(self.image_name())?;
        let (content, completed) = self.complete_patches(loaded, options.level, observer)?;
        let staged = staged_content(loaded, &content, &writer);
        if let Some(file) = content.staged_file() {
            writer.expect(staged.iter().map(|(_, header)| header.size).fold(0, u64::saturating_add));
            writer.add_resources(file, &staged, observer)?;
        }
        let image_index = writer.add_image(ImageMetadata::Tree(&loaded.tree), xml, observer)?;
        if options.bootable {
            writer.set_boot_index(Some(image_index))?;
        }
        let finished = writer.finish(observer)?;
        drop(completed);
        self.adopt()?;
        drop(lock);
        Ok(AppendReport {
            path: self.record.path.clone(),
            image_path: self.record.image_path.clone(),
            image_index,
            image_name: options.name.clone(),
            blobs_added: u64::try_from(staged.len()).unwrap_or(u64::MAX),
            bytes_written: finished.bytes_written,
            file_size: finished.file_size,
        })
    }
}

/// What the XML says of the new image: as of the session's, but for what is chosen, and for what
/// the session's work changed.
fn described(mut xml: Element, options: &AppendSessionOptions, loaded: &Loaded) -> Result<Element> {
    let display_name = match &options.display_name {
        None if xml.find("DISPLAYNAME").is_some() => Some(&options.name),
        chosen => chosen.as_ref(),
    };
    let chosen = [
        ("NAME", Some(&options.name)),
        ("DESCRIPTION", options.description.as_ref()),
        ("DISPLAYNAME", display_name),
        ("DISPLAYDESCRIPTION", options.display_description.as_ref()),
        ("FLAGS", options.flags.as_ref()),
    ];
    for (path, text) in chosen {
        if let Some(text) = text {
            xml.set_text(path, text)?;
        }
    }
    // The writer gives the image those of now.
    xml.remove("CREATIONTIME");
    xml.remove("LASTMODIFICATIONTIME");
    identity::update_xml(&mut xml, &loaded.tree, Some(&loaded.base_sources), &mut |hash| {
        Ok(Box::new(loaded.content.open(hash)?))
    });
    Ok(xml)
}

/// The staged content that the session's state refers to, in the order it was staged.
fn staged_content(
    loaded: &Loaded,
    content: &ContentStore,
    writer: &ContainerWriter,
) -> Vec<(Hash, ResourceHeader)> {
    let wanted = loaded.tree.blob_references().into_keys().filter(|hash| !writer.has(hash));
    let staged = wanted.filter_map(|hash| content.staged_blob(&hash));
    let mut staged: Vec<_> = staged.map(|blob| (blob.hash, staged_header(blob))).collect();
    staged.sort_unstable_by_key(|(_, header)| header.offset);
    staged
}

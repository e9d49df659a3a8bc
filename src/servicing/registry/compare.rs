//! Comparing two registries: a walk over both at once, by name.
//!
//! Times are not compared, because everything that is written has a new one.

use super::name::Mount;
use super::offline::{join, Located, Registry};
use super::report::{Change, ChangeKind, ValueContent};
use crate::error::{Error, Result};
use crate::formats::regf::{Hive, KeyId, Value};
use crate::formats::upcase::upcase;
use crate::progress::{report, Observer, Phase};
use std::collections::BTreeMap;

/// Names in upper case, so that they sort and match as Windows has them.
type Folded = Vec<u16>;

fn folded(name: &[u16]) -> Folded {
    name.iter().map(|&unit| upcase(unit)).collect()
}

/// Gives `visit` every difference between two registries, or of one key in both with all below it.
/// Keys come before their values, and those before their subkeys, by name. What is below a key that is
/// in one of them only is reported too.
///
/// Without a key, all hives of two images are compared; SAM and SECURITY only if both accesses are
/// forced.
///
/// # Errors
/// [`Error::RegistryNotFound`] for a key that is in neither; errors of opening hives;
/// [`Error::Cancelled`].
pub fn compare(
    before: &mut Registry<'_>,
    after: &mut Registry<'_>,
    key: Option<&str>,
    visit: &mut dyn FnMut(Change) -> Result<()>,
    observer: Observer<'_>,
) -> Result<()> {
    let names = match (key, before.mounts(), after.mounts()) {
        (Some(key), ..) => vec![key.to_owned()],
        (None, Some(first), Some(second)) => {
            let forced = before.access().force && after.access().force;
            let mut names: Vec<String> = Vec::new();
            let mounts: Vec<Mount> = first.all()?.into_iter().chain(second.all()?).collect();
            for mount in mounts.into_iter().filter(|mount| forced || !mount.secret) {
                let same = first.view().item(&mount.path)?.map(|item| item.hash)
                    == second.view().item(&mount.path)?.map(|item| item.hash);
                if !same && !names.iter().any(|known| known.eq_ignore_ascii_case(&mount.name)) {
                    names.push(mount.name);
                }
            }
            names
        }
        _ => vec![r"\".to_owned()],
    };
    for name in names {
        let [first, second] = [side(before, &name)?, side(after, &name)?];
        let shown = match (&first, &second) {
            (Some((_, name, _)), _) | (_, Some((_, name, _))) => name.clone(),
            _ => return Err(Error::RegistryNotFound { what: "key", path: name }),
        };
        let first = first.map(|(located, _, key)| (located, key));
        let second = second.map(|(located, _, key)| (located, key));
        let walk = Walk {
            before: opened(before, first.as_ref())?,
            after: opened(after, second.as_ref())?,
            name: &shown,
        };
        walk.run([first.map(|(_, key)| key), second.map(|(_, key)| key)], visit, observer)?;
    }
    Ok(())
}

/// The key in one of the registries, if it has it.
fn side(registry: &mut Registry<'_>, name: &str) -> Result<Option<(Located, String, KeyId)>> {
    let located = match registry.locate(name) {
        Ok(located) => located,
        Err(Error::ItemNotFound { .. } | Error::RegistryNotFound { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    registry.check_secret(&located)?;
    let key = registry.find(&located)?;
    Ok(key.map(|key| (located.clone(), registry.full_name(&located), key)))
}

fn opened<'r>(registry: &'r Registry<'_>, key: Option<&(Located, KeyId)>) -> Result<Option<&'r Hive>> {
    key.map(|(located, _)| registry.hive(located)).transpose()
}

struct Walk<'h> {
    before: Option<&'h Hive>,
    after: Option<&'h Hive>,
    /// The full name of the key at the top.
    name: &'h str,
}

impl Walk<'_> {
    fn run(
        &self,
        top: [Option<KeyId>; 2],
        visit: &mut dyn FnMut(Change) -> Result<()>,
        observer: Observer<'_>,
    ) -> Result<()> {
        let mut stack = vec![(self.name.to_owned(), top)];
        while let Some((name, [first, second])) = stack.pop() {
            report(observer, Phase::Verifying, 0, 0)?;
            let (first, second) = (self.before.zip(first), self.after.zip(second));
            if let Some(change) = key_change(&name, first, second)? {
                visit(change)?;
            }
            let (mut values, mut subkeys) = (Values::new(), Subkeys::new());
            for (number, side) in [first, second].into_iter().enumerate() {
                let Some((hive, key)) = side else { continue };
                // Which of the two hives is damaged is not told by the offset.
                let which = if number == 0 { "first" } else { "second" };
                let listed = list(&name, number, hive, key, &mut values, &mut subkeys);
                listed.map_err(|error| error.in_file(format!("{name}, the {which} one")))?;
            }
            for [first, second] in values.into_values() {
                if let Some(change) = value_change(&name, first, second) {
                    visit(change)?;
                }
            }
            stack.extend(subkeys.into_values().rev());
        }
        Ok(())
    }
}

type Values = BTreeMap<Folded, [Option<Value>; 2]>;
type Subkeys = BTreeMap<Folded, (String, [Option<KeyId>; 2])>;

/// Adds what one of the two keys has.
fn list(
    name: &str,
    number: usize,
    hive: &Hive,
    key: KeyId,
    values: &mut Values,
    subkeys: &mut Subkeys,
) -> Result<()> {
    for value in hive.values(key)? {
        let value = value?;
        if let Some(place) = values.entry(folded(&value.name)).or_default().get_mut(number) {
            *place = Some(value);
        }
    }
    for subkey in hive.subkeys(key)? {
        let part = hive.name(subkey)?;
        let entry = subkeys.entry(folded(&part));
        let (_, pair) = entry.or_insert_with(|| (join(name, &part), [None; 2]));
        if let Some(place) = pair.get_mut(number) {
            *place = Some(subkey);
        }
    }
    Ok(())
}

fn kind_of<T>(first: Option<&T>, second: Option<&T>) -> ChangeKind {
    match (first, second) {
        (None, _) => ChangeKind::Added,
        (_, None) => ChangeKind::Removed,
        _ => ChangeKind::Changed,
    }
}

fn key_change(
    name: &str,
    first: Option<(&Hive, KeyId)>,
    second: Option<(&Hive, KeyId)>,
) -> Result<Option<Change>> {
    let mut parts = Vec::new();
    if let (Some((before, first)), Some((after, second))) = (first, second) {
        if before.class_name(first)? != after.class_name(second)? {
            parts.push("ClassName");
        }
        if before.security(first)? != after.security(second)? {
            parts.push("SecurityDescriptor");
        }
        if parts.is_empty() {
            return Ok(None);
        }
    }
    let change = kind_of(first.as_ref(), second.as_ref());
    let key = name.to_owned();
    Ok(Some(Change { change, item: "Key", key, name: None, before: None, after: None, parts }))
}

fn value_change(key: &str, first: Option<Value>, second: Option<Value>) -> Option<Change> {
    let same = |first: &Value, second: &Value| first.kind == second.kind && first.data == second.data;
    if first.as_ref().zip(second.as_ref()).is_some_and(|(first, second)| same(first, second)) {
        return None;
    }
    Some(Change {
        change: kind_of(first.as_ref(), second.as_ref()),
        item: "Value",
        key: key.to_owned(),
        name: second.as_ref().or(first.as_ref()).map(Value::name_text),
        before: first.as_ref().map(ValueContent::of),
        after: second.as_ref().map(ValueContent::of),
        parts: Vec::new(),
    })
}

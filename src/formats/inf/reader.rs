//! Reading sections of a package's INF and of those it includes, as Windows reads them: as one.
//!
//! `Include` names further INFs, in `Windows\INF`; `Needs` names sections whose entries count as if they
//! stood where the directive stands. A section that is named is sought in the INF that names it, then
//! in the package's, then in the included ones.
//!
//! Reference: MicrosoftDocs "INF DDInstall Section" (Include, Needs), `SetupOpenAppendInfFile`.

use super::finding::{Code, Findings, Severity, Strictness};
use super::line::{Line, Section};
use super::{limit, number32, same, Architecture, Inf, Text};
use crate::error::Result;
use std::collections::HashSet;

/// Sections one section may need, directly and indirectly.
const NEEDS_LIMIT: usize = 1000;
/// INFs an install section may include, and sections it may need that are not found.
const NAME_LIMIT: usize = 1000;

/// Lines read for one install section; the largest graphics drivers' have some ten thousand.
const SECTION_WORK_LIMIT: usize = 200_000;
/// Lines read for all of a package: sections that many share are read once for each.
const WORK_LIMIT: usize = 500_000;
/// Bytes of text read for all of a package, tokens replaced.
const TEXT_LIMIT: usize = 128 << 20;

/// The package's INF, or an included one.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The INF.
    pub inf: &'a Inf,
    /// Its name; empty for the package's own.
    pub file: &'a str,
}

/// An entry of a section, with the INF it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// The INF, which its sections and strings are from.
    pub source: Source<'a>,
    /// The entry.
    pub line: &'a Line,
}

/// What `Include` and `Needs` led to.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The INFs that `Include` names.
    pub(super) includes: Vec<String>,
    /// Sections that `Needs` names and that were not found.
    pub(super) unresolved: Vec<String>,
}

/// The INFs of a package, and what was found in them.
pub(super) struct Reader<'a> {
    pub(super) package: Source<'a>,
    included: Vec<Source<'a>>,
    pub(super) architecture: Architecture,
    pub(super) findings: Findings,
    /// Paths of directory ids in registry data; see [`super::Environment`].
    pub(super) directories: &'a dyn Fn(u32) -> Option<String>,
    /// Whether the package lists its files.
    pub(super) lists_files: bool,
    section_work: usize,
    work: usize,
    text: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        inf: &'a Inf,
        included: Vec<Source<'a>>,
        architecture: Architecture,
        strictness: Strictness,
    ) -> Self {
        let findings = Findings::new(strictness);
        let package = Source { inf, file: "" };
        Self {
            package,
            included,
            architecture,
            findings,
            directories: &|_| None,
            lists_files: inf.lists_files(),
            section_work: 0,
            work: 0,
            text: 0,
        }
    }

    /// Begins another install section.
    pub(super) fn begin_section(&mut self) {
        self.section_work = 0;
    }

    /// Counts what a section that is read holds, so that no INF makes more of itself than memory holds.
    pub(super) fn charge(&mut self, source: Source<'a>, section: &Section) -> Result<()> {
        let lines = section.lines.len().saturating_add(1);
        self.section_work = self.section_work.saturating_add(lines);
        self.work = self.work.saturating_add(lines);
        if self.section_work > SECTION_WORK_LIMIT {
            let what = "the number of lines that an install section leads to";
            return Err(limit(what, SECTION_WORK_LIMIT, self.section_work));
        }
        if self.work > WORK_LIMIT {
            return Err(limit("the number of lines that an INF leads to", WORK_LIMIT, self.work));
        }
        self.text = self.text.saturating_add(source.inf.text_size(&section.lines));
        if self.text > TEXT_LIMIT {
            return Err(limit("the bytes of text that an INF leads to", TEXT_LIMIT, self.text));
        }
        Ok(())
    }

    /// The INF that has a section which an entry of `from` names.
    pub(super) fn holder(&self, from: Source<'a>, section: &str) -> Option<(Source<'a>, &'a Section)> {
        self.holders(from, section).next()
    }

    /// Every INF that has the section, in the order they are asked; some twice.
    fn holders<'b>(
        &'b self,
        from: Source<'a>,
        section: &'b str,
    ) -> impl Iterator<Item = (Source<'a>, &'a Section)> + 'b {
        let sources = [from, self.package].into_iter().chain(self.included.iter().copied());
        sources.filter_map(move |source| Some((source, source.inf.section(section)?)))
    }

    /// As [`Self::holder`]; a section that is nowhere is noted at the field that names it.
    pub(super) fn named(
        &mut self,
        entry: &Entry<'a>,
        field: usize,
        section: &str,
    ) -> Option<(Source<'a>, &'a Section)> {
        let found = self.holder(entry.source, section);
        if found.is_none() {
            let text = format!("section [{section}] is not there");
            self.warn(Code::SectionMissing, entry, field, text);
        }
        found
    }

    /// Notes something at a field of an entry.
    pub(super) fn warn(&mut self, code: Code, entry: &Entry<'a>, field: usize, text: String) {
        let at = entry.line.field_position(field);
        self.findings.add(Severity::Warning, code, entry.source.file, at, text);
    }

    /// The value, or `None` if the mistake in it was noted.
    pub(super) fn check<T>(&mut self, code: Code, entry: &Entry<'a>, result: Result<T>) -> Result<Option<T>> {
        self.findings.check(code, entry.source.file, entry.line.position(), result)
    }

    /// The section Windows uses for `base`: `.NT<architecture>`, `.NT`, undecorated.
    pub(super) fn decorated(&self, from: Source<'a>, base: &str) -> Option<(Source<'a>, &'a Section)> {
        let names = [format!("{base}.NT{}", self.architecture), format!("{base}.NT"), base.to_owned()];
        names.iter().find_map(|name| self.holder(from, name))
    }

    /// The entries of a section and of all that `Needs` leads to.
    pub(super) fn entries(
        &mut self,
        from: Source<'a>,
        section: &'a Section,
        needs: &mut Needs,
    ) -> Result<Vec<Entry<'a>>> {
        let mut found = Vec::new();
        // Each waiting section knows which one needs it, so that a circle can be told from a section
        // that two others need.
        let mut visited: Vec<(Source<'a>, &'a Section, Option<usize>)> = Vec::new();
        let mut waiting = vec![(from, section, None)];
        let mut seen = HashSet::new();
        while let Some((source, section, parent)) = waiting.pop() {
            if !seen.insert(std::ptr::from_ref(section)) {
                continue;
            }
            if seen.len() > NEEDS_LIMIT {
                return Err(limit(
                    "the number of sections an install section needs",
                    NEEDS_LIMIT,
                    seen.len(),
                ));
            }
            self.charge(source, section)?;
            let here = visited.len();
            visited.push((source, section, parent));
            let mut needed = Vec::new();
            for line in &section.lines {
                let entry = Entry { source, line };
                if entry.is("Include") {
                    for file in entry.values() {
                        if !needs.includes.iter().any(|known| same(known, &file)) {
                            needs.includes.push(file);
                        }
                    }
                } else if entry.is("Needs") {
                    for name in entry.values() {
                        let holders: Vec<_> = self.holders(source, &name).collect();
                        // A section may need the one of its own name in an included INF.
                        let other = holders.iter().find(|(_, found)| !is_ancestor(&visited, here, found));
                        let is_itself = holders.iter().all(|(_, found)| std::ptr::eq(*found, section));
                        let elsewhere = is_itself && !needs.includes.is_empty();
                        let (at, known) = (line.position(), &mut needs.unresolved);
                        match other {
                            Some(&(holder, section)) => needed.push((holder, section, Some(here))),
                            None if !holders.is_empty() && !elsewhere => {
                                let text = format!("section [{name}] needs itself");
                                self.findings.add(Severity::Warning, Code::NeedsCycle, source.file, at, text);
                            }
                            None if known.iter().any(|known| same(known, &name)) => {}
                            None => {
                                let text = format!("section [{name}] is in none of the INFs at hand");
                                known.push(name);
                                self.warn(Code::SectionMissing, &entry, 0, text);
                            }
                        }
                    }
                } else {
                    found.push(entry);
                }
                let names = needs.includes.len().max(needs.unresolved.len());
                if names > NAME_LIMIT {
                    return Err(limit("the number of included INFs and needed sections", NAME_LIMIT, names));
                }
            }
            waiting.extend(needed.into_iter().rev());
        }
        Ok(found)
    }
}

/// Whether `section` led to the visited section `at`, or is it.
fn is_ancestor(visited: &[(Source<'_>, &Section, Option<usize>)], at: usize, section: &Section) -> bool {
    let mut next = Some(at);
    while let Some((_, found, parent)) = next.and_then(|at| visited.get(at)) {
        if std::ptr::eq(*found, section) {
            return true;
        }
        next = *parent;
    }
    false
}

impl<'a> Entry<'a> {
    /// Whether it is the directive of that name.
    pub fn is(&self, name: &str) -> bool {
        self.line.key().is_some_and(|key| self.source.inf.is_named(key, name))
    }

    /// Whether it is the directive of that name, with `=` or alone, as `Reboot` may stand.
    pub(super) fn is_alone(&self, name: &str) -> bool {
        let alone = self.line.key().is_none() && self.line.fields().len() == 1;
        self.is(name) || (alone && self.value(0).is_some_and(|text| same(&text, name)))
    }

    /// Its values, tokens replaced, without empty ones.
    pub fn values(&self) -> Vec<String> {
        self.line.fields().map(|raw| self.source.inf.expand(raw)).filter(|text| !text.is_empty()).collect()
    }

    /// Field `index`, tokens replaced; `None` if it is not there or empty.
    pub fn value(&self, index: usize) -> Option<String> {
        self.line.field(index).map(|raw| self.source.inf.expand(raw)).filter(|text| !text.is_empty())
    }

    /// Field `index` as written and as shown.
    pub fn text(&self, index: usize) -> Option<Text> {
        self.line.field(index).map(|raw| self.source.inf.text(raw)).filter(|text| !text.text.is_empty())
    }

    /// Field `index` as a 32-bit number; `None` if it is not there.
    pub fn number(&self, index: usize, what: &str) -> Result<Option<u32>> {
        let Some(text) = self.value(index) else { return Ok(None) };
        match number32(&text) {
            Some(number) => Ok(Some(number)),
            None => Err(super::bad(self.line.field_position(index), what, format!("'{text}'"))),
        }
    }
}

/// The entries of a section without what it needs.
pub(super) fn plain<'a>(source: Source<'a>, section: &'a Section) -> impl Iterator<Item = Entry<'a>> {
    section.lines.iter().map(move |line| Entry { source, line })
}

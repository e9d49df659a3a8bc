//! Names that are nearly right.

/// Longest name that is compared, in characters.
const LONGEST: usize = 80;
/// Most edits between a name and what was likely meant.
const MOST_EDITS: usize = 2;

/// The name that was likely meant: the one of `known` with the fewest edits, two at most and less than a third
/// of the name.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let most = MOST_EDITS.min(wanted.len() / 3);
    if wanted.len() > LONGEST {
        return None;
    }
    let distance = |other: &'a str| {
        let letters: Vec<char> = other.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
        (letters.len().abs_diff(wanted.len()) <= most).then(|| (edits(&wanted, &letters), other))
    };
    let best = known.filter_map(distance).min_by_key(|(edits, _)| *edits)?;
    (best.0 <= most).then_some(best.1)
}

/// Letters to put in, take out or replace to make one of the other.
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, letter) in one.iter().enumerate() {
        let mut diagonal = above;
        let mut left = above.saturating_add(1);
        for (cell, against) in row.iter_mut().skip(1).zip(other) {
            let replaced = diagonal.saturating_add(usize::from(letter != against));
            diagonal = *cell;
            left = replaced.min(diagonal.saturating_add(1)).min(left.saturating_add(1));
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = above.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_seen_through_and_another_word_is_not() {
        let known = ["TimeZone", "ComputerName", "UserAccounts"];
        assert_eq!(nearest("TimeZon", known.into_iter()), Some("TimeZone"));
        assert_eq!(nearest("ComputrNmae", known.into_iter()), None);
        assert_eq!(nearest("computername", known.into_iter()), Some("ComputerName"));
        assert_eq!(nearest("OOBE", known.into_iter()), None);
        assert_eq!(edits(&['a', 'b'], &['b']), 1);
        assert_eq!(edits(&[], &['b', 'c']), 2);
    }
}

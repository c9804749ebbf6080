//! Takes out of a WebAssembly module the exports that are not on a list.
//!
//! `strip_exports LIST MODULE` rewrites the module in place; done twice it changes
//! nothing. Knows the frame of the binary format and its export section
//! (<https://webassembly.github.io/spec/core/binary/modules.html>); every other
//! section is copied as it is. Refuses a module that lacks a listed export.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::{env, fs, process};

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";
const EXPORTS: u8 = 7;

fn main() {
    if let Err(problem) = run() {
        eprintln!("strip_exports: {problem}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let mut arguments = env::args_os().skip(1);
    let (Some(list), Some(module), None) = (arguments.next(), arguments.next(), arguments.next())
    else {
        return Err("usage: strip_exports LIST MODULE".to_owned());
    };
    let read =
        |path: &OsString| fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let list = String::from_utf8(read(&list)?).map_err(|error| error.to_string())?;
    let stripped = strip(&read(&module)?, &listed(&list))?;
    // Not into the file: cargo keeps a second link to it.
    let mut beside = module.clone();
    beside.push(".stripped");
    let written = fs::write(&beside, stripped).and_then(|()| fs::rename(&beside, &module));
    written.map_err(|error| format!("{}: {error}", module.display()))
}

/// The names of a list: the first word of each line that is no comment.
pub(crate) fn listed(list: &str) -> BTreeSet<&str> {
    let words = list.lines().filter_map(|line| line.split_whitespace().next());
    words.filter(|word| !word.starts_with('#')).collect()
}

/// The module with the exports of those names alone.
///
/// # Errors
/// If it is no module, or does not export all of them.
pub(crate) fn strip(module: &[u8], kept: &BTreeSet<&str>) -> Result<Vec<u8>, String> {
    let mut rest = module.strip_prefix(MAGIC).ok_or("not a WebAssembly module of version 1")?;
    let mut stripped = MAGIC.to_vec();
    let mut missing = kept.clone();
    while let Some((id, after)) = rest.split_first() {
        rest = after;
        let length = number(&mut rest)?;
        let section = take(&mut rest, length)?;
        stripped.push(*id);
        if *id == EXPORTS {
            let section = exports(section, kept, &mut missing)?;
            push_number(&mut stripped, section.len())?;
            stripped.extend(section);
        } else {
            push_number(&mut stripped, section.len())?;
            stripped.extend_from_slice(section);
        }
    }
    if missing.is_empty() {
        Ok(stripped)
    } else {
        Err(format!("the module does not export {missing:?}"))
    }
}

/// An export section with those names alone, which are no longer missing.
fn exports(
    mut section: &[u8],
    kept: &BTreeSet<&str>,
    missing: &mut BTreeSet<&str>,
) -> Result<Vec<u8>, String> {
    let mut entries = Vec::new();
    let mut count = 0;
    for _ in 0..number(&mut section)? {
        let entry = section;
        let length = number(&mut section)?;
        let name = std::str::from_utf8(take(&mut section, length)?).map_err(|e| e.to_string())?;
        // What kind of thing it is, then which one.
        take(&mut section, 1)?;
        number(&mut section)?;
        if kept.contains(name) {
            missing.remove(name);
            count += 1;
            entries.extend_from_slice(&entry[..entry.len() - section.len()]);
        }
    }
    let mut section = Vec::with_capacity(entries.len() + 5);
    push_number(&mut section, count)?;
    section.extend(entries);
    Ok(section)
}

fn take<'a>(from: &mut &'a [u8], length: usize) -> Result<&'a [u8], String> {
    let (taken, rest) = from.split_at_checked(length).ok_or("the module ends inside a section")?;
    *from = rest;
    Ok(taken)
}

/// An unsigned LEB128 number of 32 bits.
fn number(from: &mut &[u8]) -> Result<usize, String> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = take(from, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let value = u32::try_from(value).map_err(|error| error.to_string())?;
            return usize::try_from(value).map_err(|error| error.to_string());
        }
    }
    Err("a number has too many bytes".to_owned())
}

fn push_number(to: &mut Vec<u8>, value: usize) -> Result<(), String> {
    let mut value = u32::try_from(value).map_err(|error| error.to_string())?;
    loop {
        let low = value.to_le_bytes()[0] & 0x7f;
        value >>= 7;
        if value == 0 {
            to.push(low);
            return Ok(());
        }
        to.push(low | 0x80);
    }
}

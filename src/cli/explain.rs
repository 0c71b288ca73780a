//! `grizzlyc explain`: the page of a diagnostic's code.

use super::check::write_out;
use super::{Console, code};
use crate::frontend;
use clap::ArgMatches;

pub(super) fn main(console: &Console, matches: &ArgMatches) -> u8 {
    // The argument is required.
    let Some(wanted) = matches.get_one::<String>("code") else { return code::USAGE };
    let found = frontend::pages().find(|page| page.code.eq_ignore_ascii_case(wanted));
    match found {
        Some(page) => {
            write_out(&format!("{}: {}\n\n{}\n", page.code, page.title, page.explanation.trim()));
            code::SUCCESS
        }
        None => console.usage(&format!("there is no diagnostic with the code {wanted}")),
    }
}

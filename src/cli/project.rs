//! What surrounds scripts: shell completions, the manual page, and a project to start from.

use super::check::write_out;
use super::{Console, arguments, code};
use clap::ArgMatches;
use clap_complete::Shell;
use std::path::{Path, PathBuf};

/// `grizzlyc completions SHELL`.
pub(super) fn completions(matches: &ArgMatches) -> u8 {
    // The argument is required.
    let Some(shell) = matches.get_one::<Shell>("shell") else { return code::USAGE };
    let mut out = Vec::new();
    clap_complete::generate(*shell, &mut arguments::command(), "grizzlyc", &mut out);
    write_out(&String::from_utf8_lossy(&out));
    code::SUCCESS
}

/// `grizzlyc man`.
pub(super) fn manual(console: &Console) -> u8 {
    let mut out = Vec::new();
    match clap_mangen::Man::new(arguments::command()).render(&mut out) {
        Ok(()) => {
            write_out(&String::from_utf8_lossy(&out));
            code::SUCCESS
        }
        Err(error) => console.usage(&format!("the manual page cannot be written: {error}")),
    }
}

/// A script that runs as it is.
const MAIN: &str = "\
-- Run with: grizzlyc main.gz
CREATE TABLE visits (id INT64 PRIMARY KEY, page TEXT NOT NULL, seconds DOUBLE NOT NULL);

INSERT INTO visits VALUES (1, 'home', 12.5), (2, 'docs', 80.0), (3, 'home', 3.5);

--- Whether somebody stayed to read.
CREATE FUNCTION was_read(seconds DOUBLE NOT NULL) RETURNS BOOLEAN { RETURN seconds > 10.0; }

SELECT page, count(*) AS visits, avg(seconds) AS seconds
FROM visits
WHERE was_read(seconds)
GROUP BY page
ORDER BY page;
";

/// `grizzlyc new NAME`.
pub(super) fn new(console: &Console, matches: &ArgMatches) -> u8 {
    // The argument is required.
    let Some(folder) = matches.get_one::<PathBuf>("name") else { return code::USAGE };
    match make(folder) {
        Ok(()) => {
            let path = folder.join("main.gz");
            write_out(&format!("made {}\n", path.display()));
            code::SUCCESS
        }
        Err(error) => console.usage(&format!("{} cannot be made: {error}", folder.display())),
    }
}

fn make(folder: &Path) -> std::io::Result<()> {
    // A folder that is there already belongs to something else.
    std::fs::create_dir(folder)?;
    std::fs::write(folder.join("main.gz"), MAIN)?;
    std::fs::write(folder.join(".gitignore"), "*.grizzly/\n*.gzc\n")
}

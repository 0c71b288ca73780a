//! The file system as the files' port.

use super::files::{FileStat, Files, NewFile, ReadSeek, is_pattern, matches};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFiles;

impl Files for DiskFiles {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        Ok(Box::new(file))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(DiskFile::new(Path::new(path))?))
    }

    fn stat(&self, path: &str) -> io::Result<FileStat> {
        let known = fs::metadata(path)?;
        let modified = known.modified()?;
        let nanos = |d: std::time::Duration| i128::try_from(d.as_nanos()).unwrap_or(i128::MAX);
        let modified_nanos = match modified.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => nanos(since),
            Err(before) => -nanos(before.duration()),
        };
        Ok(FileStat { bytes: known.len(), modified_nanos })
    }

    fn find(&self, pattern: &str) -> io::Result<Vec<String>> {
        if !is_pattern(pattern) || Path::new(pattern).exists() {
            return Ok(vec![pattern.to_owned()]);
        }
        let mut found = Vec::new();
        let (start, rest) = match pattern.strip_prefix('/') {
            Some(rest) => ("/".to_owned(), rest),
            None => (String::new(), pattern),
        };
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        descend(&start, &parts, &mut found)?;
        found.sort();
        found.dedup();
        if found.is_empty() {
            return Err(io::Error::new(io::ErrorKind::NotFound, "no file fits the pattern"));
        }
        Ok(found)
    }

    fn handle(&self) -> Arc<dyn Files> {
        Arc::new(*self)
    }
}

/// The files below a folder that fit the rest of a pattern.
fn descend(folder: &str, parts: &[&str], found: &mut Vec<String>) -> io::Result<()> {
    let Some((part, rest)) = parts.split_first() else { return Ok(()) };
    let below = |name: &str| match folder {
        "" | "/" => format!("{folder}{name}"),
        _ => format!("{folder}/{name}"),
    };
    if *part == "**" {
        descend(folder, rest, found)?;
    } else if !is_pattern(part) {
        let path = below(part);
        return match rest.is_empty() {
            true => {
                found.extend(Path::new(&path).is_file().then_some(path));
                Ok(())
            }
            false => descend(&path, rest, found),
        };
    }
    let listed = fs::read_dir(if folder.is_empty() { "." } else { folder });
    let entries = match listed {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
        // What is no folder holds no file.
        Err(_) => return Ok(()),
    };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let hidden = name.starts_with('.') && !part.starts_with('.');
        if hidden || !(*part == "**" || matches(part, &name)) {
            continue;
        }
        let path = below(&name);
        let is_folder = entry.path().is_dir();
        match (*part, rest.is_empty()) {
            // A link to a folder may lead back to where it stands.
            ("**", _) if is_folder && !entry.file_type()?.is_symlink() => {
                descend(&path, parts, found)?;
            }
            ("**", true) | (_, true) if !is_folder => found.push(path),
            (_, false) if *part != "**" && is_folder => descend(&path, rest, found)?,
            _ => {}
        }
    }
    Ok(())
}

/// A file that is written beside its place and renamed into it.
struct DiskFile {
    file: Option<io::BufWriter<File>>,
    unfinished: PathBuf,
    place: PathBuf,
    /// A device or a pipe is written directly, as it cannot be replaced.
    direct: bool,
}

impl DiskFile {
    fn new(place: &Path) -> io::Result<DiskFile> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let known = fs::metadata(place).ok();
        if known.as_ref().is_some_and(fs::Metadata::is_dir) {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let direct = known.as_ref().is_some_and(|known| !known.is_file());
        if known.is_some_and(|known| known.permissions().readonly()) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
        }
        // A link stays a link: what it points to is replaced.
        let place = fs::canonicalize(place).unwrap_or_else(|_| place.to_owned());
        let (unfinished, file) = if direct {
            (place.clone(), File::options().write(true).open(&place)?)
        } else {
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let beside = format!(".{name}.{}-{number}.part", std::process::id());
            let unfinished = place.with_file_name(beside);
            let file = File::options().write(true).create_new(true).open(&unfinished)?;
            (unfinished, file)
        };
        let file = Some(io::BufWriter::with_capacity(1 << 18, file));
        Ok(DiskFile { file, unfinished, place, direct })
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_mut().map_or(Ok(0), |file| file.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl NewFile for DiskFile {
    fn finish(mut self: Box<Self>) -> io::Result<()> {
        // Where anything fails, dropping the file removes what was written.
        let Some(file) = &mut self.file else { return Ok(()) };
        file.flush()?;
        if !self.direct {
            fs::rename(&self.unfinished, &self.place)?;
        }
        self.file = None;
        Ok(())
    }
}

impl Drop for DiskFile {
    fn drop(&mut self) {
        if self.file.take().is_some() && !self.direct {
            // Nobody is left to hear of an error.
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn folder(name: &str) -> String {
        let path = std::env::temp_dir().join(format!("grizzly-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        path.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_file_appears_when_it_is_finished() {
        let folder = folder("files");
        let name = format!("{folder}/a.txt");
        let mut file = DiskFiles.create(&name).unwrap();
        file.write_all(b"hello").unwrap();
        assert_eq!(DiskFiles.open(&name).err().map(|e| e.kind()), Some(io::ErrorKind::NotFound));
        file.finish().unwrap();
        let mut read = String::new();
        DiskFiles.open(&name).unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, "hello");
        assert_eq!(DiskFiles.stat(&name).unwrap().bytes, 5);
        drop(DiskFiles.create(&name).unwrap());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn patterns_find_files_in_order() {
        let folder = folder("globs");
        fs::create_dir_all(format!("{folder}/x/y")).unwrap();
        for name in ["b.csv", "a.csv", "c.txt", ".hidden.csv", "x/d.csv", "x/y/e.csv"] {
            fs::write(format!("{folder}/{name}"), "").unwrap();
        }
        let find = |pattern: &str| {
            let found = DiskFiles.find(&format!("{folder}/{pattern}")).unwrap_or_default();
            let short = |path: String| path[folder.len() + 1..].to_owned();
            found.into_iter().map(short).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(find("*.csv"), "a.csv b.csv");
        assert_eq!(find("*/*.csv"), "x/d.csv");
        assert_eq!(find("**/*.csv"), "a.csv b.csv x/d.csv x/y/e.csv");
        assert_eq!(find("[ab].csv"), "a.csv b.csv");
        assert_eq!(find("*.json"), "");
        assert_eq!(find("**"), "a.csv b.csv c.txt x/d.csv x/y/e.csv");
        fs::remove_dir_all(&folder).unwrap();
    }
}

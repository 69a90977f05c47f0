//! Finding and loading ONNX Runtime, once per process.
//!
//! The library is never linked and never downloaded: it is the one inside the installed `onnxruntime` wheel, or the one
//! that the user points at. Only absolute paths are loaded, so that neither the working directory nor the loader's search
//! path can substitute another library.
//!
//! From 1.29 on the library sends usage data to its maker, and its reporting thread makes forked children hang at exit,
//! unless `ORT_DISABLE_TELEMETRY=1` is in the environment when it is loaded. A Rust program cannot safely set that by
//! itself once it has threads; the Python layer does, and other callers should.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::Error;
use crate::error::Attempt;

/// Points at a library; has to work if it is set.
const OWN_VARIABLE: &str = "TOPOSCOPE_ORT_PATH";
/// Shared with other programs, hence only an offer.
const SHARED_VARIABLE: &str = "ORT_DYLIB_PATH";

/// Where to look for the library.
#[derive(Debug, Clone, Default)]
pub struct LibrarySearch {
    /// The caller's own choice; has to work if it is given.
    pub explicit: Option<PathBuf>,
    /// Libraries found inside an installed `onnxruntime` wheel, best first.
    pub wheel: Vec<PathBuf>,
}

/// The library in use, for the rest of the process.
#[derive(Debug)]
pub struct Runtime {
    path: PathBuf,
}

impl Runtime {
    /// Path of the library.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

struct Candidate {
    origin: &'static str,
    path: PathBuf,
    /// Whether the search ends here, good or bad.
    binding: bool,
}

/// The runtime, loaded by the first call that finds a usable library: the explicit path, `TOPOSCOPE_ORT_PATH`,
/// `ORT_DYLIB_PATH`, the installed wheel, in this order. Later calls return the same one; a failed search may be repeated.
///
/// # Errors
/// [`Error::RuntimeMissing`] with everything tried; [`Error::Invalid`] if `search.explicit` is another library than the
/// one already loaded.
pub fn load(search: &LibrarySearch) -> Result<&'static Runtime, Error> {
    static LOADED: OnceLock<Runtime> = OnceLock::new();
    static LOADING: Mutex<()> = Mutex::new(());
    let guard = LOADING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(runtime) = LOADED.get() {
        return agree(runtime, search.explicit.as_deref());
    }
    let path = first_that_loads(candidates(search, |name| std::env::var_os(name)))?;
    let runtime = LOADED.get_or_init(|| Runtime { path });
    drop(guard);
    Ok(runtime)
}

fn agree<'a>(runtime: &'a Runtime, explicit: Option<&Path>) -> Result<&'a Runtime, Error> {
    match explicit {
        Some(path) if !same_file(path, &runtime.path) => Err(Error::invalid(
            "runtime_path",
            format!(
                "{}, which this process has loaded already",
                runtime.path.display()
            ),
            path.display(),
        )),
        _ => Ok(runtime),
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

fn candidates(
    search: &LibrarySearch,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Vec<Candidate> {
    let from_variable = |origin: &'static str| {
        let value = variable(origin).filter(|value| !value.is_empty());
        value.map(|path| (origin, PathBuf::from(path)))
    };
    let explicit = search.explicit.clone().map(|path| ("runtime_path", path));
    let bound = explicit.or_else(|| from_variable(OWN_VARIABLE));
    let offered = from_variable(SHARED_VARIABLE).into_iter().chain(
        search
            .wheel
            .iter()
            .map(|path| ("onnxruntime wheel", path.clone())),
    );
    let bound = bound.into_iter().map(|(origin, path)| Candidate {
        origin,
        path,
        binding: true,
    });
    bound
        .chain(offered.map(|(origin, path)| Candidate {
            origin,
            path,
            binding: false,
        }))
        .collect()
}

fn first_that_loads(candidates: Vec<Candidate>) -> Result<PathBuf, Error> {
    let mut tried = Vec::new();
    for Candidate {
        origin,
        path,
        binding,
    } in candidates
    {
        match load_library(&path) {
            Ok(()) => return Ok(path),
            Err(reason) => tried.push(Attempt {
                origin,
                path,
                reason,
            }),
        }
        if binding {
            break;
        }
    }
    Err(Error::RuntimeMissing { tried })
}

fn load_library(path: &Path) -> Result<(), String> {
    if !path.is_absolute() {
        return Err("not an absolute path".to_owned());
    }
    if !path.is_file() {
        return Err("no such file".to_owned());
    }
    let builder = ort::init_from(path).map_err(|error| error.to_string())?;
    builder
        .with_name("toposcope")
        .with_telemetry(false)
        .commit();
    let environment = Environment::current().map_err(|error| error.to_string())?;
    // Failures come back as errors; printing them too would only garble a terminal.
    environment.set_log_level(LogLevel::Fatal);
    // One handle stays for ever: unloading at process exit, after the last session is gone, has crashed.
    std::mem::forget(environment);
    Ok(())
}

/// A native object that must be neither used nor freed in a forked child, where the library's threads do not exist: it is
/// refused there, and leaked instead of dropped.
#[derive(Debug)]
pub(crate) struct PidBound<T> {
    value: Option<T>,
    pid: u32,
}

impl<T> PidBound<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            value: Some(value),
            pid: std::process::id(),
        }
    }

    /// The object, in the process that made it. `path` names the model in the error.
    pub(crate) fn get(&self, path: &Path) -> Result<&T, Error> {
        let child = std::process::id();
        match &self.value {
            Some(value) if child == self.pid => Ok(value),
            _ => Err(Error::Forked {
                path: path.to_path_buf(),
                parent: self.pid,
                child,
            }),
        }
    }
}

impl<T> Drop for PidBound<T> {
    fn drop(&mut self) {
        if std::process::id() != self.pid {
            std::mem::forget(self.value.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(explicit: Option<&str>, variables: &[(&str, &str)]) -> Vec<&'static str> {
        let search = LibrarySearch {
            explicit: explicit.map(PathBuf::from),
            wheel: vec![PathBuf::from("/wheel/libonnxruntime.so")],
        };
        let variable = |name: &str| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let candidates = candidates(&search, variable);
        candidates.iter().map(|c| c.origin).collect()
    }

    #[test]
    fn order_is_argument_own_variable_shared_variable_wheel() {
        let both = [(OWN_VARIABLE, "/own"), (SHARED_VARIABLE, "/shared")];
        let tail = [SHARED_VARIABLE, "onnxruntime wheel"];
        assert_eq!(
            origins(Some("/mine"), &both),
            [["runtime_path"].as_slice(), &tail].concat()
        );
        assert_eq!(
            origins(None, &both),
            [[OWN_VARIABLE].as_slice(), &tail].concat()
        );
        assert_eq!(origins(None, &[]), ["onnxruntime wheel"]);
        assert_eq!(origins(None, &[(OWN_VARIABLE, "")]), ["onnxruntime wheel"]);
    }

    #[test]
    fn a_path_the_user_chose_is_not_replaced_by_another() {
        let chosen = |binding| {
            let bad = Candidate {
                origin: "runtime_path",
                path: PathBuf::from("/nowhere.so"),
                binding,
            };
            let next = Candidate {
                origin: "wheel",
                path: PathBuf::from("relative.so"),
                binding: false,
            };
            match first_that_loads(vec![bad, next]) {
                Err(Error::RuntimeMissing { tried }) => tried.len(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((chosen(true), chosen(false)), (1, 2));
    }

    #[test]
    fn paths_are_checked_before_the_loader_sees_them() {
        for (path, reason) in [
            ("libonnxruntime.so", "not an absolute path"),
            ("/no/such/libonnxruntime.so", "no such file"),
            (env!("CARGO_MANIFEST_DIR"), "no such file"),
        ] {
            assert_eq!(load_library(Path::new(path)), Err(reason.to_owned()));
        }
    }

    #[test]
    fn the_message_lists_what_was_tried_and_says_what_to_install() {
        let tried = vec![Attempt {
            origin: OWN_VARIABLE,
            path: PathBuf::from("/own.so"),
            reason: "no such file".to_owned(),
        }];
        let message = Error::RuntimeMissing { tried }.to_string();
        assert!(
            message.contains("pip install \"toposcope[embed]\""),
            "{message}"
        );
        assert!(
            message.contains("TOPOSCOPE_ORT_PATH /own.so (no such file)"),
            "{message}"
        );
    }

    #[test]
    fn an_object_of_another_process_is_refused_and_leaked() {
        struct PanicsWhenDropped;
        impl Drop for PanicsWhenDropped {
            fn drop(&mut self) {
                panic!("dropped in a child");
            }
        }
        let inherited = PidBound {
            value: Some(PanicsWhenDropped),
            pid: std::process::id() + 1,
        };
        let error = inherited.get(Path::new("m.onnx")).err();
        assert!(matches!(error, Some(Error::Forked { .. })));
        drop(inherited);
    }
}

//! Where configuration comes from: the one place that looks at the environment and reads the files.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{Config, Inputs, Loaded, Problems};

/// What the command line says about configuration.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--env-file`.
    pub env_file: Option<PathBuf>,
    /// Settings given as flags, in their order.
    pub flags: Vec<(String, String)>,
}

/// Reads flags, environment and files, and checks what they say.
///
/// # Errors
/// Everything that is wrong, at once; also a named file that cannot be read.
pub fn load(places: &Places) -> Result<Loaded, Problems> {
    let environment = environment();
    let named = |flag: &Option<PathBuf>, variable: &str| {
        flag.clone().or_else(|| environment.get(variable).filter(|v| !v.is_empty()).map(PathBuf::from))
    };
    let env_file = named(&places.env_file, "PHIOMIA_ENV_FILE").map(|path| read(&path)).transpose()?;
    let file = named(&places.config, "PHIOMIA_CONFIG").map(|path| read(&path)).transpose()?;
    let mut inputs = Inputs { flags: places.flags.clone(), environment, env_file, file };
    if inputs.file.is_none() {
        inputs.file = default_file(&inputs)?;
    }
    Config::assemble(&inputs)
}

/// `phiomia.toml` in the folder we were started in, else in the data folder.
fn default_file(inputs: &Inputs) -> Result<Option<String>, Problems> {
    let here = PathBuf::from("phiomia.toml");
    let data = Config::assemble(inputs).map(|loaded| loaded.config.general.data);
    let candidates = [Some(here), data.ok().map(|data| data.join("phiomia.toml"))];
    candidates.into_iter().flatten().find(|path| path.is_file()).map(|path| read(&path)).transpose()
}

fn read(path: &Path) -> Result<String, Problems> {
    fs::read_to_string(path).map_err(|e| Problems(vec![format!("{} cannot be read: {e}", path.display())]))
}

/// Variables that are no Unicode are nothing we could have asked for.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The folders in which programs are looked for by their names.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
#[must_use]
pub fn program_folders() -> Option<OsString> {
    std::env::var_os("PATH")
}

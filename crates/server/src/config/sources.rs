//! Where configuration comes from: the one place that looks at the environment and reads the files.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use super::{Config, Inputs, Loaded, Problems, setting::Source};

/// The name of the file.
const FILE: &str = "phiomia.toml";

/// The file of a server that the system's package installed; read when there is none nearer.
pub const SYSTEM_FILE: &str = "/etc/phiomia/phiomia.toml";
/// The data of that server.
pub const SYSTEM_DATA: &str = "/var/lib/phiomia";

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

/// Where a server is kept that may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Its file: what is named, else where one lies, else in the data folder that was named, else where the system's
    /// package wants it, else in the data folder.
    pub file: PathBuf,
    /// Its data folder, when a flag or the environment says it.
    pub said_data: Option<PathBuf>,
    /// Its data folder, when the file does not say it either.
    pub usual_data: PathBuf,
}

/// Finds it.
///
/// # Errors
/// Everything that is wrong with flags and environment; also a named env file that cannot be read.
pub fn home(places: &Places) -> Result<Home, Problems> {
    let environment = environment();
    let named = |flag: &Option<PathBuf>, variable: &str| {
        flag.clone().or_else(|| environment.get(variable).filter(|v| !v.is_empty()).map(PathBuf::from))
    };
    let env_file = named(&places.env_file, "PHIOMIA_ENV_FILE").map(|path| read(&path)).transpose()?;
    let named_file = named(&places.config, "PHIOMIA_CONFIG");
    let inputs = Inputs { flags: places.flags.clone(), environment, env_file, file: None };
    let loaded = Config::assemble(&inputs)?;
    let was_said = loaded.texts.get("data").is_some_and(|(_, source)| *source != Source::Default);
    let data = loaded.config.general.data;
    let system = PathBuf::from(SYSTEM_FILE);
    let is_installed = system.parent().is_some_and(Path::is_dir);
    let file = named_file.or_else(|| candidates(&inputs).find(|path| path.is_file()));
    let file = file.unwrap_or_else(|| if was_said || !is_installed { data.join(FILE) } else { system.clone() });
    let usual_data = if file == system { PathBuf::from(SYSTEM_DATA) } else { data.clone() };
    Ok(Home { file, said_data: was_said.then_some(data), usual_data })
}

fn default_file(inputs: &Inputs) -> Result<Option<String>, Problems> {
    candidates(inputs).find(|path| path.is_file()).map(|path| read(&path)).transpose()
}

/// `phiomia.toml` in the folder we were started in, else in the data folder, else that of the system.
fn candidates(inputs: &Inputs) -> impl Iterator<Item = PathBuf> {
    let data = Config::assemble(inputs).map(|loaded| loaded.config.general.data);
    let all = [Some(PathBuf::from(FILE)), data.ok().map(|data| data.join(FILE)), Some(PathBuf::from(SYSTEM_FILE))];
    all.into_iter().flatten()
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

//! `phiomia init`: from a domain, a name and an address to a server that can be started. A second run with the same answers
//! changes nothing.

mod ask;
mod file;
mod told;

use std::{
    env, fs, io,
    io::IsTerminal as _,
    net::IpAddr,
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use clap::Args;
use phiomia_model::{
    Role,
    handle::{is_reserved_name, is_valid_local_name},
};
use phiomia_social::users::{self as people, NewUser, Passwords};
use phiomia_store::db::users;

use self::{ask::Ask, file::Written};
use super::{
    Failure, Global,
    desk::Desk,
    front::apex::{Apex, Kind, Print},
    print,
};
use crate::{
    config::{
        self, Places,
        value::{Domain, Value as _},
    },
    house::link_address,
};

/// Makes a server ready to start: its configuration and its owner; and says what to write into the DNS
#[derive(Debug, Args)]
pub struct Init {
    /// The domain in handles, @me@example.org; it stays for good
    #[arg(long)]
    domain: Option<String>,
    /// The domain that serves pages and apps, when that is another one, as social.example.org
    #[arg(long)]
    web_domain: Option<String>,
    /// The owner's name: me, or @me@example.org
    #[arg(long)]
    handle: Option<String>,
    /// The owner's e-mail address, to sign in with
    #[arg(long)]
    email: Option<String>,
    /// Another program speaks TLS (nginx, Caddy ...) and passes everything on to port 3000 of this machine
    #[arg(long)]
    front: bool,
    /// An address of this machine as the world sees it, for the DNS; may be given several times
    #[arg(long, value_name = "IP")]
    address: Vec<IpAddr>,
    /// Print the rules for the bare domain, too: what serves it
    #[arg(long, value_name = "KIND", value_enum)]
    apex: Option<Kind>,
    /// Ask nothing: what is not given is missing
    #[arg(long)]
    yes: bool,
}

/// What was answered, as it was meant.
struct Answers {
    domain: Domain,
    web_domain: Domain,
    name: String,
    email: String,
}

/// What became of the owner's account.
enum Owner {
    /// Made now; the link signs in once.
    New(String),
    /// There already, with this e-mail address.
    There(String),
}

impl Init {
    /// # Errors
    /// One sentence: what is missing, what contradicts what is there, what could not be made.
    pub fn run(&self, global: &Global) -> Result<(), Failure> {
        let place =
            Places { config: global.config.clone(), env_file: global.env_file.clone(), flags: data_flag(global) };
        let home = config::home(&place)?;
        let file = full(&home.file)?;
        let known = file::read(&file)?;
        let data = home.said_data.or_else(|| known.get("data").map(PathBuf::from)).unwrap_or(home.usual_data);
        let data = full(&data)?;
        as_owner_of(&data)?;
        let answers = self.answers(&known)?;
        let wanted = self.settings(global, &answers, &data, &file, known.is_empty())?;
        let written = file::write(&file, &known, &wanted)?;

        let global = Global { config: Some(file.clone()), ..global.clone() };
        let (addresses, owner, publishes) = Desk::work(&global, async |desk| {
            Ok((desk.addresses.clone(), owner(desk, &answers).await?, desk.config.dns.provider.is_some()))
        })?;
        for (said, meant) in [(&addresses.local_domain, &answers.domain), (&addresses.web_domain, &answers.web_domain)]
        {
            if said != meant.as_str() {
                return Err(Failure(format!(
                    "{} says {}, and the environment or a flag says {said}, which goes before it",
                    file.display(),
                    meant.as_str()
                )));
            }
        }
        let told = told::Told {
            answers: &answers,
            addresses: &addresses,
            file: &file,
            data: &data,
            written,
            owner: &owner,
            machine: &self.address,
            publishes,
        };
        print(told.text().trim_end())?;
        match self.apex {
            Some(kind) if answers.domain != answers.web_domain => {
                print("")?;
                Apex::Print(Print::of(kind, answers.name.clone())).run(&global)
            }
            _ => Ok(()),
        }
    }

    fn answers(&self, known: &file::Known) -> Result<Answers, Failure> {
        let ask = Ask { may_ask: !self.yes && io::stdin().is_terminal() };
        // @me@example.org has two answers in it.
        let in_handle = self.handle.as_deref().and_then(|handle| handle.trim_start_matches('@').split_once('@'));
        let said = self.domain.as_deref().or(in_handle.map(|(_, domain)| domain));
        let said = said.or_else(|| known.get("instance.domain").map(String::as_str));
        let domain = ask.answer(said, "Domain in handles, as example.org", None, "--domain", Domain::read)?;
        if let Some((_, other)) = in_handle
            && Domain::read(other).as_ref() != Ok(&domain)
        {
            return Err(Failure(format!("handles end in @{}, and --handle names @{other}", domain.as_str())));
        }
        let said = self.web_domain.as_deref().or_else(|| known.get("instance.web_domain").map(String::as_str));
        // Who does not want another one need not say so, and what is written already was an answer.
        let said = said.or_else(|| (!ask.may_ask || !known.is_empty()).then_some(domain.as_str()));
        let web_domain =
            ask.answer(said, "Domain of the server itself", Some(domain.as_str()), "--web-domain", Domain::read)?;
        let name = ask.answer(self.handle.as_deref(), "Your name in the handle, as me", None, "--handle", name)?;
        let email = ask.answer(self.email.as_deref(), "Your e-mail address", None, "--email", email)?;
        Ok(Answers { domain, web_domain, name, email })
    }

    /// What the file has to say, by key.
    fn settings(
        &self,
        global: &Global,
        answers: &Answers,
        data: &Path,
        file: &Path,
        is_new: bool,
    ) -> Result<Vec<(String, String)>, Failure> {
        let mut all = vec![("instance.domain".to_owned(), answers.domain.as_str().to_owned())];
        let mut say = |key: &str, value: &str| all.push((key.to_owned(), value.to_owned()));
        if answers.web_domain != answers.domain {
            say("instance.web_domain", answers.web_domain.as_str());
        }
        if self.front {
            say("server.listen", "127.0.0.1:3000");
            say("server.trusted_proxies", "127.0.0.1,::1");
        } else if is_new && !answers.web_domain.is_for_development() {
            say("tls.acme", "true");
        }
        // A file in the data folder is found by way of it.
        if file.parent() != Some(data) {
            let shown = data.to_str();
            say("data", shown.ok_or_else(|| Failure(format!("{} is no Unicode", data.display())))?);
        }
        for (key, value) in global.set.iter().filter(|(key, _)| key != "data") {
            all.retain(|(other, _)| other != key);
            all.push((key.clone(), value.clone()));
        }
        Ok(all)
    }
}

/// The owner, made unless there.
async fn owner(desk: &Desk, answers: &Answers) -> Result<Owner, Failure> {
    let name = answers.name.clone();
    let (found, owner) = desk
        .db
        .read(move |q| {
            let find = |id| users::find(q, id);
            let found = users::by_name(q, &name)?.map(find).transpose()?.flatten();
            Ok((found.filter(|user| user.deleted_at.is_none()), users::owner(q)?.map(find).transpose()?.flatten()))
        })
        .await?;
    match (found, owner) {
        (Some(user), _) => Ok(Owner::There(user.email)),
        (None, Some(owner)) => Err(Failure(format!(
            "this server belongs to {} already: phiomia account create {} makes another account",
            owner.username, answers.name
        ))),
        (None, None) => {
            let new = NewUser {
                username: answers.name.clone(),
                email: Some(answers.email.clone()),
                role: Some(Role::Owner),
                is_confirmed: true,
                is_approved: true,
                locale: Some(desk.config.instance.default_locale.0.clone()),
                ..NewUser::default()
            };
            let passwords = Passwords::new(desk.entropy.clone());
            let account = people::create(&desk.db, &desk.addresses, &passwords, new).await?;
            let link = people::sign_in_link(&desk.db, &desk.entropy, account).await?;
            Ok(Owner::New(link_address(&desk.addresses, &link)))
        }
    }
}

/// What root makes in a folder of somebody else would not open for them: this program becomes theirs first.
fn as_owner_of(data: &Path) -> Result<(), Failure> {
    let Ok(found) = fs::metadata(data) else { return Ok(()) };
    if found.uid() == 0 || !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let program = env::current_exe().map_err(|e| Failure::because("finding this program", e))?;
    // It only comes back when it failed.
    let error = Command::new(program).args(env::args_os().skip(1)).uid(found.uid()).gid(found.gid()).exec();
    Err(Failure::because(&format!("going on as the owner of {}", data.display()), error))
}

fn data_flag(global: &Global) -> Vec<(String, String)> {
    global.data.iter().map(|data| ("data".to_owned(), data.display().to_string())).collect()
}

fn full(path: &Path) -> Result<PathBuf, Failure> {
    // Without `.`, so that ./phiomia-data is the folder that is named.
    let found = std::path::absolute(path).map_err(|e| Failure::because(&format!("finding {}", path.display()), e))?;
    Ok(found.components().collect())
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim_start_matches('@');
    let name = text.split_once('@').map_or(text, |(name, _)| name);
    match name {
        _ if !is_valid_local_name(name) || name.chars().count() > 30 => {
            Err(format!("must be at most 30 letters, digits and underscores: {name:?} is not"))
        }
        _ if is_reserved_name(name) => Err(format!("must not be {name}, which is reserved")),
        _ => Ok(name.to_owned()),
    }
}

fn email(text: &str) -> Result<String, String> {
    match text.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(text.to_owned())
        }
        _ => Err(format!("must be an e-mail address: {text:?} is none")),
    }
}

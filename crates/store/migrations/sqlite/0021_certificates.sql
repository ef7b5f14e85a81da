-- Certificates that this server gets itself (ACME), one for each authority that was ever asked.
create table certificates (
    -- The address of the authority's directory.
    directory text primary key,
    -- What was asked for last, domains with spaces between.
    names text not null,
    -- PEM, this server's first. Null: there was none yet.
    chain text,
    -- Its private key, PEM, sealed.
    sealed_key blob,
    issued_at bigint,
    -- When the authority is asked again, for the next certificate or after a failure.
    next_at bigint not null,
    -- Until then somebody is asking.
    leased_until bigint not null,
    -- Failures since the last success, and what the last one was.
    n_failures bigint not null,
    failure text,
    failed_at bigint
);

-- Who this server is at an authority: address and key, JSON, sealed.
create table acme_accounts (
    directory text primary key,
    sealed_credentials blob not null,
    created_at bigint not null
);

-- What an authority will look for, at any process that serves.
create table acme_challenges (
    kind text not null,
    -- The token of http-01, the domain of tls-alpn-01.
    subject text not null,
    answer text not null,
    expires_at bigint not null,
    primary key (kind, subject)
);

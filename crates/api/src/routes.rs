//! Every route on one page, with what it declares: who may come, with which scopes (any one suffices), what it counts
//! in, what body it takes, who may keep the answer.

use axum::{
    Router,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use phiomia_model::{Noun, Refusal};

use crate::{
    accounts, admin, announcements, conversations,
    doctor::{self, echo::OwnDoctor},
    domain_blocks,
    federation::{self, Fetcher, Reader},
    filters,
    gate::{
        self, Anyone, Body, Cache, Client, DeletesUserData, ManagesBlocks, ManagesFederation, ManagesReports,
        ManagesUsers, Member, Moderates, Needs, Route, Site,
    },
    health, inbox,
    inbox::Server,
    instance, lists, markers, media, notifications, oauth, origin,
    pages::{
        self, Browser,
        visitors::{self, Visitor},
    },
    pictures, polls, refresh, reports, scheduled, search,
    state::Api,
    statuses,
    streaming::{self, Listener},
    tags, timelines,
};

/// For a minute: what changes seldom and is asked for often.
const MINUTE: Cache = Cache::Shared(60);
/// For a week: pictures that seldom change under their name.
const WEEK: Cache = Cache::Shared(604_800);
/// For a day: pictures that never change.
const DAY: Cache = Cache::Shared(86_400);
/// Files that never change under their name.
const FOREVER: Cache = Cache::Forever;
/// The answer depends on who asks.
const PERSONAL: Cache = Cache::Personal;

macro_rules! table {
    ($($method:ident $path:literal $who:ident [$($scope:literal),*] [$($rate:ident),*] $body:ident $cache:ident $handler:path;)*) => {
        vec![$(Route::new(
            Method::$method,
            $path,
            Needs::<$who> {
                who: std::marker::PhantomData,
                scopes: const { &[$(phiomia_model::Scope::of($scope)),*] },
                rates: &[$(gate::Rate::$rate),*],
                body: Body::$body,
                cache: $cache,
            },
            $handler,
        )),*]
    };
}

/// The table.
#[must_use]
pub fn table() -> Vec<Route> {
    table! {
        // method, path                                               who     scopes                       counts in      body     kept by   handler
        GET "/health"                                                 Anyone  []                           []             Nothing  PERSONAL  health::ready;
        GET "/livez"                                                  Anyone  []                           []             Nothing  PERSONAL  health::live;
        GET "/readyz"                                                 Anyone  []                           []             Nothing  PERSONAL  health::ready;
        GET "/avatars/original/missing.png"                           Anyone  []                           []             Nothing  DAY       pictures::missing_avatar;
        GET "/headers/original/missing.png"                           Anyone  []                           []             Nothing  DAY       pictures::missing_header;
        GET "/system/{kind}/{shard}/{name}/{label}"                   Anyone  []                           []             Nothing  FOREVER   pictures::file;

        GET "/media_proxy/{name}/{version}"                           Anyone  []                           []             Nothing  WEEK      media::proxy::show;
        POST "/api/v1/media"                                          Member  ["write:media"]              [Api, Media]   Film     PERSONAL  media::create_and_wait;
        POST "/api/v2/media"                                          Member  ["write:media"]              [Api, Media]   Film     PERSONAL  media::create;
        GET "/api/v1/media/{id}"                                      Member  ["write:media"]              [Api]          Nothing  PERSONAL  media::show;
        PUT "/api/v1/media/{id}"                                      Member  ["write:media"]              [Api]          Film     PERSONAL  media::update;
        DELETE "/api/v1/media/{id}"                                   Member  ["write:media"]              [Api]          Form     PERSONAL  media::delete;

        POST "/inbox"                                                 Server  []                           []             Activity PERSONAL inbox::create;
        POST "/actor/inbox"                                           Server  []                           []             Activity PERSONAL inbox::create;
        POST "/ap/users/{id}/inbox"                                   Server  []                           []             Activity PERSONAL inbox::create;

        GET "/api/v1/instance"                                        Anyone  []                           [Api]          Nothing  MINUTE    instance::show_v1;
        GET "/api/v2/instance"                                        Anyone  []                           [Api]          Nothing  MINUTE    instance::show;
        GET "/api/v1/instance/rules"                                  Anyone  []                           [Api]          Nothing  MINUTE    instance::rules;
        GET "/api/v1/instance/extended_description"                   Anyone  []                           [Api]          Nothing  MINUTE    instance::extended_description;
        GET "/api/v1/instance/privacy_policy"                         Anyone  []                           [Api]          Nothing  MINUTE    instance::privacy_policy;
        GET "/api/v1/instance/terms_of_service"                       Anyone  []                           [Api]          Nothing  MINUTE    instance::terms_of_service;
        GET "/api/v1/instance/terms_of_service/{date}"                Anyone  []                           [Api]          Nothing  MINUTE    instance::terms_of_service_of;
        GET "/api/v1/instance/activity"                               Anyone  []                           [Api]          Nothing  MINUTE    instance::activity;
        GET "/api/v1/instance/domain_blocks"                          Anyone  ["profile", "read:accounts"] [Api]          Nothing  PERSONAL  instance::domain_blocks;
        GET "/api/v1/instance/peers"                                  Anyone  []                           [Api]          Nothing  MINUTE    instance::peers;
        GET "/api/v1/instance/languages"                              Anyone  []                           [Api]          Nothing  MINUTE    instance::languages;
        GET "/api/v1/instance/translation_languages"                  Anyone  []                           [Api]          Nothing  MINUTE    instance::translation_languages;
        GET "/api/v1/peers/search"                                    Anyone  []                           [Api]          Nothing  MINUTE    instance::peers_search;
        GET "/api/v1/custom_emojis"                                   Anyone  []                           [Api]          Nothing  MINUTE    instance::custom_emojis;
        GET "/api/v1/announcements"                                   Member  []                           [Api]          Nothing  PERSONAL  announcements::index;
        POST "/api/v1/announcements/{id}/dismiss"                     Member  ["write:accounts"]           [Api]          Form     PERSONAL  announcements::dismiss;
        PUT "/api/v1/announcements/{id}/reactions/{name}"             Member  ["write:favourites"]         [Api]          Form     PERSONAL  announcements::react;
        DELETE "/api/v1/announcements/{id}/reactions/{name}"          Member  ["write:favourites"]         [Api]          Form     PERSONAL  announcements::unreact;

        POST "/api/v1/accounts"                                       Client  ["write:accounts"]           [Api, SignUp]  Form     PERSONAL  accounts::create;
        POST "/api/v1/emails/confirmations"                           Client  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::resend_confirmation;
        GET "/api/v1/emails/check_confirmation"                       Client  []                           [Api]          Nothing  PERSONAL  accounts::check_confirmation;
        GET "/api/v1/accounts/verify_credentials"                     Member  ["profile", "read:accounts"] [Api]          Nothing  PERSONAL  accounts::verify_credentials;
        PATCH "/api/v1/accounts/update_credentials"                   Member  ["write:accounts"]           [Api]          Upload    PERSONAL  accounts::update_credentials;
        GET "/api/v1/preferences"                                     Member  ["read:accounts"]            [Api]          Nothing  PERSONAL  accounts::preferences;
        GET "/api/v1/accounts"                                        Anyone  ["read:accounts"]            [Api]          Nothing  PERSONAL  accounts::many;
        GET "/api/v1/accounts/lookup"                                 Anyone  ["read:accounts"]            [Api]          Nothing  PERSONAL  accounts::lookup;
        GET "/api/v1/accounts/search"                                 Member  ["read:accounts"]            [Api]          Nothing  PERSONAL  accounts::search;
        GET "/api/v1/accounts/relationships"                          Member  ["read:follows"]             [Api]          Nothing  PERSONAL  accounts::relationships;
        GET "/api/v1/accounts/familiar_followers"                     Member  ["read:follows"]             [Api]          Form     PERSONAL  accounts::familiar_followers;
        GET "/api/v1/profile"                                         Member  ["profile", "read:accounts"] [Api]          Nothing  PERSONAL  accounts::profile;
        PATCH "/api/v1/profile"                                       Member  ["write:accounts"]           [Api]          Upload   PERSONAL  accounts::update_profile;
        DELETE "/api/v1/profile/avatar"                               Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::delete_avatar;
        DELETE "/api/v1/profile/header"                               Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::delete_header;
        GET "/api/v1/endorsements"                                    Member  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  accounts::own_endorsements;
        GET "/api/v1/directory"                                       Anyone  ["read:accounts", "read:follows", "read:statuses", "write:follows"][Api]          Nothing  PERSONAL  accounts::directory;
        GET "/api/v1/suggestions"                                     Member  ["read"]                     [Api]          Nothing  PERSONAL  accounts::suggestions_v1;
        GET "/api/v2/suggestions"                                     Member  ["read"]                     [Api]          Nothing  PERSONAL  accounts::suggestions;
        DELETE "/api/v1/suggestions/{account_id}"                     Member  ["read"]                     [Api]          Form     PERSONAL  accounts::dismiss_suggestion;
        GET "/api/v1/accounts/{id}"                                   Anyone  ["read:accounts"]            [Api]          Nothing  PERSONAL  accounts::show;
        GET "/api/v1/accounts/{id}/statuses"                          Anyone  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  accounts::statuses;
        GET "/api/v1/accounts/{id}/followers"                         Anyone  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  accounts::followers;
        GET "/api/v1/accounts/{id}/following"                         Anyone  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  accounts::following;
        GET "/api/v1/accounts/{id}/endorsements"                      Anyone  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  accounts::endorsements;
        GET "/api/v1/accounts/{id}/origin"                            Member  ["read:accounts"]            [Api]          Nothing  PERSONAL  origin::of_account;
        GET "/api/v1/accounts/{id}/lists"                             Member  ["read:lists"]               [Api]          Nothing  PERSONAL  lists::with_member;
        GET "/api/v1/accounts/{id}/identity_proofs"                   Member  []                           [Api]          Nothing  PERSONAL  accounts::identity_proofs;
        POST "/api/v1/accounts/{id}/follow"                           Member  ["write:follows"]            [Api, Follow]  Form     PERSONAL  accounts::follow;
        POST "/api/v1/accounts/{id}/unfollow"                         Member  ["write:follows"]            [Api]          Form     PERSONAL  accounts::unfollow;
        POST "/api/v1/accounts/{id}/remove_from_followers"            Member  ["write:follows"]            [Api]          Form     PERSONAL  accounts::remove_from_followers;
        POST "/api/v1/accounts/{id}/block"                            Member  ["write:blocks"]             [Api]          Form     PERSONAL  accounts::block;
        POST "/api/v1/accounts/{id}/unblock"                          Member  ["write:blocks"]             [Api]          Form     PERSONAL  accounts::unblock;
        POST "/api/v1/accounts/{id}/mute"                             Member  ["write:mutes"]              [Api]          Form     PERSONAL  accounts::mute;
        POST "/api/v1/accounts/{id}/unmute"                           Member  ["write:mutes"]              [Api]          Form     PERSONAL  accounts::unmute;
        POST "/api/v1/accounts/{id}/note"                             Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::note;
        POST "/api/v1/accounts/{id}/endorse"                          Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::endorse;
        POST "/api/v1/accounts/{id}/unendorse"                        Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::unendorse;
        POST "/api/v1/accounts/{id}/pin"                              Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::endorse;
        POST "/api/v1/accounts/{id}/unpin"                            Member  ["write:accounts"]           [Api]          Form     PERSONAL  accounts::unendorse;
        POST "/api/v1/reports"                                        Member  ["write:reports"]            [Api, Report]  Form     PERSONAL  reports::create;
        GET "/api/v1_alpha/async_refreshes/{id}"                      Member  ["read"]                     [Api]          Nothing  PERSONAL  refresh::show;
        GET "/api/v1/follow_requests"                                 Member  ["read:follows"]             [Api, Paging]  Nothing  PERSONAL  accounts::follow_requests;
        POST "/api/v1/follow_requests/{id}/authorize"                 Member  ["write:follows"]            [Api]          Form     PERSONAL  accounts::authorize_request;
        POST "/api/v1/follow_requests/{id}/reject"                    Member  ["write:follows"]            [Api]          Form     PERSONAL  accounts::reject_request;
        GET "/api/v1/blocks"                                          Member  ["read:blocks"]              [Api, Paging]  Nothing  PERSONAL  accounts::blocks;
        GET "/api/v1/mutes"                                           Member  ["read:mutes"]               [Api, Paging]  Nothing  PERSONAL  accounts::mutes;

        POST "/api/v1/statuses"                                       Member  ["write:statuses"]           [Api, Post]    Form     PERSONAL  statuses::create;
        GET "/api/v1/statuses"                                        Anyone  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::many;
        GET "/api/v1/statuses/{id}"                                   Anyone  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::show;
        PUT "/api/v1/statuses/{id}"                                   Member  ["write:statuses"]           [Api, Post]    Form     PERSONAL  statuses::edit;
        DELETE "/api/v1/statuses/{id}"                                Member  ["write:statuses"]           [Api, Delete]  Form     PERSONAL  statuses::delete;
        PUT "/api/v1/statuses/{id}/interaction_policy"                Member  ["write:statuses"]           [Api]          Form     PERSONAL  statuses::interaction_policy;
        GET "/api/v1/statuses/{id}/quotes"                            Member  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  statuses::quotes;
        POST "/api/v1/statuses/{id}/quotes/{quoting_status_id}/revoke"  Member  ["write:statuses"]         [Api]          Form     PERSONAL  statuses::revoke_quote;
        GET "/api/v1/statuses/{id}/context"                           Anyone  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::context;
        GET "/api/v1/statuses/{id}/history"                           Anyone  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::history;
        GET "/api/v1/statuses/{id}/deliveries"                        Member  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::deliveries;
        GET "/api/v1/statuses/{id}/origin"                            Member  ["read:statuses"]            [Api]          Nothing  PERSONAL  origin::of_status;
        GET "/api/v1/statuses/{id}/source"                            Client  ["read:statuses"]            [Api]          Nothing  PERSONAL  statuses::source;
        GET "/api/v1/statuses/{id}/favourited_by"                     Anyone  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  statuses::favourited_by;
        GET "/api/v1/statuses/{id}/reblogged_by"                      Anyone  ["read:accounts"]            [Api, Paging]  Nothing  PERSONAL  statuses::reblogged_by;
        POST "/api/v1/statuses/{id}/favourite"                        Member  ["write:favourites"]         [Api]          Form     PERSONAL  statuses::favourite;
        POST "/api/v1/statuses/{id}/unfavourite"                      Member  ["write:favourites"]         [Api]          Form     PERSONAL  statuses::unfavourite;
        POST "/api/v1/statuses/{id}/reblog"                           Member  ["write:statuses"]           [Api, Post]    Form     PERSONAL  statuses::reblog;
        POST "/api/v1/statuses/{id}/unreblog"                         Member  ["write:statuses"]           [Api, Delete]  Form     PERSONAL  statuses::unreblog;
        POST "/api/v1/statuses/{id}/bookmark"                         Member  ["write:bookmarks"]          [Api]          Form     PERSONAL  statuses::bookmark;
        POST "/api/v1/statuses/{id}/unbookmark"                       Member  ["write:bookmarks"]          [Api]          Form     PERSONAL  statuses::unbookmark;
        POST "/api/v1/statuses/{id}/pin"                              Member  ["write:accounts"]           [Api]          Form     PERSONAL  statuses::pin;
        POST "/api/v1/statuses/{id}/unpin"                            Member  ["write:accounts"]           [Api]          Form     PERSONAL  statuses::unpin;
        POST "/api/v1/statuses/{id}/mute"                             Member  ["write:mutes"]              [Api]          Form     PERSONAL  statuses::mute;
        POST "/api/v1/statuses/{id}/unmute"                           Member  ["write:mutes"]              [Api]          Form     PERSONAL  statuses::unmute;
        GET "/api/v1/favourites"                                      Member  ["read:favourites"]          [Api, Paging]  Nothing  PERSONAL  statuses::favourites;
        GET "/api/v1/bookmarks"                                       Member  ["read:bookmarks"]           [Api, Paging]  Nothing  PERSONAL  statuses::bookmarks;

        GET "/api/v1/polls/{id}"                                      Anyone  ["read:statuses"]            [Api]          Nothing  PERSONAL  polls::show;
        POST "/api/v1/polls/{id}/votes"                               Member  ["write:statuses"]           [Api]          Form     PERSONAL  polls::vote;

        GET "/api/v1/scheduled_statuses"                              Member  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  scheduled::list;
        GET "/api/v1/scheduled_statuses/{id}"                         Member  ["read:statuses"]            [Api]          Nothing  PERSONAL  scheduled::show;
        PUT "/api/v1/scheduled_statuses/{id}"                         Member  ["write:statuses"]           [Api]          Form     PERSONAL  scheduled::reschedule;
        DELETE "/api/v1/scheduled_statuses/{id}"                      Member  ["write:statuses"]           [Api]          Form     PERSONAL  scheduled::cancel;

        GET "/api/v1/markers"                                         Member  ["read:statuses"]            [Api]          Nothing  PERSONAL  markers::show;
        POST "/api/v1/markers"                                        Member  ["write:statuses"]           [Api]          Form     PERSONAL  markers::put;

        GET "/api/v1/conversations"                                   Member  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  conversations::list;
        DELETE "/api/v1/conversations/{id}"                           Member  ["write:conversations"]      [Api]          Form     PERSONAL  conversations::delete;
        POST "/api/v1/conversations/{id}/read"                        Member  ["write:conversations"]      [Api]          Form     PERSONAL  conversations::read;
        POST "/api/v1/conversations/{id}/unread"                      Member  ["write:conversations"]      [Api]          Form     PERSONAL  conversations::unread;

        GET "/api/v1/timelines/home"                                  Member  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  timelines::home;
        GET "/api/v1/timelines/direct"                                Member  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  timelines::direct;
        GET "/api/v1/timelines/public"                                Anyone  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  timelines::public;
        GET "/api/v1/timelines/tag/{hashtag}"                         Anyone  ["read:statuses"]            [Api, Paging]  Nothing  PERSONAL  timelines::tag;
        GET "/api/v1/timelines/list/{id}"                             Member  ["read:lists"]               [Api, Paging]  Nothing  PERSONAL  timelines::list;

        GET "/api/v2/filters"                                         Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::index;
        POST "/api/v2/filters"                                        Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::create;
        GET "/api/v2/filters/{id}"                                    Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::show;
        PUT "/api/v2/filters/{id}"                                    Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::update;
        DELETE "/api/v2/filters/{id}"                                 Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::delete;
        GET "/api/v2/filters/{id}/keywords"                           Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::keywords::index;
        POST "/api/v2/filters/{id}/keywords"                          Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::keywords::create;
        GET "/api/v2/filters/keywords/{id}"                           Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::keywords::show;
        PUT "/api/v2/filters/keywords/{id}"                           Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::keywords::update;
        DELETE "/api/v2/filters/keywords/{id}"                        Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::keywords::delete;
        GET "/api/v2/filters/{id}/statuses"                           Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::statuses::index;
        POST "/api/v2/filters/{id}/statuses"                          Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::statuses::create;
        GET "/api/v2/filters/statuses/{id}"                           Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::statuses::show;
        DELETE "/api/v2/filters/statuses/{id}"                        Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::statuses::delete;
        GET "/api/v1/filters"                                         Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::v1::index;
        POST "/api/v1/filters"                                        Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::v1::create;
        GET "/api/v1/filters/{id}"                                    Member  ["read:filters"]            [Api]          Nothing  PERSONAL  filters::v1::show;
        PUT "/api/v1/filters/{id}"                                    Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::v1::update;
        DELETE "/api/v1/filters/{id}"                                 Member  ["write:filters"]           [Api]          Form     PERSONAL  filters::v1::delete;
        GET "/api/v1/domain_blocks"                                   Member  ["read:blocks"]              [Api, Paging]  Nothing  PERSONAL  domain_blocks::index;
        GET "/api/v1/domain_blocks/preview"                           Member  ["read:blocks", "write:blocks"] [Api]       Nothing  PERSONAL  domain_blocks::preview;
        POST "/api/v1/domain_blocks"                                  Member  ["write:blocks"]             [Api]          Form     PERSONAL  domain_blocks::create;
        DELETE "/api/v1/domain_blocks"                                Member  ["write:blocks"]             [Api]          Form     PERSONAL  domain_blocks::delete;
        GET "/api/v1/lists"                                           Member  ["read:lists"]               [Api]          Nothing  PERSONAL  lists::index;
        POST "/api/v1/lists"                                          Member  ["write:lists"]              [Api]          Form     PERSONAL  lists::create;
        GET "/api/v1/lists/{id}"                                      Member  ["read:lists"]               [Api]          Nothing  PERSONAL  lists::show;
        PUT "/api/v1/lists/{id}"                                      Member  ["write:lists"]              [Api]          Form     PERSONAL  lists::update;
        DELETE "/api/v1/lists/{id}"                                   Member  ["write:lists"]              [Api]          Form     PERSONAL  lists::delete;
        GET "/api/v1/lists/{id}/accounts"                             Member  ["read:lists"]               [Api, Paging]  Nothing  PERSONAL  lists::members;
        POST "/api/v1/lists/{id}/accounts"                            Member  ["write:lists"]              [Api]          Form     PERSONAL  lists::add_members;
        DELETE "/api/v1/lists/{id}/accounts"                          Member  ["write:lists"]              [Api]          Form     PERSONAL  lists::remove_members;

        GET "/api/v1/tags/{name}"                                     Anyone  ["read:accounts", "read:follows", "read:statuses", "write:follows"] [Api] Nothing PERSONAL tags::show;
        POST "/api/v1/tags/{name}/follow"                             Member  ["write:follows"]            [Api, Follow]  Form     PERSONAL  tags::follow;
        POST "/api/v1/tags/{name}/unfollow"                           Member  ["write:follows"]            [Api]          Form     PERSONAL  tags::unfollow;
        POST "/api/v1/tags/{name}/feature"                            Member  ["write:accounts"]           [Api]          Form     PERSONAL  tags::feature;
        POST "/api/v1/tags/{name}/unfeature"                          Member  ["write:accounts"]           [Api]          Form     PERSONAL  tags::unfeature;
        GET "/api/v1/trends"                                          Anyone  ["read:accounts", "read:follows", "read:statuses", "write:follows"][Api]          Nothing  PERSONAL  tags::trends;
        GET "/api/v1/trends/tags"                                     Anyone  ["read:accounts", "read:follows", "read:statuses", "write:follows"][Api]          Nothing  PERSONAL  tags::trends;
        GET "/api/v1/followed_tags"                                   Member  ["read:follows"]             [Api, Paging]  Nothing  PERSONAL  tags::followed;
        GET "/api/v1/featured_tags"                                   Member  ["read:accounts"]            [Api]          Nothing  PERSONAL  tags::featured;
        POST "/api/v1/featured_tags"                                  Member  ["write:accounts"]           [Api]          Form     PERSONAL  tags::create_featured;
        DELETE "/api/v1/featured_tags/{id}"                           Member  ["write:accounts"]           [Api]          Form     PERSONAL  tags::delete_featured;
        GET "/api/v1/featured_tags/suggestions"                       Member  ["read:accounts"]            [Api]          Nothing  PERSONAL  tags::suggestions;
        GET "/api/v1/accounts/{id}/featured_tags"                     Anyone  ["read:accounts"]            [Api]          Nothing  PERSONAL  tags::featured_by;

        GET "/api/v1/notifications"                                   Member  ["read:notifications"]       [Api, Paging]  Nothing  PERSONAL  notifications::list;
        GET "/api/v1/notifications/unread_count"                      Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::unread_count;
        POST "/api/v1/notifications/clear"                            Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::clear;
        GET "/api/v1/notifications/policy"                            Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::policy::show_v1;
        PUT "/api/v1/notifications/policy"                            Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::policy::update_v1;
        PATCH "/api/v1/notifications/policy"                          Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::policy::update_v1;
        GET "/api/v2/notifications/policy"                            Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::policy::show;
        PATCH "/api/v2/notifications/policy"                          Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::policy::update;
        PUT "/api/v2/notifications/policy"                            Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::policy::update;
        GET "/api/v1/notifications/requests"                          Member  ["read:notifications"]       [Api, Paging]  Nothing  PERSONAL  notifications::requests::list;
        GET "/api/v1/notifications/requests/merged"                   Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::requests::merged;
        POST "/api/v1/notifications/requests/accept"                  Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::requests::accept_many;
        POST "/api/v1/notifications/requests/dismiss"                 Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::requests::dismiss_many;
        GET "/api/v1/notifications/requests/{id}"                     Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::requests::show;
        POST "/api/v1/notifications/requests/{id}/accept"             Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::requests::accept;
        POST "/api/v1/notifications/requests/{id}/dismiss"            Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::requests::dismiss;
        GET "/api/v1/notifications/{id}"                              Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::show;
        POST "/api/v1/notifications/{id}/dismiss"                     Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::dismiss;
        DELETE "/api/v1/notifications/{id}"                           Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::dismiss;
        DELETE "/api/v1/notifications/destroy_multiple"               Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::dismiss_many;
        GET "/api/v2/notifications"                                   Member  ["read:notifications"]       [Api, Paging]  Nothing  PERSONAL  notifications::groups::list;
        GET "/api/v2/notifications/unread_count"                      Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::groups::unread_count;
        POST "/api/v2/notifications/clear"                            Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::clear;
        GET "/api/v2/notifications/{group_key}"                       Member  ["read:notifications"]       [Api]          Nothing  PERSONAL  notifications::groups::show;
        POST "/api/v2/notifications/{group_key}/dismiss"              Member  ["write:notifications"]      [Api]          Form     PERSONAL  notifications::groups::dismiss;
        GET "/api/v2/notifications/{group_key}/accounts"              Member  ["write:notifications", "read:notifications"]  [Api, Paging]  Nothing  PERSONAL  notifications::groups::accounts;

        GET "/api/v2/search"                                          Anyone  ["read:search"]              [Api, Paging]  Nothing  PERSONAL  search::search;

        GET "/api/v1/streaming"                                       Listener []                          [Streaming]    Nothing  PERSONAL  streaming::open;
        GET "/api/v1/streaming/health"                                Anyone  []                           []             Nothing  PERSONAL  streaming::health;
        GET "/api/v1/streaming/doctor/{token}"                        OwnDoctor []                         []             Nothing  PERSONAL  doctor::echo::stream;
        GET "/api/doctor/{token}"                                     OwnDoctor []                         []             Nothing  PERSONAL  doctor::echo::show;
        POST "/api/doctor/{token}"                                    OwnDoctor []                         []             Counted  PERSONAL  doctor::echo::show;
        GET "/api/v1/streaming/{*path}"                               Listener []                          [Streaming]    Nothing  PERSONAL  streaming::open;

        GET "/"                                                       Browser []                           []             Nothing  PERSONAL  pages::home::show;
        GET "/owner/{token}"                                          Browser []                           [Form]         Nothing  PERSONAL  pages::owner::show;
        POST "/owner/{token}"                                         Browser []                           [Form]         Form     PERSONAL  pages::owner::create;
        GET "/auth/sign_in"                                           Browser []                           []             Nothing  PERSONAL  pages::sign_in::new;
        POST "/auth/sign_in"                                          Browser []                           [Form]         Form     PERSONAL  pages::sign_in::create;
        POST "/auth/sign_in/passkey"                                  Browser []                           [Form]         Form     PERSONAL  pages::passkeys::create;
        POST "/auth/sign_in/passkey/options"                          Browser []                           [Form]         Form     PERSONAL  pages::passkeys::options;
        GET "/auth/sign_out"                                          Browser []                           []             Nothing  PERSONAL  pages::sign_in::leave;
        POST "/auth/sign_out"                                         Browser []                           []             Form     PERSONAL  pages::sign_in::delete;
        DELETE "/auth/sign_out"                                       Browser []                           []             Form     PERSONAL  pages::sign_in::delete;
        GET "/.well-known/webfinger"                                  Anyone  []                           []             Nothing  MINUTE    federation::webfinger;
        GET "/.well-known/host-meta"                                  Anyone  []                           []             Nothing  DAY       federation::host_meta;
        GET "/.well-known/host-meta.json"                             Anyone  []                           []             Nothing  DAY       federation::host_meta_json;
        GET "/.well-known/nodeinfo"                                   Anyone  []                           []             Nothing  DAY       federation::nodeinfo_links;
        GET "/nodeinfo/2.0"                                           Anyone  []                           []             Nothing  MINUTE    federation::nodeinfo_2_0;
        GET "/nodeinfo/2.1"                                           Anyone  []                           []             Nothing  MINUTE    federation::nodeinfo_2_1;
        GET "/actor"                                                  Fetcher []                           []             Nothing  PERSONAL  federation::server;
        GET "/actor/outbox"                                           Fetcher []                           []             Nothing  PERSONAL  federation::server_outbox;
        GET "/ap/users/{id}"                                          Fetcher []                           []             Nothing  PERSONAL  federation::show;
        GET "/ap/users/{id}/outbox"                                   Fetcher []                           [Paging]       Nothing  PERSONAL  federation::outbox;
        GET "/ap/users/{id}/followers"                                Fetcher []                           [Paging]       Nothing  PERSONAL  federation::followers;
        GET "/ap/users/{id}/following"                                Fetcher []                           [Paging]       Nothing  PERSONAL  federation::following;
        GET "/ap/users/{id}/followers_synchronization"                Fetcher []                           []             Nothing  PERSONAL  federation::followers_synchronization;
        GET "/ap/users/{id}/collections/featured"                     Fetcher []                           []             Nothing  PERSONAL  federation::featured;
        GET "/ap/users/{id}/collections/tags"                         Fetcher []                           []             Nothing  PERSONAL  federation::featured_tags;
        GET "/ap/users/{id}/quote_authorizations/{status}"            Fetcher []                           []             Nothing  PERSONAL  federation::quote_authorization;
        GET "/ap/users/{id}/like_authorizations/{status}"             Fetcher []                           []             Nothing  PERSONAL  federation::like_authorization;
        GET "/ap/users/{id}/reply_authorizations/{status}"            Fetcher []                           []             Nothing  PERSONAL  federation::reply_authorization;
        GET "/ap/users/{id}/announce_authorizations/{status}"         Fetcher []                           []             Nothing  PERSONAL  federation::announce_authorization;
        GET "/ap/users/{id}/statuses/{status}"                        Fetcher []                           []             Nothing  PERSONAL  federation::note;
        GET "/ap/users/{id}/statuses/{status}/activity"               Fetcher []                           []             Nothing  PERSONAL  federation::activity;
        GET "/ap/users/{id}/statuses/{status}/replies"                Fetcher []                           [Paging]       Nothing  PERSONAL  federation::replies;
        GET "/ap/users/{id}/statuses/{status}/likes"                  Fetcher []                           []             Nothing  PERSONAL  federation::likes;
        GET "/ap/users/{id}/statuses/{status}/shares"                 Fetcher []                           []             Nothing  PERSONAL  federation::shares;
        GET "/ap/contexts/{id}"                                       Fetcher []                           [Paging]       Nothing  PERSONAL  federation::context;
        GET "/@{acct}"                                                Reader  []                           [Paging]       Nothing  PERSONAL  federation::account;
        GET "/@{acct}/with_replies"                                   Visitor []                           [Paging]       Nothing  PERSONAL  visitors::with_replies;
        GET "/@{acct}/media"                                          Visitor []                           [Paging]       Nothing  PERSONAL  visitors::media;
        GET "/@{acct}/media.rss"                                      Visitor []                           []             Nothing  PERSONAL  visitors::media_feed;
        GET "/@{acct}/with_replies.rss"                               Visitor []                           []             Nothing  PERSONAL  visitors::feed_with_replies;
        GET "/@{acct}/tagged/{tag}"                                   Visitor []                           [Paging]       Nothing  PERSONAL  visitors::tagged;
        GET "/@{acct}/{id}"                                           Reader  []                           []             Nothing  PERSONAL  federation::status;
        GET "/@{acct}/{id}/embed"                                     Visitor []                           []             Nothing  PERSONAL  visitors::embed;
        GET "/users/{acct}"                                           Reader  []                           []             Nothing  PERSONAL  federation::account;
        GET "/tags/{tag}"                                             Visitor []                           [Paging]       Nothing  PERSONAL  visitors::tag;
        GET "/about"                                                  Visitor []                           []             Nothing  PERSONAL  visitors::about;
        GET "/privacy-policy"                                         Visitor []                           []             Nothing  PERSONAL  visitors::privacy_policy;
        GET "/terms-of-service"                                       Visitor []                           []             Nothing  PERSONAL  visitors::terms_of_service;
        GET "/terms-of-service/{date}"                                Visitor []                           []             Nothing  PERSONAL  visitors::terms_of_day;
        GET "/api/oembed"                                             Anyone  []                           [Api]          Nothing  MINUTE    visitors::oembed;
        GET "/robots.txt"                                             Anyone  []                           []             Nothing  DAY       visitors::robots;
        GET "/favicon.ico"                                            Anyone  []                           []             Nothing  DAY       visitors::favicon;
        GET "/manifest"                                               Anyone  []                           []             Nothing  MINUTE    visitors::manifest;

        // Staff.
        GET "/api/v1/admin/accounts"                                  ManagesUsers      ["admin:read:accounts"]                [Api] Nothing  PERSONAL  admin::accounts::index_v1;
        GET "/api/v2/admin/accounts"                                  ManagesUsers      ["admin:read:accounts"]                [Api] Nothing  PERSONAL  admin::accounts::index;
        GET "/api/v1/admin/accounts/{id}"                             ManagesUsers      ["admin:read:accounts"]                [Api] Nothing  PERSONAL  admin::accounts::show;
        POST "/api/v1/admin/accounts/{id}/approve"                    ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::approve;
        POST "/api/v1/admin/accounts/{id}/reject"                     ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::reject;
        POST "/api/v1/admin/accounts/{id}/enable"                     ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::enable;
        POST "/api/v1/admin/accounts/{id}/unsilence"                  ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::unsilence;
        POST "/api/v1/admin/accounts/{id}/unsuspend"                  ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::unsuspend;
        POST "/api/v1/admin/accounts/{id}/unsensitive"                ManagesUsers      ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::unsensitive;
        POST "/api/v1/admin/accounts/{id}/action"                     Moderates         ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::act;
        DELETE "/api/v1/admin/accounts/{id}"                          DeletesUserData   ["admin:write:accounts"]               [Api] Form     PERSONAL  admin::accounts::delete;
        GET "/api/v1/admin/reports"                                   ManagesReports    ["admin:read:reports"]                 [Api] Nothing  PERSONAL  admin::reports::index;
        GET "/api/v1/admin/reports/{id}"                              ManagesReports    ["admin:read:reports"]                 [Api] Nothing  PERSONAL  admin::reports::show;
        PUT "/api/v1/admin/reports/{id}"                              ManagesReports    ["admin:write:reports"]                [Api] Form     PERSONAL  admin::reports::update;
        POST "/api/v1/admin/reports/{id}/assign_to_self"              ManagesReports    ["admin:write:reports"]                [Api] Form     PERSONAL  admin::reports::assign_to_self;
        POST "/api/v1/admin/reports/{id}/unassign"                    ManagesReports    ["admin:write:reports"]                [Api] Form     PERSONAL  admin::reports::unassign;
        POST "/api/v1/admin/reports/{id}/resolve"                     ManagesReports    ["admin:write:reports"]                [Api] Form     PERSONAL  admin::reports::resolve;
        POST "/api/v1/admin/reports/{id}/reopen"                      ManagesReports    ["admin:write:reports"]                [Api] Form     PERSONAL  admin::reports::reopen;
        GET "/api/v1/admin/domain_blocks"                             ManagesFederation ["admin:read:domain_blocks"]           [Api] Nothing  PERSONAL  admin::domain_blocks::index;
        GET "/api/v1/admin/domain_blocks/{id}"                        ManagesFederation ["admin:read:domain_blocks"]           [Api] Nothing  PERSONAL  admin::domain_blocks::show;
        POST "/api/v1/admin/domain_blocks"                            ManagesFederation ["admin:write:domain_blocks"]          [Api] Form     PERSONAL  admin::domain_blocks::create;
        PUT "/api/v1/admin/domain_blocks/{id}"                        ManagesFederation ["admin:write:domain_blocks"]          [Api] Form     PERSONAL  admin::domain_blocks::update;
        DELETE "/api/v1/admin/domain_blocks/{id}"                     ManagesFederation ["admin:write:domain_blocks"]          [Api] Form     PERSONAL  admin::domain_blocks::delete;
        GET "/api/v1/admin/domain_allows"                             ManagesFederation ["admin:read:domain_allows"]           [Api] Nothing  PERSONAL  admin::domain_allows::index;
        GET "/api/v1/admin/domain_allows/{id}"                        ManagesFederation ["admin:read:domain_allows"]           [Api] Nothing  PERSONAL  admin::domain_allows::show;
        POST "/api/v1/admin/domain_allows"                            ManagesFederation ["admin:write:domain_allows"]          [Api] Form     PERSONAL  admin::domain_allows::create;
        DELETE "/api/v1/admin/domain_allows/{id}"                     ManagesFederation ["admin:write:domain_allows"]          [Api] Form     PERSONAL  admin::domain_allows::delete;
        GET "/api/v1/admin/email_domain_blocks"                       ManagesBlocks     ["admin:read:email_domain_blocks"]     [Api] Nothing  PERSONAL  admin::email_domain_blocks::index;
        GET "/api/v1/admin/email_domain_blocks/{id}"                  ManagesBlocks     ["admin:read:email_domain_blocks"]     [Api] Nothing  PERSONAL  admin::email_domain_blocks::show;
        POST "/api/v1/admin/email_domain_blocks"                      ManagesBlocks     ["admin:write:email_domain_blocks"]    [Api] Form     PERSONAL  admin::email_domain_blocks::create;
        DELETE "/api/v1/admin/email_domain_blocks/{id}"               ManagesBlocks     ["admin:write:email_domain_blocks"]    [Api] Form     PERSONAL  admin::email_domain_blocks::delete;
        GET "/api/v1/admin/ip_blocks"                                 ManagesBlocks     ["admin:read:ip_blocks"]               [Api] Nothing  PERSONAL  admin::ip_blocks::index;
        GET "/api/v1/admin/ip_blocks/{id}"                            ManagesBlocks     ["admin:read:ip_blocks"]               [Api] Nothing  PERSONAL  admin::ip_blocks::show;
        POST "/api/v1/admin/ip_blocks"                                ManagesBlocks     ["admin:write:ip_blocks"]              [Api] Form     PERSONAL  admin::ip_blocks::create;
        PUT "/api/v1/admin/ip_blocks/{id}"                            ManagesBlocks     ["admin:write:ip_blocks"]              [Api] Form     PERSONAL  admin::ip_blocks::update;
        DELETE "/api/v1/admin/ip_blocks/{id}"                         ManagesBlocks     ["admin:write:ip_blocks", "admin:write:domain_blocks"] [Api] Form     PERSONAL  admin::ip_blocks::delete;
        GET "/api/v1/admin/canonical_email_blocks"                    ManagesBlocks     ["admin:read:canonical_email_blocks"]  [Api] Nothing  PERSONAL  admin::canonical_email_blocks::index;
        GET "/api/v1/admin/canonical_email_blocks/{id}"               ManagesBlocks     ["admin:read:canonical_email_blocks"]  [Api] Nothing  PERSONAL  admin::canonical_email_blocks::show;
        POST "/api/v1/admin/canonical_email_blocks/test"              ManagesBlocks     ["admin:read:canonical_email_blocks"]  [Api] Form     PERSONAL  admin::canonical_email_blocks::test;
        POST "/api/v1/admin/canonical_email_blocks"                   ManagesBlocks     ["admin:write:canonical_email_blocks"] [Api] Form     PERSONAL  admin::canonical_email_blocks::create;
        DELETE "/api/v1/admin/canonical_email_blocks/{id}"            ManagesBlocks     ["admin:write:canonical_email_blocks"] [Api] Form     PERSONAL  admin::canonical_email_blocks::delete;
        GET "/api/v1/admin/hosts"                                     ManagesFederation ["admin:read:domain_blocks"]           [Api] Nothing  PERSONAL  admin::hosts::index;
        GET "/api/v1/admin/hosts/{host}"                              ManagesFederation ["admin:read:domain_blocks"]           [Api] Nothing  PERSONAL  admin::hosts::show;
        POST "/api/v1/admin/hosts/{host}/retry"                       ManagesFederation ["admin:write:domain_blocks"]          [Api] Form     PERSONAL  admin::hosts::retry;
        GET "/api/v1/admin/statuses/{id}/deliveries"                  ManagesFederation ["admin:read:domain_blocks"]           [Api] Nothing  PERSONAL  admin::hosts::post;
        POST "/api/v1/admin/hosts/{host}/reset"                       ManagesFederation ["admin:write:domain_blocks"]          [Api] Form     PERSONAL  admin::hosts::reset;
        GET "/api/v1/admin/media/usage"                               ManagesFederation ["admin:read"]                         [Api] Nothing  PERSONAL  admin::media::usage;

        GET "/authorize_interaction"                                  Browser []                           [Api]          Nothing  PERSONAL  pages::interaction::show;
        POST "/authorize_interaction"                                 Browser []                           [Api, Follow]  Form     PERSONAL  pages::interaction::create;

        GET "/packs/{name}"                                           Anyone  []                           []             Nothing  PERSONAL  pages::style::show;

        POST "/api/v1/apps"                                           Anyone  []                           [App]          Form     PERSONAL  oauth::apps::create;
        GET "/api/v1/apps/verify_credentials"                         Client  []                           [Api]          Nothing  PERSONAL  oauth::apps::verify_credentials;
        GET "/oauth/authorize"                                        Browser []                           []             Nothing  PERSONAL  pages::consent::show;
        POST "/oauth/authorize"                                       Browser []                           [Form]         Form     PERSONAL  pages::consent::create;
        DELETE "/oauth/authorize"                                     Browser []                           [Form]         Form     PERSONAL  pages::consent::delete;
        GET "/oauth/authorized_applications"                          Browser []                           []             Nothing  PERSONAL  pages::settings::apps::show;
        POST "/oauth/authorized_applications/{id}"                    Browser []                           [Api]          Form     PERSONAL  pages::settings::apps::delete;
        GET "/auth/password/new"                                      Browser []                           []             Nothing  PERSONAL  pages::password::new;
        POST "/auth/password/new"                                     Browser []                           [Form]         Form     PERSONAL  pages::password::create;
        GET "/auth/password/edit"                                     Browser []                           [Form]         Nothing  PERSONAL  pages::password::edit;
        POST "/auth/password/edit"                                    Browser []                           [Form]         Form     PERSONAL  pages::password::update;
        GET "/auth/sign_up"                                           Browser []                           []             Nothing  PERSONAL  pages::sign_up::new;
        POST "/auth/sign_up"                                          Browser []                           [Form]         Form     PERSONAL  pages::sign_up::create;
        GET "/auth/confirmation"                                      Browser []                           [Form]         Nothing  PERSONAL  pages::sign_up::confirmation;
        POST "/auth/confirmation"                                     Browser []                           [Form]         Form     PERSONAL  pages::sign_up::confirm;
        GET "/settings/profile"                                       Browser []                           []             Nothing  PERSONAL  pages::settings::profile::show;
        POST "/settings/profile"                                      Browser []                           [Api]          Upload   PERSONAL  pages::settings::profile::update;
        GET "/settings/preferences"                                   Browser []                           []             Nothing  PERSONAL  pages::settings::preferences::show;
        POST "/settings/preferences"                                  Browser []                           [Api]          Form     PERSONAL  pages::settings::preferences::update;
        GET "/filters"                                                Browser []                           []             Nothing  PERSONAL  pages::settings::filters::index;
        POST "/filters"                                               Browser []                           [Api]          Form     PERSONAL  pages::settings::filters::create;
        GET "/filters/new"                                            Browser []                           []             Nothing  PERSONAL  pages::settings::filters::new;
        GET "/filters/{id}/edit"                                      Browser []                           []             Nothing  PERSONAL  pages::settings::filters::edit;
        POST "/filters/{id}"                                          Browser []                           [Api]          Form     PERSONAL  pages::settings::filters::update;
        POST "/filters/{id}/delete"                                   Browser []                           [Api]          Form     PERSONAL  pages::settings::filters::delete;
        GET "/filters/{id}/statuses"                                  Browser []                           []             Nothing  PERSONAL  pages::settings::filters::statuses;
        POST "/filters/{id}/statuses"                                 Browser []                           [Api]          Form     PERSONAL  pages::settings::filters::remove_statuses;
        GET "/auth/edit"                                              Browser []                           []             Nothing  PERSONAL  pages::settings::access::show;
        POST "/auth/edit"                                             Browser []                           [Password]     Form     PERSONAL  pages::settings::access::update;
        POST "/settings/sessions/{id}"                                Browser []                           [Api]          Form     PERSONAL  pages::settings::access::end_session;
        GET "/settings/two_factor"                                    Browser []                           []             Nothing  PERSONAL  pages::settings::two_factor::show;
        GET "/settings/two_factor/setup"                              Browser []                           []             Nothing  PERSONAL  pages::settings::two_factor::setup;
        POST "/settings/two_factor/setup"                             Browser []                           [Password]     Form     PERSONAL  pages::settings::two_factor::begin;
        POST "/settings/two_factor/confirm"                           Browser []                           [Api]          Form     PERSONAL  pages::settings::two_factor::confirm;
        POST "/settings/two_factor/codes"                             Browser []                           [Password]     Form     PERSONAL  pages::settings::two_factor::renew_codes;
        POST "/settings/two_factor/disable"                           Browser []                           [Password]     Form     PERSONAL  pages::settings::two_factor::disable;
        GET "/settings/email"                                         Browser []                           []             Nothing  PERSONAL  pages::settings::email::show;
        POST "/settings/email"                                        Browser []                           [Password]     Form     PERSONAL  pages::settings::email::update;
        POST "/settings/email/keep"                                   Browser []                           [Api]          Form     PERSONAL  pages::settings::email::keep;
        GET "/settings/passkeys"                                      Browser []                           []             Nothing  PERSONAL  pages::settings::passkeys::show;
        POST "/settings/passkeys"                                     Browser []                           [Api]          Form     PERSONAL  pages::settings::passkeys::create;
        POST "/settings/passkeys/options"                             Browser []                           [Password]     Form     PERSONAL  pages::settings::passkeys::options;
        POST "/settings/passkeys/{id}"                                Browser []                           [Api]          Form     PERSONAL  pages::settings::passkeys::update;
        POST "/settings/passkeys/{id}/remove"                         Browser []                           [Password]     Form     PERSONAL  pages::settings::passkeys::delete;
        GET "/settings/delete"                                        Browser []                           []             Nothing  PERSONAL  pages::settings::leave::show;
        POST "/settings/delete"                                       Browser []                           [Password]     Form     PERSONAL  pages::settings::leave::delete;
        GET "/settings/doctor"                                        Browser []                           []             Nothing  PERSONAL  pages::settings::doctor::show;
        POST "/settings/doctor"                                       Browser []                           [Password]     Form     PERSONAL  pages::settings::doctor::create;
        GET "/.well-known/change-password"                            Anyone  []                           []             Nothing  PERSONAL  pages::settings::change_password;
        GET "/oauth/authorize/native"                                 Browser []                           []             Nothing  PERSONAL  pages::consent::native;
        POST "/oauth/token"                                           Anyone  []                           [Api]          Form     PERSONAL  oauth::token::create;
        POST "/oauth/revoke"                                          Anyone  []                           [Api]          Form     PERSONAL  oauth::revoke::create;
        GET "/oauth/userinfo"                                         Member  ["profile"]                  [Api]          Nothing  PERSONAL  oauth::userinfo::show;
        POST "/oauth/userinfo"                                        Member  ["profile"]                  [Api]          Form     PERSONAL  oauth::userinfo::show;
        GET "/.well-known/oauth-authorization-server"                 Anyone  []                           []             Nothing  PERSONAL  oauth::metadata::show;
    }
}

/// All routes over one state, for tests.
pub fn router(api: &Api) -> Router {
    site(api, |_| true).into_router()
}

/// The routes whose path is wanted; any other is answered as one that does not exist. For processes that serve a part.
pub fn site(api: &Api, is_wanted: impl Fn(&str) -> bool) -> Site {
    let routes = table().into_iter().filter(|route| is_wanted(route.path)).collect();
    Site::of(api, routes, unknown)
}

/// Mastodon's answer to a path or method it does not know: a page for browsers, JSON for everybody else.
fn unknown(uri: &Uri, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") && !uri.path().starts_with("/api/") {
        return pages::html_refusal(&Refusal::NotFound(Noun::Record).into());
    }
    (StatusCode::NOT_FOUND, axum::Json(serde_json::json!({ "error": "Not Found" }))).into_response()
}

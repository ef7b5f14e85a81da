"""An app registers, a person signs in through the pages and agrees, the app gets a token; and every way it must not."""

import base64
import hashlib
import secrets

import pytest
import requests
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonIllegalArgumentError, MastodonUnauthorizedError

from browser import Browser, query_of, shown_code
from people import ALL_SCOPES, client_of

CALLBACK = "http://127.0.0.1:9/callback"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@pytest.fixture
def app(server):
    """An app as Mastodon.py registers it, without a token yet."""
    client_id, client_secret = Mastodon.create_app(
        "Mastodon.py", scopes=ALL_SCOPES, redirect_uris=[CALLBACK, OUT_OF_BAND], website="https://example.org",
        api_base_url=server.base)
    return client_of(server, client_id=client_id, client_secret=client_secret)


@pytest.fixture
def browser(server):
    return Browser(server)


def authorize_url(app, redirect_uri=CALLBACK, **more):
    return app.auth_request_url(redirect_uris=redirect_uri, scopes=ALL_SCOPES, allow_http=True, **more)


def ask_for_token(app, **fields):
    return requests.post(f"{app.api_base_url}/oauth/token", timeout=20, data={
        "client_id": app.client_id, "client_secret": app.client_secret, **fields})


def trade(app, code, **fields):
    return ask_for_token(app, grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **fields)


def test_mastodon_py_signs_in_with_a_redirect(app, browser, alice):
    arrived = browser.authorize(authorize_url(app, state="remember me"), alice)
    assert arrived.startswith(CALLBACK)
    assert query_of(arrived)["state"] == "remember me"
    app.log_in(code=query_of(arrived)["code"], redirect_uri=CALLBACK, scopes=ALL_SCOPES, allow_http=True)
    assert app.me().username == alice.name


def test_mastodon_py_signs_in_with_a_code_to_copy(app, browser, alice):
    page = browser.authorize(authorize_url(app, OUT_OF_BAND), alice)
    app.log_in(code=shown_code(page), redirect_uri=OUT_OF_BAND, scopes=ALL_SCOPES, allow_http=True)
    assert str(app.me().id) == alice.id


def test_a_signed_in_person_is_asked_only_whether_they_agree(app, browser, alice):
    browser.authorize(authorize_url(app), alice)
    page = browser.open(authorize_url(app, force_login=False))
    assert isinstance(page, str) or page.sign_in_form() is None


def test_force_login_asks_for_the_password_again(app, browser, alice):
    browser.authorize(authorize_url(app), alice)
    assert browser.open(authorize_url(app, force_login=True)).sign_in_form()


def test_a_wrong_password_shows_the_form_again(app, browser, alice):
    page = browser.open(authorize_url(app))
    page = browser.sign_in(page, alice, password="not my password")
    assert page.sign_in_form()
    assert page.html.find(attrs={"role": "alert"}) or page.html.find(attrs={"aria-live": True})


def test_whoever_says_no_gives_the_app_an_error_and_no_code(app, browser, alice):
    page = browser.sign_in(browser.open(authorize_url(app, state="s")), alice)
    arrived = browser.consent(page, "deny", "cancel", "refuse")
    assert query_of(arrived)["error"] == "access_denied"
    assert query_of(arrived)["state"] == "s"
    assert "code" not in query_of(arrived)


def test_pkce_wants_the_verifier_that_the_challenge_came_from(app, browser, alice):
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    address = f"{authorize_url(app)}&code_challenge={challenge}&code_challenge_method=S256"
    code = query_of(browser.authorize(address, alice))["code"]
    assert trade(app, code, code_verifier="x" * 64).status_code == 400

    code = query_of(browser.authorize(address, alice))["code"]
    answer = trade(app, code, code_verifier=verifier)
    assert answer.status_code == 200
    assert answer.json()["token_type"] == "Bearer"
    assert isinstance(answer.json()["created_at"], int)
    assert set(answer.json()["scope"].split()) == set(ALL_SCOPES)


def test_plain_pkce_is_refused(app, browser):
    page = browser.open(f"{authorize_url(app)}&code_challenge={'x' * 43}&code_challenge_method=plain")
    if isinstance(page, str):
        assert query_of(page)["error"] == "invalid_request"
    else:
        assert page.status == 400


def test_a_code_works_once_and_a_second_use_takes_its_token_away(app, browser, alice, server):
    code = query_of(browser.authorize(authorize_url(app), alice))["code"]
    token = trade(app, code).json()["access_token"]
    assert client_of(server, access_token=token).me().username == alice.name

    again = trade(app, code)
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_grant"
    with pytest.raises(MastodonUnauthorizedError):
        client_of(server, access_token=token).me()


def test_an_address_the_app_did_not_register_gets_nothing(app, browser):
    page = browser.open(authorize_url(app, "http://127.0.0.1:9/elsewhere"))
    assert not isinstance(page, str), "a stranger's address was sent to"
    assert page.status == 400


def test_a_form_without_its_csrf_token_is_refused(app, browser, alice):
    form = browser.open(authorize_url(app)).sign_in_form()
    hidden = {box["name"] for box in form.element.find_all("input", type="hidden") if box.get("name")}
    form.fields = {name: value for name, value in form.fields.items() if name not in hidden}
    answer = browser.submit(form, {form.name_of("text", "email"): alice.email,
                                   form.name_of("password"): alice.password})
    assert not isinstance(answer, str)
    assert answer.status in (403, 422)


def test_a_csrf_token_of_another_session_is_refused(app, browser, server, alice):
    foreign = Browser(server).open(authorize_url(app)).sign_in_form()
    form = browser.open(authorize_url(app)).sign_in_form()
    for box in form.element.find_all("input", type="hidden"):
        form.fields[box["name"]] = foreign.fields[box["name"]]
    answer = browser.submit(form, {form.name_of("text", "email"): alice.email,
                                   form.name_of("password"): alice.password})
    assert not isinstance(answer, str)
    assert answer.status in (403, 422)


def test_the_pages_may_not_be_framed_or_cached(app, browser):
    headers = browser.open(authorize_url(app)).response.headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "no-store" in headers["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in headers


def test_the_session_cookie_is_out_of_reach_of_scripts(app, browser, alice):
    browser.sign_in(browser.open(authorize_url(app)), alice)
    cookies = list(browser.session.cookies)
    assert cookies
    for cookie in cookies:
        assert cookie.has_nonstandard_attr("HttpOnly")
        assert cookie.get_nonstandard_attr("SameSite") == "Lax"


def test_a_revoked_token_is_worth_nothing(app, browser, alice):
    code = query_of(browser.authorize(authorize_url(app), alice))["code"]
    token = app.log_in(code=code, redirect_uri=CALLBACK, scopes=ALL_SCOPES, allow_http=True)
    app.revoke_access_token(allow_http=True)
    app.access_token = token
    with pytest.raises(MastodonUnauthorizedError):
        app.me()


def test_an_app_alone_gets_a_token_that_is_nobody(app):
    token = ask_for_token(app, grant_type="client_credentials", scope="read").json()["access_token"]
    app.access_token = token
    assert app.app_verify_credentials().name == "Mastodon.py"
    with pytest.raises(MastodonAPIError) as refused:
        app.me()
    assert refused.value.args[1] == 422


def test_the_password_grant_is_gone(app, alice):
    answer = ask_for_token(app, grant_type="password", username=alice.email, password=alice.password)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"
    with pytest.raises(MastodonIllegalArgumentError):
        app.log_in(username=alice.email, password=alice.password, allow_http=True)


def test_a_wrong_secret_is_an_unknown_client(app, browser, alice):
    code = query_of(browser.authorize(authorize_url(app), alice))["code"]
    answer = trade(app, code, client_secret="wrong")
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_the_server_describes_its_oauth(app, server):
    info = app.oauth_authorization_server_info()
    assert info["issuer"].rstrip("/") == server.base
    assert info["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "client_credentials"} <= set(info["grant_types_supported"])
    assert set(ALL_SCOPES) <= set(info["scopes_supported"])


def test_userinfo_names_the_person_behind_a_profile_token(server, alice):
    answer = requests.get(f"{server.base}/oauth/userinfo", timeout=20, headers={
        "Authorization": f"Bearer {alice.token('profile read')}"})
    assert answer.status_code == 200
    assert answer.json()["preferred_username"] == alice.name

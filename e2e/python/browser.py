"""A browser without scripts: follows links, fills in the forms it is shown, keeps cookies."""

from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from bs4 import BeautifulSoup


@dataclass
class Form:
    """What a form would send: its prefilled fields, to be completed by a person."""
    action: str
    method: str
    fields: dict
    element: object = field(repr=False)

    def name_of(self, *types):
        """The name of the first field of one of these types."""
        for box in self.element.find_all("input"):
            if box.get("type", "text") in types and box.get("name"):
                return box["name"]
        raise AssertionError(f"no field of type {types} in {self.element}")

    def button(self, *words):
        """Name and value of the button whose text has one of these words."""
        for button in self.element.find_all(["button", "input"]):
            if button.get("type", "submit" if button.name == "button" else "text") != "submit":
                continue
            text = (button.get_text() or button.get("value", "")).lower()
            if any(word in text for word in words):
                return {button["name"]: button.get("value", "")} if button.get("name") else {}
        return None


class Page:
    def __init__(self, response):
        self.response = response
        self.url = response.url
        self.status = response.status_code
        self.html = BeautifulSoup(response.text, "html.parser")

    def forms(self):
        return [self._form(element) for element in self.html.find_all("form")]

    def form_with(self, *words):
        """The form that has a button with one of these words on it."""
        for form in self.forms():
            if form.button(*words) is not None:
                return form
        raise AssertionError(f"no form with {words} on {self.url}:\n{self.html}")

    def sign_in_form(self):
        """The form that asks for a password, or None."""
        return next((form for form in self.forms() if form.element.find("input", type="password")), None)

    def text(self):
        return " ".join(self.html.get_text(" ").split())

    def _form(self, element):
        fields = {}
        for box in element.find_all(["input", "textarea", "select"]):
            kind = box.get("type", "text")
            if not box.get("name") or kind in ("submit", "button", "image", "file"):
                continue
            if kind in ("checkbox", "radio") and not box.has_attr("checked"):
                continue
            if box.name == "select":
                chosen = box.find("option", selected=True) or box.find("option")
                fields[box["name"]] = chosen.get("value", chosen.get_text()) if chosen else ""
            else:
                fields[box["name"]] = box.get("value", box.get_text() if box.name == "textarea" else "")
        return Form(urljoin(self.url, element.get("action") or self.url),
                    element.get("method", "get").lower(), fields, element)


class Browser:
    """Stops where a redirect leaves the server: an app would be waiting there."""

    def __init__(self, server):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update({
            "Accept": "text/html,application/xhtml+xml", "Accept-Language": "en", "User-Agent": "Mozilla/5.0"})
        # Browsers count localhost as a safe place and send Secure cookies to it over plain http.
        self.session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https", "ws", "wss")))

    def open(self, address):
        return self._follow(self.session.get(
            urljoin(self.server.base, address), allow_redirects=False, timeout=20,
            headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}))

    def submit(self, form, values=None, origin=None):
        data = {**form.fields, **(values or {})}
        origin = origin or self.server.base
        headers = {"Origin": origin, "Referer": f"{origin}/", "Sec-Fetch-Mode": "navigate",
                   "Sec-Fetch-Site": "same-origin" if origin == self.server.base else "cross-site"}
        if form.method == "post":
            answer = self.session.post(form.action, data=data, headers=headers, allow_redirects=False, timeout=20)
        else:
            answer = self.session.get(form.action, params=data, headers=headers, allow_redirects=False, timeout=20)
        return self._follow(answer)

    def _follow(self, response):
        """Gives the page at the end, or the address outside that the server sent us to."""
        for _ in range(10):
            target = response.headers.get("Location")
            if not response.is_redirect or target is None:
                return Page(response)
            target = urljoin(response.url, target)
            if not target.startswith(f"{self.server.base}/"):
                return target
            response = self.session.get(target, allow_redirects=False, timeout=20)
        raise AssertionError(f"ten redirects and no page: {response.url}")

    def sign_in(self, page, person, password=None):
        form = page.sign_in_form()
        assert form, f"no sign-in form on {page.url}:\n{page.html}"
        return self.submit(form, {
            form.name_of("text", "email"): person.email,
            form.name_of("password"): password or person.password,
            **(form.button("sign in", "log in") or {})})

    def consent(self, page, *words):
        """Presses a button of the page where a person says what an app may do."""
        form = page.form_with(*words)
        return self.submit(form, form.button(*words))

    def authorize(self, address, person):
        """The whole way: sign in where asked, agree, and arrive at the app's address or at the code to copy."""
        page = self.open(address)
        if isinstance(page, Page) and page.sign_in_form():
            page = self.sign_in(page, person)
        if isinstance(page, Page) and not shown_code(page):
            page = self.consent(page, "authori", "allow")
        return page


def query_of(address):
    """The parameters a redirect carries, one value each."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query, keep_blank_values=True).items()}


def shown_code(page):
    """The one-time code that a person would copy from the page."""
    box = page.html.find("input", readonly=True)
    if box:
        return box.get("value")
    code = page.html.find(["code", "kbd", "output"])
    return code.get_text(strip=True) if code else None

"""config/brand.yaml: what every letter says of the shop, and the links that letters may use."""

from __future__ import annotations

import re

from pydantic import Field, field_validator

from winback.errors import Problem
from winback.letters import wording
from winback.letters.wording import Wording
from winback.settings import Project
from winback.strictyaml import Shape, refusal

_URL = re.compile(r"https://[^\s\"<>]+")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


class Logo(Shape):
    """A picture that letters may show: `brand.logo`."""

    image: str  # a file of templates/images/, which travels inside the letter, or an https address
    width: int = Field(ge=1, le=1200)  # as shown, in CSS pixels
    height: int = Field(ge=1, le=1200)
    alt: Wording  # what is read where it isn't shown

    @property
    def is_hosted(self) -> bool:
        return self.image.startswith("https://")

    @field_validator("image")
    @classmethod
    def _file_or_https(cls, value: str) -> str:
        if not re.fullmatch(r"https://[^\s\"<>]+|[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise refusal(f"is {value}; a picture is a file of templates/images/ or an https address.", "Write for example logo.png.")
        return value


class Brand(Shape):
    """The shop as its letters show it."""

    name: Wording
    tagline: Wording = ""  # what the shop is, in a few words, below its name
    company: Wording  # who writes, by law
    address: Wording  # postal: the law of many countries wants it in each letter
    site: str  # as people say it: zerno.example
    reason: Wording  # why the customer gets this letter
    logo: Logo | None = None
    links: dict[str, str] = Field(default_factory=dict)  # name -> https URL
    colours: dict[str, str] = Field(default_factory=dict)  # var(--name) in the style sheet of letters and pages

    @field_validator("links")
    @classmethod
    def _https(cls, links: dict[str, str]) -> dict[str, str]:
        for name, url in links.items():
            if not _URL.fullmatch(url):
                raise refusal(f"has {url} for `{name}`; letters link to https addresses only.", "Write for example https://zerno.example/new.")
        return links

    @field_validator("colours")
    @classmethod
    def _colours(cls, colours: dict[str, str]) -> dict[str, str]:
        for name, colour in colours.items():
            if not _COLOUR.fullmatch(colour):
                raise refusal(f"has {colour} for `{name}`; a colour is six hexadecimal digits.", 'Write for example "#7a4a21", in quotes.')
        return colours


def read(project: Project) -> Brand:
    """The project's brand. Raises ConfigError."""
    return project.read(Brand, "brand.yaml").value


def unworded(project: Project, language: str) -> list[Problem]:
    """Texts of the brand that a letter in this language would lack. Raises ConfigError."""
    return list(wording.unworded(project.read(Brand, "brand.yaml"), [("name",), ("company",), ("address",), ("reason",)], language))

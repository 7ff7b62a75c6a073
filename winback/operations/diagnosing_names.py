"""The doctor's look at DNS: what receivers will find there about this sender, and what to publish where something lacks.

SPF by RFC 7208, DKIM by RFC 6376 and RFC 8463, DMARC by RFC 9989; PTR because Gmail and others refuse hosts without a name that leads back.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from winback.channels import dmarc, spf
from winback.channels.dkim import Signer
from winback.channels.dmarc import Domain
from winback.channels.dns_lookup import DnsUnreachableError, Lookup
from winback.errors import ConfigError, Refused
from winback.letters import sender
from winback.operations import diagnosis, mail_servers
from winback.operations.diagnosis import Finding, Record, State
from winback.sending import lanes
from winback.settings import Project

_AREA = "dns"


@dataclass(frozen=True, slots=True)
class Names:
    """What letters say of where they come from."""

    lookup: Lookup
    authors: tuple[str, ...]  # domains of From
    envelopes: dict[str, str]  # domain of the envelope sender -> one mailbox of it
    returns: str  # `bounces_to`; empty: bounces go to each sender
    signers: tuple[Signer, ...]
    relays: tuple[str, ...]  # the mail servers' names
    leaves_from: tuple[str, ...]  # addresses that letters leave from, as far as known
    is_said: bool  # a person said which


def look(project: Project, lookup: Lookup, leaves_from: Sequence[str] = ()) -> Iterator[Finding]:
    """Everything that receivers ask DNS. Where DNS can't be reached, that is said once, with what should stand there.

    As long as letters stay in a folder, what is missing stands in nobody's way.
    """
    may_lack = project.settings.email.via == "file"
    try:
        names = _names(project, lookup, leaves_from)
    except Refused:
        return  # files that can't be read are told of elsewhere
    for finding in _look(names):
        yield replace(finding, optional=may_lack) if finding.state is State.MISSING else finding


def _look(names: Names) -> Iterator[Finding]:
    for question in _questions(names):
        try:
            yield from question()
        except DnsUnreachableError as error:
            if not names.lookup.gave_up:  # one domain's own servers are silent
                yield diagnosis.unknown(_AREA, "DNS", f"{error}.", "Run it again later; if it stays so, the domain's name servers are broken.")
                continue
            yield diagnosis.unknown(_AREA, "DNS", f"can't be reached from here: {error}.", "Run it where it can, or name a server: --dns 192.0.2.53")
            yield from _to_publish(names)
            return


def _names(project: Project, lookup: Lookup, leaves_from: Sequence[str]) -> Names:
    email, senders = project.settings.email, sender.read(project).senders.values()
    hosts = tuple(dict.fromkeys(server.host for server in mail_servers.listed(project)))
    mailboxes = [email.bounces_to] if email.bounces_to else [each.email for each in senders]
    try:
        signers = tuple(lanes.signers(project))
    except ConfigError:
        signers = ()
    return Names(
        lookup,
        authors=tuple(sorted({_domain(each.email) for each in senders})),
        envelopes={_domain(mailbox): mailbox for mailbox in mailboxes},
        returns=email.bounces_to,
        signers=signers,
        relays=hosts,
        leaves_from=tuple(leaves_from) or _public([address for host in hosts for address in _addresses(lookup, host)]),
        is_said=bool(leaves_from),
    )


def _questions(names: Names) -> Iterator[Callable[[], Iterator[Finding]]]:
    for domain, mailbox in names.envelopes.items():
        yield lambda domain=domain, mailbox=mailbox: _spf(names, domain, mailbox)  # type: ignore[misc]
    for signer in names.signers:
        yield lambda signer=signer: _dkim(names.lookup, signer)  # type: ignore[misc]
    for domain in names.authors:
        yield lambda domain=domain: _dmarc(names, domain)  # type: ignore[misc]
    for domain in names.envelopes:
        yield lambda domain=domain: _mx(names.lookup, domain)  # type: ignore[misc]
    for address in names.leaves_from:
        yield lambda address=address: _ptr(names.lookup, address)  # type: ignore[misc]


def _spf(names: Names, domain: str, mailbox: str) -> Iterator[Finding]:
    subject, record = f"SPF of {domain}", _spf_record(names, domain)
    found = spf.records(names.lookup.texts(domain))
    if not found:
        how = "Publish it (TXT), with the address that letters leave from (--from-ip):" if "ADDRESS" in record.value else "Publish it (TXT):"
        yield diagnosis.missing(_AREA, subject, "there is no SPF record: receivers can't know who may send for it.", how, record)
        return
    for address in names.leaves_from or ("192.0.2.1",):  # without one, at least whether the record can be read
        verdict = spf.check(names.lookup, domain, address, mailbox)
        if verdict.result is spf.Result.BROKEN:
            yield diagnosis.wrong(_AREA, subject, f"receivers can't use `{verdict.record}`: {verdict.why}.", "Mend it; for example (TXT):", record)
            return
        if not names.leaves_from:
            message = f"`{verdict.record}` can be read. Whether it lets your letters leave can't be told: {' and '.join(names.relays)} has no public address."
            yield diagnosis.unknown(_AREA, subject, message, "Say where they leave from: --from-ip ADDRESS")
        elif verdict.result is spf.Result.PASS:
            yield diagnosis.ok(_AREA, subject, f"`{verdict.record}` lets {address} send.")
        elif names.is_said:
            message = f"`{verdict.record}` doesn't let {address} send ({verdict.result})."
            yield diagnosis.wrong(
                _AREA, subject, message, f"Add ip4:{address} (or what your mail provider says), so:", _with(record, verdict.record, address)
            )
        else:
            message = f"`{verdict.record}` doesn't let {address} send ({verdict.result}), where {' or '.join(names.relays)} listens; it may send from elsewhere."
            yield diagnosis.unknown(_AREA, subject, message, "Ask its provider what to `include:`, or say it yourself: --from-ip ADDRESS")


def _spf_record(names: Names, domain: str) -> Record:
    """A mail server on this machine has no name that the world could ask about: then the address must be filled in."""
    terms = [f"ip{ipaddress.ip_address(address).version}:{address}" for address in names.leaves_from]
    terms = terms or [f"a:{relay}" for relay in names.relays if "." in relay and not relay.startswith("127.")] or ["ip4:ADDRESS"]
    return Record(domain, "TXT", f"v=spf1 {' '.join(terms)} -all")


def _with(record: Record, text: str, address: str) -> Record:
    """The record that is there, with one address more, before what it says of all others."""
    version, *terms = text.split()
    return Record(record.name, "TXT", " ".join([version, f"ip{ipaddress.ip_address(address).version}:{address}", *terms]))


def _dkim(lookup: Lookup, signer: Signer) -> Iterator[Finding]:
    name, text = signer.record()
    subject, record = f"DKIM {signer.selector} of {signer.domain}", Record(name, "TXT", text)
    found = [tags for each in lookup.texts(name) if "p" in (tags := _tags(each))]
    own = _tags(text)
    if not found:
        how = "Publish it (TXT; a name server cuts it into strings of 255 characters, which is right):"
        yield diagnosis.missing(_AREA, subject, "the key is not published: receivers take the signature for broken.", how, record)
    elif len(found) > 1:
        yield diagnosis.wrong(_AREA, subject, f"there are {len(found)} keys, and receivers take any of them.", "Leave only this one (TXT):", record)
    elif not _bare(found[0]["p"]):
        yield diagnosis.wrong(
            _AREA, subject, "the published key is revoked (`p=` is empty).", "Publish it anew, or sign with another selector:", record
        )
    elif _bare(found[0]["p"]) != _bare(own["p"]) or found[0].get("k", "rsa").lower() != own["k"]:
        message = "another key is published than the one that signs here."
        yield diagnosis.wrong(_AREA, subject, message, "Publish this one (TXT), or sign with the key that is published:", record)
    elif "y" in found[0].get("t", "").lower().split(":"):
        message = "the key is published as a trial (`t=y`): receivers treat letters as if they weren't signed."
        yield diagnosis.wrong(_AREA, subject, message, "Take `t=y` out (TXT):", record)
    else:
        yield diagnosis.ok(_AREA, subject, f"the key that signs here ({signer.algorithm}) is published.")


def _dmarc(names: Names, domain: str) -> Iterator[Finding]:
    subject, record = f"DMARC of {domain}", _dmarc_record(domain)
    author = dmarc.find(names.lookup, domain)
    if author.policy is None:
        message = "there is no DMARC record: Gmail, Yahoo and Outlook ask everybody who writes to many for one."
        yield diagnosis.missing(_AREA, subject, message, "Publish it (TXT):", record)
        return
    if author.policy.asks not in {"none", "quarantine", "reject"}:
        message = f"`{author.policy.record}` (at {author.policy.domain}) says nothing that receivers know in `p=`."
        yield diagnosis.wrong(_AREA, subject, message, "Write p=none, p=quarantine or p=reject, for example (TXT):", record)
        return
    yield from _alignment(names, subject, author)


def _alignment(names: Names, subject: str, author: Domain) -> Iterator[Finding]:
    """DMARC holds where the domain of a signature, or that of the envelope, is of the house of the letter's From."""
    assert author.policy is not None
    tags = author.policy.tags
    covering = [signer for signer in names.signers if signer.covers(f"x@{author.name}")]
    signed = any(dmarc.aligned(author, dmarc.find(names.lookup, key.domain), strict=tags.get("adkim", "r") == "s") for key in covering)
    strict = tags.get("aspf", "r") == "s"
    envelopes = names.envelopes if names.returns else {author.name: ""}
    enveloped = all(dmarc.aligned(author, dmarc.find(names.lookup, each), strict=strict) for each in envelopes)
    at = "" if author.policy.domain == author.name else f" (at {author.policy.domain})"
    told = f"`{author.policy.record}`{at}"
    if signed or enveloped:
        ways = [word for word, holds in (("DKIM signature", signed), ("envelope sender (SPF)", enveloped)) if holds]
        yield diagnosis.ok(_AREA, subject, f"{told}; From is aligned with the {' and the '.join(ways)}.")
    elif names.signers:
        message = f"{told}; but neither a DKIM key's domain nor that of `bounces_to` ({', '.join(envelopes)}) is of the house of {author.name}."
        how = f"Sign with a key of {author.organization}: winback dkim new --domain {author.name}; or take a `bounces_to:` at {author.name}."
        yield diagnosis.wrong(_AREA, subject, message, how)
    else:
        message = f"{told}; `bounces_to` ({', '.join(envelopes)}) is of another house, and what the mail server signs can't be seen from here."
        yield diagnosis.unknown(_AREA, subject, message, f"See that it signs with a key of {author.organization}, or sign here: winback dkim new")


def _dmarc_record(domain: str) -> Record:
    return Record(f"_dmarc.{domain}", "TXT", f"v=DMARC1; p=none; rua=mailto:dmarc@{domain}")


def _mx(lookup: Lookup, domain: str) -> Iterator[Finding]:
    subject, hosts = f"MX of {domain}", lookup.mail_hosts(domain)
    if hosts == [""]:
        message = "the domain says that it takes no mail (RFC 7505), and bounces go there."
        yield diagnosis.wrong(
            _AREA, subject, message, "Publish the host that takes them, for example (MX):", Record(domain, "MX", f"10 mx.{domain}.")
        )
    elif not hosts:
        message = "no host takes the mail that comes back."
        yield diagnosis.missing(_AREA, subject, message, "Publish the one that does, for example (MX):", Record(domain, "MX", f"10 mx.{domain}."))
    elif not any(lookup.addresses(host) for host in hosts):
        yield diagnosis.wrong(_AREA, subject, f"none of {', '.join(hosts)} has an address.", "Publish an A record for it, or mend the MX record.")
    else:
        yield diagnosis.ok(_AREA, subject, f"{', '.join(hosts)} takes what comes back.")


def _ptr(lookup: Lookup, address: str) -> Iterator[Finding]:
    subject, called = f"PTR of {address}", lookup.names(address)
    if not called:
        how = "Whoever gave you the address publishes its name (PTR), which must lead back to it."
        yield diagnosis.missing(_AREA, subject, "the address that letters leave from has no name: Gmail and others refuse such.", how)
    elif back := next((name for name in called if address in lookup.addresses(name)), None):
        yield diagnosis.ok(_AREA, subject, f"it is called {back}, and {back} leads back to it.")
    else:
        kind = "A" if ipaddress.ip_address(address).version == 4 else "AAAA"
        yield diagnosis.wrong(
            _AREA, subject, f"it is called {called[0]}, which doesn't lead back to it.", "Publish:", Record(called[0], kind, address)
        )


def _to_publish(names: Names) -> Iterator[Finding]:
    """What should stand there, where nobody can look."""
    wanted = [(f"SPF of {domain}", _spf_record(names, domain)) for domain in names.envelopes]
    wanted += [(f"DKIM {key.selector} of {key.domain}", Record(key.record()[0], "TXT", key.record()[1])) for key in names.signers]
    wanted += [(f"DMARC of {domain}", _dmarc_record(domain)) for domain in names.authors]
    for subject, record in wanted:
        yield Finding(_AREA, subject, State.UNKNOWN, "nobody can look from here.", "It should stand there (TXT):", record)


def _tags(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in text.split(";"))
    return {name.strip(): value.strip() for name, sign, value in parts if sign}


def _bare(key: str) -> str:
    return re.sub(r"\s+", "", key)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _addresses(lookup: Lookup, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return lookup.addresses(host)
    except DnsUnreachableError:
        return []  # the first question says so


def _public(addresses: Sequence[str]) -> tuple[str, ...]:
    """Those that the world sees: a server on this machine or network sends from another."""
    return tuple(address for address in addresses if ipaddress.ip_address(address).is_global)

"""Whose mailbox an address is: providers that take letters at many domains count them all together. Pure; nothing is looked up."""

from __future__ import annotations

from types import MappingProxyType

_DOMAINS = {
    "gmail": "gmail.com googlemail.com",
    "outlook": """
        outlook.com outlook.at outlook.be outlook.cl outlook.cz outlook.de outlook.dk outlook.es outlook.fr outlook.hu outlook.ie outlook.in
        outlook.it outlook.jp outlook.kr outlook.lv outlook.my outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk outlook.co.id outlook.co.il
        outlook.co.th outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr outlook.com.vn
        hotmail.com hotmail.at hotmail.be hotmail.ca hotmail.ch hotmail.cl hotmail.cz hotmail.de hotmail.dk hotmail.es hotmail.fi hotmail.fr hotmail.gr
        hotmail.hu hotmail.it hotmail.lt hotmail.lv hotmail.nl hotmail.no hotmail.rs hotmail.se hotmail.sk hotmail.co.il hotmail.co.jp hotmail.co.th
        hotmail.co.uk hotmail.co.za hotmail.com.ar hotmail.com.au hotmail.com.br hotmail.com.tr
        live.com live.at live.be live.ca live.cl live.cn live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.pt live.com.sg live.de live.dk
        live.fr live.ie live.in live.it live.jp live.nl live.no live.ru live.se
        msn.com windowslive.com passport.com""",
    # aol.com and its sisters are Yahoo's; yahoo.co.jp is another company's
    "yahoo": """
        yahoo.com yahoo.at yahoo.be yahoo.ca yahoo.ch yahoo.cl yahoo.cz yahoo.de yahoo.dk yahoo.es yahoo.fi yahoo.fr yahoo.gr yahoo.hu yahoo.ie yahoo.in
        yahoo.it yahoo.nl yahoo.no yahoo.pl yahoo.pt yahoo.ro yahoo.se yahoo.co.id yahoo.co.in yahoo.co.nz yahoo.co.th yahoo.co.uk yahoo.co.za
        yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.co yahoo.com.hk yahoo.com.mx yahoo.com.my yahoo.com.pe yahoo.com.ph yahoo.com.sg yahoo.com.tr
        yahoo.com.tw yahoo.com.ve yahoo.com.vn
        myyahoo.com ymail.com rocketmail.com aol.com aim.com netscape.net verizon.net""",
    "apple": "icloud.com me.com mac.com privaterelay.appleid.com",
    "mail-ru": "mail.ru bk.ru inbox.ru list.ru internet.ru xmail.ru",
    "yandex": "yandex.ru yandex.com yandex.ua yandex.by yandex.kz yandex.uz yandex.com.tr ya.ru narod.ru",
    "rambler": "rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru rambler.ua",
    "ukr-net": "ukr.net",
    "i-ua": "i.ua ua.fm email.ua",
    "meta-ua": "meta.ua",
    "bigmir": "bigmir.net",
    "seznam": "seznam.cz email.cz post.cz spoluzaci.cz",
    "gmx": "gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.org gmx.eu gmx.info gmx.biz gmx.co.uk gmx.fr gmx.es",
    "wp": "wp.pl o2.pl tlen.pl go2.pl",
    "onet": "onet.pl onet.eu op.pl vp.pl poczta.onet.pl onet.com.pl",
    "orange": "orange.fr wanadoo.fr",
    "libero": "libero.it inwind.it iol.it blu.it",
    "proton": "proton.me protonmail.com protonmail.ch pm.me",
    "fastmail": "fastmail.com fastmail.fm",
    "tuta": "tuta.com tuta.io tutanota.com tutanota.de tutamail.com keemail.me",
}

GROUPS = MappingProxyType({group: tuple(domains.split()) for group, domains in _DOMAINS.items()})
"""The providers, each with the domains at which it gives mailboxes. No name has a dot, so that none is a domain."""

_GROUP_OF = {domain: group for group, domains in GROUPS.items() for domain in domains}


def group_of(address: str) -> str:
    """The provider that an address is at: gmail, mail-ru...; the domain itself, in small letters, where we know no provider.

    Companies whose own domain is kept by a provider (Google Workspace, Microsoft 365) are their own group: only DNS could tell.
    """
    domain = address.rpartition("@")[2].strip().rstrip(".").lower()
    return _GROUP_OF.get(domain, domain)

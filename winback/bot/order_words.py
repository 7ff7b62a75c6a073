"""Whether words ask where an order is, in the languages that the bot speaks. tests/bot/order_words.yaml is the table of cases."""

from __future__ import annotations

import re

_SHORT = 200
"""Characters: a longer message says more than that, and a person reads all of it anyway."""
_ORDER = r"(?:order|parcel|package|delivery|shipment)"
_ASK = re.compile(
    rf"\b(?:where(?:'s| is| are)? (?:my |the |our )?{_ORDER}|(?:when|has|is|did|will) (?:will |is |does )?(?:my|the|our) {_ORDER}\b.{{0,30}}\b(?:arriv\w*|com\w+|ship\w*|sent|be here|deliver\w*)"
    rf"|(?:status of (?:my|the|our) {_ORDER}|{_ORDER} status|track(?:ing)? (?:my |the )?{_ORDER}|tracking number)"
    r"|де (?:ж |же )?(?:моє |моя |наше |наша )?(?:замовлення|посилка|доставка)|коли (?:вже |ж )?(?:буде |прийде |приїде |привезуть |надійде |доставлять |відправите |надішлете )?(?:моє |мою |моя |наше )?(?:замовлення|посилк[ау])"
    r"|статус (?:мого |нашого )?замовлення|номер (?:ттн|накладної)|відстежити (?:замовлення|посилку)"
    r"|где (?:же )?(?:мой |моя |наш |наша )?(?:заказ|посылка|доставка)|когда (?:уже |же )?(?:будет |придёт |придет |приедет |привезут |доставят |отправите )?(?:мой |мою |моя |наш )?(?:заказ|посылк[ау])"
    r"|статус (?:моего |нашего )?заказа|отследить (?:заказ|посылку)|трек[- ]?номер"
    r"|unde (?:este|e|mi-e|îmi este) (?:comanda|coletul|livrarea)|c[aâ]nd (?:ajunge|vine|sose[sș]te|livra[tț]i|primesc) (?:comanda|coletul)|(?:starea|statusul|stadiul) comenzii|urm[aă]ri (?:comanda|coletul)"
    r"|buyurtma(?:m|miz|ngiz)? (?:qayerda|qani|qachon|qayerga)|(?:qachon|qayerda) (?:keladi |yetib keladi )?(?:mening )?buyurtma\w*|buyurtma(?:m|ning|mning)? holati|posilka(?:m)? (?:qayerda|qachon)"
    r"|захиалга(?:\s?маань|\s?минь)? (?:хаана|хэзээ)|захиалг(?:ын|ынхаа|ын минь) (?:байдал|төлөв|явц)|илгээмж (?:маань |минь )?(?:хаана|хэзээ)|миний захиалга (?:хаана|хэзээ|яасан))",
    re.IGNORECASE,
)
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bb\u02bc`\u00b4", "'"))


def ask(words: str) -> bool:
    """Wrongly heard it costs little: the words are passed on to a person in any case, and then with the last order beside them."""
    said = " ".join(words.translate(_APOSTROPHES).split())
    return len(said) <= _SHORT and _ASK.search(said) is not None

"""Words that stand in name fields and are nobody's names: companies, their trades, placeholders, what fingers type to get past a form."""

from __future__ import annotations

import re

LEGAL_FORMS = frozenset(
    """
    ао ат дп зао зат ип ірі оао оат пао пат пп прат тзов тов тоо ооо уп фг фоп чп xk мчж оаж ятт ххк хк ббсб төхк ххн ббн
    ab ag bv co company corp gmbh inc limited llc llp ltd oy plc sa sarl srl srls sro spa ii pfa ong
    mchj mchk ok oaj aj yatt xt dk fop tov ooo tzov hhk xxk
""".split()
)
"""Legal forms, as words of their own."""

_TRADES = re.compile(  # Agron, Avto, Bishop, Markéta and Торгом are people
    r"agro(?!n)|auto(?=\w)|avto(?=\w)|company|design|hotel|invest|logist|market(?!a$)|salon|savdo|servic|servis|(?<!bi)shop|solution|studio|^tech|^texno"
    r"|trade|trading|агро(?!н$)|авто(?=\w)|готел|групп|дизайн|инвест|інвест|компан|логист|логіст|магазин|маркет(?!а$)|отель|салон|сервис|сервіс|світ$"
    r"|снаб|строй|студи|студі|техно|торг(?!ом)|трейд|центр|дэлгүүр|үйлчилгээ"
)
_NOBODY = frozenset(
    """
    admin administrator anonim anonymous anonymus buyer client contact customer dear default demo e-mail email empty example fake first firstname
    friend guest hello info lastname lady madam mail manager member miss missis mister misses mr mrs ms mx n/a na name nan nil no nobody noname none
    null office order owner person private reception sales sample sir sorry subscriber support surname test tester testing testov unknown user
    username visitor www you your xxx asd asdf asdfg asdfgh asdfghjkl asdasd qwe qwer qwert qwerty qwertyuiop zxc zxcv zxcvb abc abcd abcde lorem ipsum
    client clienta clientul cumparator cumpărător doamna domnul nume necunoscut oaspete prenume probă test utilizator vizitator
    foydalanuvchi ism ismi mehmon mijoz noma’lum nomaʼlum sinov xaridor buyurtmachi
    адмін адміністратор анонім бухгалтер гість директор замовник кафе клієнт контакт користувач менеджер невідома невідомий невідомо немає нема
    офіс пан пані підписник покупець пошта приватна прізвище проба ресторан склад тест тестова тестовий тестер ім’я якийсь
    админ администратор аноним бухгалтерия гость госпожа господин друг заказчик имя клиент клиентка неизвестно неизвестный неизвестная нет никто офис
    подписчик покупатель покупательница пользователь почта приёмная приемная продавец секретарь тестовая тестовый тётя фамилия отчество
    зочин захиалагч нэр овог хэрэглэгч үйлчлүүлэгч харилцагч тодорхойгүй туршилт
    йцу йцук йцукен йцукенг фыв фыва фывап фівa фіва фівап ячс ячсм ячсми абв абвг абвгд ололо
    ромашка берізка берёзка березка перлина сонечко солнышко
""".split()
)


def is_company(word: str) -> bool:
    """Whether a word in small letters is a legal form, or holds a word that companies are called by and no person is."""
    return word in LEGAL_FORMS or _TRADES.search(word) is not None


def is_nobody(word: str) -> bool:
    """Whether a word in small letters is a placeholder."""
    return word in _NOBODY

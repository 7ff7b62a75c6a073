"""Made-up people: names that fit their country and language. None of them exists."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_WOMEN_UK = "Олена Наталія Ірина Оксана Тетяна Марія Юлія Катерина Ганна Світлана Людмила Вікторія Софія Дарина Леся Надія Галина Зоряна Соломія Любов".split()
_MEN_UK = (
    "Андрій Олександр Сергій Микола Іван Тарас Богдан Дмитро Юрій Василь Петро Роман Ігор Максим Остап Павло Назар Степан Володимир Ярослав".split()
)
_FATHERS = (
    ("Іванівна", "Іванович"),
    ("Петрівна", "Петрович"),
    ("Миколаївна", "Миколайович"),
    ("Василівна", "Васильович"),
    ("Олегівна", "Олегович"),
    ("Андріївна", "Андрійович"),
)
_FAMILY_UK = "Шевчук Коваль Бондар Мельник Ткач Кравець Поліщук Савчук Гончар Лисенко Марчук Романюк Дяченко Гнатюк Левицький Павленко".split()
_WOMEN_EN = "Alice Emma Grace Hannah Julia Laura Nora Rachel Sarah Zoe Aoife Megan Claire Heather Fiona".split()
_MEN_EN = "Adam Ben Charles Daniel Edward George Henry James Liam Oliver Patrick Samuel Thomas William Conor".split()
_FAMILY_EN = "Baker Carter Dixon Ellis Foster Graham Hughes Kelly Lawson Murphy Nolan Palmer Reid Shaw Turner Walsh".split()
_CITIES = {
    "UA": (("Київ", "Europe/Kyiv"), ("Львів", "Europe/Kyiv"), ("Одеса", "Europe/Kyiv"), ("Полтава", "Europe/Kyiv"), ("Луцьк", "")),
    "GB": (("London", "Europe/London"), ("Leeds", "Europe/London"), ("Bristol", "")),
    "IE": (("Dublin", "Europe/Dublin"), ("Cork", "")),
}


@dataclass(frozen=True, slots=True)
class MadeUp:
    """One made-up person."""

    given_name: str
    patronymic: str
    family_name: str
    sex: str
    language: str
    country: str
    city: str
    time_zone: str


def draw(random: Random) -> MadeUp:
    """Somebody: most live in Ukraine, some in Britain and Ireland; now and then the shop doesn't know a language."""
    country = random.choices(("UA", "GB", "IE"), (78, 16, 6))[0]
    sex = random.choices("fm", (62, 38))[0]
    city, zone = random.choice(_CITIES[country])
    if country != "UA":
        given = random.choice(_WOMEN_EN if sex == "f" else _MEN_EN)
        return MadeUp(given, "", random.choice(_FAMILY_EN), sex, random.choice(("en", "en", "en", "")), country, city, zone)
    given = random.choice(_WOMEN_UK if sex == "f" else _MEN_UK)
    patronymic = random.choice(_FATHERS)[0 if sex == "f" else 1] if random.random() < 0.4 else ""
    return MadeUp(given, patronymic, random.choice(_FAMILY_UK), sex, random.choice(("uk", "uk", "uk", "")), country, city, zone)

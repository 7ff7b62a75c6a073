"""Commands as they are typed in a small shop, and what they leave in its store."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from winback import cli

CUSTOMERS = (
    "id,email,telegram,name,patronymic,surname,sex,language,country,city,zone,manager,black_list,agrees,agreed_on,agreed_at\n"
    "A1,emma@post.example,,Emma,,Shaw,f,en,GB,Leeds,Europe/London,olena,,yes,2023-05-01,checkout\n"
    "A2,olena@post.example,77,Олена,Іванівна,Коваль,f,uk,UA,Київ,Europe/Kyiv,andriy,,yes,2023-05-01,checkout\n"
    "A3,liam@post.example,,Liam,,Reid,m,en,GB,Bristol,Europe/London,,,no,2023-05-01,checkout\n"
)


def winback(capsys, *arguments: str) -> tuple[int, str, str]:
    """Run the command; returns exit code, output, errors."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    said = capsys.readouterr()
    code = left.value.code
    return (0 if code is None else int(code)), said.out, said.err


def table(path: Path, name: str) -> int:
    engine = create_engine(f"sqlite:///{path / 'winback.db'}")
    with engine.connect() as connection:
        count = connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
    engine.dispose()
    return count

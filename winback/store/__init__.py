"""Tables and every query. SQLAlchemy Core; SQLite by default, PostgreSQL by URL; migrations by Alembic."""

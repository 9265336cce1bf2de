"""A catalogue that a task imports with SQLAlchemy, and that other services are told of."""

import httpx
from celery import Celery
from sqlalchemy import ForeignKey, create_engine, delete
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool

from penstock import flow

catalogue, prices = flow("catalogue"), flow("prices")
worker = Celery("catalogue", broker="memory://")
worker.conf.task_always_eager = True
engine = create_engine("sqlite://", poolclass=StaticPool)
client = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200)))


class Base(DeclarativeBase):
    """The tables."""


class Product(Base):
    __tablename__ = "products"
    name: Mapped[str] = mapped_column(primary_key=True)


class Price(Base):
    __tablename__ = "prices"
    name: Mapped[str] = mapped_column(ForeignKey("products.name"), primary_key=True)


class Alarm(Base):
    __tablename__ = "alarms"
    name: Mapped[str] = mapped_column(primary_key=True)


Base.metadata.create_all(engine)


@worker.task(name="catalogue.import")
@catalogue.entrypoint(trigger="celery:catalogue.import")
def import_catalogue(names):
    for name in names:
        add_product(name)
    tell_search(names)
    tell_shops(names)


@catalogue.step(after="import_catalogue", effects=["postgres:products"])
def add_product(name):
    with Session(engine) as session, session.begin():
        session.add(Product(name=name))


@catalogue.step(after="add_product", effects=["https://search.example/index"])
def tell_search(names):
    client.post("https://search.example/index", json=names)


@catalogue.step(after="tell_search", effects=["https://shops.example/catalogue/{name}"])
def tell_shops(names):
    for name in names:
        client.put(f"https://shops.example/catalogue/{name}")


@worker.task(name="catalogue.reprice")
@prices.entrypoint(trigger="celery:catalogue.reprice")
def reprice(name):
    set_price(name)
    warn(name)


@prices.step(after="reprice", effects=["postgres:prices"])
def set_price(name):
    with Session(engine) as session, session.begin():
        session.execute(delete(Price))
        session.add(Price(name=name))


@prices.step(after="set_price", effects=["postgres:alarms", "https://alarm.example"])
def warn(name):
    if name == "gold":
        client.post("https://alarm.example/")
        with Session(engine) as session, session.begin():
            session.add(Alarm(name=name))


def run():
    import_catalogue.delay(["bolt-17", "nut-23"])
    reprice.delay("bolt-17")

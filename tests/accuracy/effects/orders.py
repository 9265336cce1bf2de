"""Orders that come over the web, with their tables in SQLite, and a task for the warehouse."""

import sqlite3

from celery import Celery
from flask import Flask, request

from penstock import flow

orders, refunds, packing = flow("orders"), flow("refunds"), flow("packing")
web = Flask(__name__)
worker = Celery("orders", broker="memory://")
worker.conf.task_always_eager = True
database = sqlite3.connect(":memory:", check_same_thread=False)
database.executescript("""
    CREATE TABLE orders (item); CREATE TABLE stock (item); CREATE TABLE payments (item); CREATE TABLE vouchers (item);
    CREATE TABLE letters (item); CREATE TABLE refunds (item); CREATE TABLE ledger (item);
""")


def store(table, item):
    database.execute(f"INSERT INTO {table} VALUES (?)", (item,))


@web.post("/orders")
@orders.entrypoint(trigger="POST /orders")
def place_order():
    item = request.form["item"]
    check_stock(item)
    charge(item, request.form.get("voucher"))
    hand_over(item)
    return "placed"


@orders.step(after="place_order", effects=["sqlite:orders"])
def check_stock(item):
    database.execute("SELECT item FROM stock")
    store("orders", item)


@orders.step(after="check_stock", effects=["sqlite:payments", "sqlite:vouchers"])
def charge(item, voucher):
    store("payments", item)
    if voucher:
        database.execute("DELETE FROM vouchers WHERE item = ?", (voucher,))


@orders.step(after="charge", effects=["db:stock", "celery:orders.pack"])
def hand_over(item):
    store("stock", item)
    pack.delay(item)


@worker.task(name="orders.pack")
@packing.entrypoint(trigger="celery:orders.pack")
def pack(item):
    print_letter(item)


@packing.step(after="pack", effects=["INSERT INTO letters"])
def print_letter(item):
    store("letters", item)


@web.post("/refunds/<item>")
@refunds.entrypoint(trigger="POST /refunds/{item}")
def refund(item):
    pay_back(item)
    return "refunded"


@refunds.step(after="refund", effects=["sqlite:refunds", "sqlite:ledger"])
def pay_back(item):
    store("refunds", item)
    store("ledger", item)


def run():
    client = web.test_client()
    client.post("/orders", data={"item": "lamp"})
    client.post("/refunds/lamp")

"""Each step calls the next one."""

from penstock import flow

bom = flow("bom")


class Api:
    @staticmethod
    def get_bom(number):
        return {"parts": [number]}


@bom.entrypoint
def handle_message(message):
    return fetch(message)


@bom.step(after="handle_message")
def fetch(number):
    return store(Api.get_bom(number))


@bom.step(after="fetch")
def store(data):
    return len(data["parts"])


def run():
    handle_message(1)
    store({"parts": []})  # as a unit test does

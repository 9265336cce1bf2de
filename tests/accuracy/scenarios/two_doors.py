"""A flow with two entrypoints."""

from penstock import flow

user = flow("user")


@user.entrypoint
def handle_request(request):
    return update(request)


@user.entrypoint
def handle_admin(action):
    return update(action)


@user.step(after=["handle_request", "handle_admin"])
def update(data):
    return data


def run():
    handle_request(1)
    handle_admin(2)
    update(3)  # as a unit test does

"""Methods, inherited and overridden, and what ``super`` means."""

# calls: start>save start>check save>write check>write
# data: check>save check>write


class Base:
    def start(self, x):
        return self.save(self.check(x))

    def save(self, x):
        return self.write(x)

    def write(self, x):
        return x


class Strict(Base):
    def check(self, x):
        return super().write(x)


MADE = Strict()

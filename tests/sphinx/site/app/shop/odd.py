"""Names that a page must neither lose nor believe."""

from penstock import flow

odd = flow('odd "flow" & <b>')
odd.entrypoint(name="<script>alert(1)</script>", trigger='"><img src=x>')(lambda: None)
odd.step(name="日本 語", after="<script>alert(1)</script>", effects=["a&b;|\\"])(lambda: None)
odd.step(name="end", after={"日本 語": "`if` *x* <i>"})(lambda: None)
odd.step(name="a b", after="end")(lambda: None)
odd.step(name="a-b", after="end")(getattr)

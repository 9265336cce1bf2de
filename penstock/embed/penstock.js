/* penstock: what a pointer or a keyboard adds to a diagram. Without this script nothing is missing. */
(() => {
  "use strict";
  /* A page that comes by instant navigation may bring the script again. */
  if (window.penstockDiagrams) return void window.penstockDiagrams();

  const nodeOf = (event) => event.target instanceof Element && event.target.closest(".ps-svg .ps-node");
  const nameOf = (node) => node.id.slice(node.id.lastIndexOf("-") + 1);

  /* All that can be reached from a node along the arrows, or against them. */
  const reach = (edges, start, near, far) => {
    const found = new Set([start]);
    for (const name of found) {
      for (const edge of edges) if (edge.dataset[near] === name) found.add(edge.dataset[far]);
    }
    return found;
  };

  const clear = (svg) => {
    svg.classList.remove("ps-tracing");
    for (const part of svg.querySelectorAll(".ps-on")) part.classList.remove("ps-on");
  };

  const trace = (node) => {
    const svg = node.closest(".ps-svg");
    const edges = [...svg.querySelectorAll(".ps-edge")];
    clear(svg);
    const ways = [reach(edges, nameOf(node), "from", "to"), reach(edges, nameOf(node), "to", "from")];
    const on = (...names) => ways.some((way) => names.every((name) => way.has(name)));
    for (const edge of edges) edge.classList.toggle("ps-on", on(edge.dataset.from, edge.dataset.to));
    for (const other of svg.querySelectorAll(".ps-node")) other.classList.toggle("ps-on", on(nameOf(other)));
    svg.classList.add("ps-tracing");
  };

  for (const kind of ["pointerover", "focusin"]) {
    document.addEventListener(kind, (event) => {
      const node = nodeOf(event);
      if (node && node.closest(".ps-frame")) trace(node);
    });
  }
  for (const kind of ["pointerout", "focusout"]) {
    document.addEventListener(kind, (event) => {
      const node = nodeOf(event);
      if (node) clear(node.closest(".ps-svg"));
    });
  }

  const SMALLEST = 0.1;
  const LARGEST = 4;
  const MANY_STEPS = 12; /* from which on a step is searched rather than seen */

  const sizeOf = (svg) => svg.viewBox.baseVal;
  const scaleOf = (svg) => svg.getBoundingClientRect().width / sizeOf(svg).width;

  /* Draws in another size, around a point of the frame that stays where it is. */
  const zoom = (frame, scale, x = frame.clientWidth / 2, y = frame.clientHeight / 2) => {
    const svg = frame.querySelector(".ps-svg");
    const before = scaleOf(svg);
    const after = Math.min(LARGEST, Math.max(SMALLEST, scale));
    const [left, top] = [frame.scrollLeft + x, frame.scrollTop + y];
    frame.dataset.psZoom = after.toFixed(3);
    svg.style.width = `${sizeOf(svg).width * after}px`;
    frame.scrollLeft = (left * after) / before - x;
    frame.scrollTop = (top * after) / before - y;
    update(frame);
  };

  /* The whole drawing, in both directions. */
  const fit = (frame) => {
    const { width, height } = sizeOf(frame.querySelector(".ps-svg"));
    const high = (document.fullscreenElement ? 0.85 : 0.78) * window.innerHeight;
    zoom(frame, Math.min(1, (frame.clientWidth - 4) / width, high / height));
  };

  /* Back to the size of the text around; the frame opens at the entrypoint again. */
  const reset = (frame) => {
    delete frame.dataset.psZoom;
    frame.querySelector(".ps-svg").style.width = "";
    requestAnimationFrame(() => update(frame));
  };

  const hint = (frame) => {
    const { scrollLeft: left, scrollTop: top } = frame;
    const sides = [];
    if (left > 1) sides.push("left");
    if (left + frame.clientWidth < frame.scrollWidth - 1) sides.push("right");
    if (top > 1) sides.push("top");
    if (top + frame.clientHeight < frame.scrollHeight - 1) sides.push("bottom");
    if (sides.length) frame.dataset.psMore = sides.join(" ");
    else delete frame.dataset.psMore;
  };

  /* The tools are there for what is larger than its frame, and for what was zoomed: with them it gets its size back. */
  const update = (frame) => {
    const fits = frame.scrollWidth <= frame.clientWidth + 1 && frame.scrollHeight <= frame.clientHeight + 1;
    frame.parentElement.querySelector(".ps-tools").hidden = fits && !frame.dataset.psZoom;
    hint(frame);
  };

  const pan = (frame) => {
    frame.addEventListener("pointerdown", (start) => {
      if (start.pointerType !== "mouse" || start.button !== 0 || !frame.dataset.psMore) return;
      const move = (event) => {
        if (!(event.buttons & 1)) return end(); /* the button was let go outside of the window */
        if (!frame.classList.contains("ps-panning") && Math.hypot(event.clientX - start.clientX, event.clientY - start.clientY) < 4) return;
        frame.classList.add("ps-panning");
        frame.scrollLeft -= event.movementX;
        frame.scrollTop -= event.movementY;
      };
      const end = () => {
        window.removeEventListener("pointermove", move);
        window.removeEventListener("pointerup", end);
        setTimeout(() => frame.classList.remove("ps-panning")); /* after the click, which is none */
      };
      window.addEventListener("pointermove", move);
      window.addEventListener("pointerup", end);
    });
    frame.addEventListener("dragstart", (event) => event.preventDefault());
  };

  /* Two fingers hold the drawing where they touch it: they zoom it and move it at once. */
  const pinch = (frame) => {
    let last = null;
    const grip = ([one, other]) => {
      const box = frame.getBoundingClientRect();
      return {
        distance: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
        x: (one.clientX + other.clientX) / 2 - box.left,
        y: (one.clientY + other.clientY) / 2 - box.top,
      };
    };
    const begin = (event) => (last = event.touches.length === 2 ? grip(event.touches) : null);
    for (const kind of ["touchstart", "touchend", "touchcancel"]) frame.addEventListener(kind, begin, { passive: true });
    frame.addEventListener(
      "touchmove",
      (event) => {
        if (!last || !last.distance) return;
        const now = grip(event.touches);
        if (event.cancelable) { /* else the browser moves it: it already scrolled with the first finger */
          event.preventDefault();
          frame.scrollLeft += last.x - now.x;
          frame.scrollTop += last.y - now.y;
        }
        zoom(frame, (scaleOf(frame.querySelector(".ps-svg")) * now.distance) / last.distance, now.x, now.y);
        last = now;
      },
      { passive: false },
    );
  };

  const control = (frame) => {
    const scale = () => scaleOf(frame.querySelector(".ps-svg"));
    const keys = { "+": () => zoom(frame, scale() * 1.25), "=": () => zoom(frame, scale() * 1.25), "-": () => zoom(frame, scale() / 1.25), 0: () => fit(frame), 1: () => reset(frame) };
    frame.addEventListener("keydown", (event) => {
      const action = !event.ctrlKey && !event.metaKey && !event.altKey && keys[event.key];
      if (!action) return;
      event.preventDefault();
      event.stopPropagation(); /* some themes have keys of their own */
      action();
    });
    frame.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        const box = frame.getBoundingClientRect();
        zoom(frame, scale() * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top);
      },
      { passive: false },
    );
    frame.addEventListener("scroll", () => hint(frame), { passive: true });
    pan(frame);
    pinch(frame);
  };

  const button = (tools, text, title, action, name = "") => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.title = title;
    if (name) made.setAttribute("aria-label", name);
    made.addEventListener("click", action);
    tools.append(made);
    return made;
  };

  /* Finds steps by a part of their names: the others fade, and Enter goes from one to the next. */
  const search = (frame, tools) => {
    const svg = frame.querySelector(".ps-svg");
    const steps = [...svg.querySelectorAll(".ps-node:not(.ps-io)")];
    if (steps.length <= MANY_STEPS) return;
    const field = Object.assign(document.createElement("input"), { type: "search", placeholder: "Find a step" });
    field.setAttribute("aria-label", "Find a step in this diagram");
    const count = document.createElement("output");
    let place = 0;
    const matching = () => {
      const text = field.value.trim().toLowerCase();
      return text ? steps.filter((step) => step.querySelector(".ps-name").textContent.toLowerCase().includes(text)) : [];
    };
    const show = () => {
      clear(svg);
      const found = matching();
      count.value = field.value.trim() ? `${found.length} of ${steps.length}` : "";
      if (!field.value.trim()) return;
      for (const step of found) step.classList.add("ps-on");
      svg.classList.add("ps-tracing");
      if (!found.length) return;
      const [box, around] = [found[place % found.length], frame].map((each) => each.getBoundingClientRect());
      frame.scrollLeft += box.left + box.width / 2 - around.left - around.width / 2;
      frame.scrollTop += box.top + box.height / 2 - around.top - around.height / 2;
    };
    field.addEventListener("input", () => { place = 0; show(); });
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") { event.preventDefault(); place += 1; show(); }
      if (event.key === "Escape") { field.value = ""; show(); }
    });
    tools.prepend(count, field);
  };

  /* A diagram that is larger than its frame can be zoomed, moved, searched, and seen as a whole or on the whole screen. */
  const prepare = () => {
    for (const frame of document.querySelectorAll(".ps-frame:not([data-ps-ready])")) {
      const svg = frame.querySelector(".ps-svg");
      if (!svg) continue;
      frame.dataset.psReady = "";
      const view = document.createElement("div");
      view.className = "ps-view";
      const tools = document.createElement("div");
      tools.className = "ps-tools";
      tools.hidden = true;
      button(tools, "Fit", "Show the whole diagram (0)", () => fit(frame));
      button(tools, "Actual size", "Show the text as large as the text around (1)", () => reset(frame));
      button(tools, "−", "Zoom out (−)", () => zoom(frame, scaleOf(svg) / 1.25), "Zoom out");
      button(tools, "+", "Zoom in (+)", () => zoom(frame, scaleOf(svg) * 1.25), "Zoom in");
      if (document.fullscreenEnabled) {
        button(tools, "Full screen", "Show the diagram on the full screen", () => {
          if (document.fullscreenElement) document.exitFullscreen();
          else view.requestFullscreen();
        });
      }
      search(frame, tools);
      frame.before(view);
      view.append(tools, frame);
      control(frame);
      new ResizeObserver(() => update(frame)).observe(frame);
    }
  };

  /* Themes with instant navigation say when a page is there; they do not before they are loaded themselves. */
  const begin = () => {
    prepare();
    if (window.document$ && window.document$.subscribe) window.document$.subscribe(prepare);
  };

  window.penstockDiagrams = prepare;
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();

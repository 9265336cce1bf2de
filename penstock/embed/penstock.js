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

  const button = (frame, tools, text, zoom) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-pressed", "false");
    made.addEventListener("click", () => {
      const pressed = made.getAttribute("aria-pressed") === "true";
      for (const each of tools.children) each.setAttribute("aria-pressed", "false");
      made.setAttribute("aria-pressed", String(!pressed));
      if (pressed) delete frame.dataset.psZoom;
      else frame.dataset.psZoom = zoom;
    });
    tools.append(made);
  };

  /* A diagram that is wider than its column can be seen as a whole, or in its own size. */
  const prepare = () => {
    for (const frame of document.querySelectorAll(".ps-frame:not([data-ps-ready])")) {
      const svg = frame.querySelector(".ps-svg");
      if (!svg) continue;
      frame.dataset.psReady = "";
      const tools = document.createElement("div");
      tools.className = "ps-tools";
      tools.hidden = true;
      button(frame, tools, "Fit", "fit");
      button(frame, tools, "Actual size", "actual");
      frame.before(tools);
      new ResizeObserver(() => {
        tools.hidden = svg.viewBox.baseVal.width <= frame.clientWidth + 1;
      }).observe(frame);
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

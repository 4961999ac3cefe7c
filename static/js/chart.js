// Reads the trend by pointer and keys, and puts Plotly over the server's drawing once the page is at rest.
// If Plotly never comes, the drawing stays and reading works all the same.
(function () {
  var readings = [], figure = null, current = -1, held = null, kept = null, asked = false, tapped = -1;
  function plot() { return document.getElementById("plot"); }
  function own(name) { return getComputedStyle(plot()).getPropertyValue(name).trim(); }

  function pixels(name) { return parseFloat(own(name)); }

  // --- reading
  function piece(parent, tag, text, cls) {
    var element = document.createElement(tag);
    if (text !== null) element.textContent = text;
    if (cls) element.className = cls;
    parent.append(element, " ");
    return element;
  }
  function describe(reading, line) {
    var head = piece(line, "span", null);
    piece(head, "b", "#" + reading.number);
    head.append(reading.when);
    if (reading.total === null) {
      piece(piece(line, "span", null), "b", reading.words, "bad");
      return;
    }
    var total = piece(line, "span", null);
    piece(total, "b", reading.total.toLocaleString("en-US"));
    total.append(reading.total === 1 ? "error" : "errors");
    reading.counts.forEach(function (count) {
      var item = piece(line, "span", null, "cat k" + count.slot);
      piece(item, "i", "", "sw");
      item.append(count.name + " ");
      piece(item, "b", count.errors.toLocaleString("en-US"));
    });
    if (reading.moved) piece(line, "span", reading.moved);
  }
  function show(index) {
    var box = plot(), line = document.getElementById("readout");
    if (!box || !line || !readings.length) return;
    if (!line.dataset.rest) { line.dataset.rest = "1"; line.rest = Array.from(line.childNodes); }
    current = Math.max(0, Math.min(readings.length - 1, index));
    line.replaceChildren();
    describe(readings[current], line);
    var left = pixels("--left"), right = pixels("--right"), mark = box.querySelector(".cursor");
    mark.hidden = false;
    mark.style.left = left + (box.clientWidth - left - right) * readings[current].x / 100 + "px";
  }
  function rest() {
    var box = plot(), line = document.getElementById("readout");
    current = tapped = -1;
    if (box) box.querySelector(".cursor").hidden = true;
    if (line && line.rest) line.replaceChildren.apply(line, line.rest);
  }
  function nearest(event) {
    var box = plot(), left = pixels("--left"), right = pixels("--right"), best = 0;
    var x = 100 * (event.clientX - box.getBoundingClientRect().left - left) / (box.clientWidth - left - right);
    readings.forEach(function (reading, i) {
      if (Math.abs(reading.x - x) < Math.abs(readings[best].x - x)) best = i;
    });
    return best;
  }
  function open() { if (current >= 0) location.assign(readings[current].href); }

  document.addEventListener("pointermove", function (event) {
    if (event.pointerType === "touch" || !readings.length) return;
    if (event.target.closest && event.target.closest("#plot")) show(nearest(event));
    else if (current >= 0 && document.activeElement !== plot()) rest();
  });
  document.addEventListener("click", function (event) {
    if (!readings.length || !event.target.closest("#plot")) return;
    var index = nearest(event), again = index === tapped;
    show(index);
    tapped = index;
    if (event.pointerType !== "touch" || again) open();  // a first tap only reads
  });
  document.addEventListener("keydown", function (event) {
    if (event.target !== plot() || !readings.length) return;
    var end = readings.length - 1;
    if (event.key === "ArrowLeft") show(current < 0 ? end : current - 1);
    else if (event.key === "ArrowRight") show(current < 0 ? 0 : current + 1);
    else if (event.key === "Home") show(0);
    else if (event.key === "End") show(end);
    else if (event.key === "Escape") rest();
    else if (event.key === "Enter") open();
    else return;
    event.preventDefault();
  });
  document.addEventListener("focusout", function (event) { if (event.target === plot()) rest(); });

  // --- Plotly
  function coloured(figure) {
    var styles = getComputedStyle(document.documentElement);
    return JSON.parse(JSON.stringify(figure).replace(/"var\((--[\w-]+)\)"/g, function (_, name) {
      return JSON.stringify(styles.getPropertyValue(name).trim());
    }));
  }
  // --- patterns: for paper without colours, and for eyes that part shapes better
  function patterned() { return document.documentElement.dataset.patterns === "on"; }
  function sayPatterns() {
    var button = document.querySelector("[data-patterns-toggle]");
    if (!button) return;
    button.hidden = false;
    button.setAttribute("aria-pressed", patterned());
  }
  document.addEventListener("click", function (event) {
    if (!event.target.closest("[data-patterns-toggle]")) return;
    document.documentElement.dataset.patterns = patterned() ? "off" : "on";
    try { localStorage.setItem("patterns", document.documentElement.dataset.patterns); } catch (error) { /* not kept */ }
    sayPatterns();
    draw();
  });

  function draw() {
    var box = plot();
    if (!box || !figure || !window.Plotly) return;
    var size = own("--size"), shown = coloured(figure);
    var layout = shown.layout, part = 1 - pixels("--share");
    layout.margin = { pad: 0 };
    [["l", "left"], ["r", "right"], ["t", "top"], ["b", "bottom"]].forEach(function (side) {
      layout.margin[side[0]] = pixels("--" + side[1]);
    });
    layout.font.family = getComputedStyle(document.body).fontFamily;
    layout.width = box.clientWidth;
    layout.height = box.clientHeight;
    layout.yaxis.domain = [part, 1];
    ["annotations", "shapes"].forEach(function (kind) {
      layout[kind] = (layout[kind] || []).filter(function (item) {
        return !item.name || item.name.split(" ").includes(size);
      });
    });
    if (!patterned()) shown.data.forEach(function (trace) { if (trace.stackgroup) delete trace.fillpattern; });
    var live = box.querySelector(".live");
    if (!live) {
      live = document.createElement("div");
      live.className = "live";
      live.setAttribute("aria-hidden", "true");
      box.append(live);
    }
    Plotly.react(live, shown.data, layout, { staticPlot: true, displayModeBar: false }).then(function () {
      box.classList.add("plotted");
    }, function () { live.remove(); });
  }
  function fetchPlotly() {
    if (asked) return;
    asked = true;
    var script = document.createElement("script");
    script.src = plot().dataset.plotly;
    script.addEventListener("load", draw);
    document.head.append(script);
  }
  function load() {
    var box = plot();
    if (!box) return;
    fetch(box.dataset.trend, { credentials: "same-origin" }).then(function (response) {
      return response.ok ? response.json() : Promise.reject(response.status);
    }).then(function (answer) {
      if (plot() !== box) return;  // something else was chosen meanwhile
      var reading = current;
      figure = answer.figure;
      readings = answer.readings;
      if (reading >= 0) show(reading);
      draw();
      (window.requestIdleCallback || setTimeout)(fetchPlotly);
    }).catch(function () { /* the drawing and the table stay */ });
  }

  // When a pass lands the part around the plot is replaced; Plotly's element is carried over, so nothing blinks.
  document.addEventListener("htmx:beforeSwap", function () {
    var box = plot();
    held = box && box.querySelector(".live");
    kept = box && box.dataset.trend;
  });
  document.addEventListener("htmx:afterSwap", function () {
    var box = plot();
    if (!box || box.querySelector(".live")) return;
    if (held && kept === box.dataset.trend) { box.append(held); box.classList.add("plotted"); }
    else readings = [];  // another range or category: the drawing is right already
    held = null;
    watch();
    load();
  });
  addEventListener("themechange", draw);
  var width = -1, sizes = new ResizeObserver(function (entries) {
    var now = Math.round(entries[0].contentRect.width);
    if (width >= 0 && now && now !== width) { draw(); if (current >= 0) show(current); }
    width = now;
  });
  function watch() { sizes.disconnect(); sayPatterns(); if (plot()) sizes.observe(plot()); }
  watch();
  if (document.readyState === "complete") load(); else addEventListener("load", load);
})();

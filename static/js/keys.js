// Keys. A control says data-key="c" (or "g t", two keys one after the other) and data-key-label; its key presses it.
// Where a list has rows, the row that holds the focus comes first: its main link says data-row, and j and k move there.
// A link rel=prev or rel=next has the key [ or ]. Only what can be seen has a key, and everything works without.
(function () {
  var root = document.documentElement, dialog = document.getElementById("keys"), first = "", timer;
  var TYPING = "input:not([type=checkbox], [type=radio], [type=submit]), select, textarea, [contenteditable]";

  function all(selector) {
    return Array.from(document.querySelectorAll(selector)).filter(function (element) {
      return element.getClientRects().length && !element.disabled;
    });
  }
  function keyOf(element) { return element.dataset.key || (element.rel === "prev" ? "[" : "]"); }
  function controls() { return all("[data-key], a[rel=prev], a[rel=next]"); }
  function rowOf(element) {
    var row = element.closest("tr, li, article");
    return row && row.querySelector("[data-row]") ? row : null;
  }
  function find(key) {
    var here = rowOf(document.activeElement), found = controls().filter(function (each) { return keyOf(each) === key; });
    return found.find(function (each) { return here && here.contains(each); })
      || found.find(function (each) { return !rowOf(each); });
  }
  function step(by) {
    var rows = all("[data-row]"), here = rowOf(document.activeElement);
    var at = here ? rows.indexOf(here.querySelector("[data-row]")) + by : by > 0 ? 0 : rows.length - 1;
    if (rows.length) rows[Math.max(0, Math.min(rows.length - 1, at))].focus();
    return rows.length;
  }
  document.addEventListener("keydown", function (event) {
    if (root.dataset.keys === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Shift" || event.defaultPrevented) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    var key = first + event.key, control;
    first = "";
    clearTimeout(timer);
    if ((key === "j" || key === "k") && step(key === "j" ? 1 : -1)) return event.preventDefault();
    control = find(key);
    if (control) {
      event.preventDefault();
      if (control.matches(TYPING)) control.focus(); else control.click();
    } else if (controls().some(function (each) { return keyOf(each).startsWith(key + " "); })) {
      first = key + " ";
      timer = setTimeout(function () { first = ""; }, 2000);
    }
  });

  // "?": every key of this page, read from its controls.
  function line(list, keys, text) {
    var term = list.appendChild(document.createElement("dt"));
    keys.split(" ").forEach(function (key) { term.appendChild(document.createElement("kbd")).textContent = key; });
    list.appendChild(document.createElement("dd")).textContent = text;
  }
  function show() {
    var list = dialog.querySelector("dl"), told = {};
    list.replaceChildren();
    if (all("[data-row]").length) {
      line(list, "j k", "Next or previous row");
      line(list, "Enter", "Open the row");
    }
    // data-keys names keys that an element reads itself. The page's own stand before those of the frame.
    all("[data-keys], [data-key], a[rel=prev], a[rel=next]").sort(function (a, b) {
      return !a.closest("main") - !b.closest("main");
    }).forEach(function (each) {
      var key = each.dataset.keys || keyOf(each);
      if (!told[key]) line(list, key, each.dataset.keyLabel || each.textContent.trim());
      told[key] = true;
    });
    dialog.showModal();
  }
  function say() {
    document.querySelectorAll("[data-keys-toggle]").forEach(function (button) {
      button.textContent = root.dataset.keys === "off" ? "Single keys: off" : "Single keys: on";
    });
  }
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-keys-open]")) show();
    if (event.target.closest("[data-keys-toggle]")) {
      root.dataset.keys = root.dataset.keys === "off" ? "on" : "off";
      try { localStorage.setItem("keys", root.dataset.keys); } catch (error) { /* not kept */ }
      say();
    }
  });
  document.querySelectorAll("[data-keys-open]").forEach(function (button) { button.hidden = false; });
  say();
})();
